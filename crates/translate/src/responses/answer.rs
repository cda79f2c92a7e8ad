//! Whole answers.

use ccproxy_wire::responses::answer::Answer as Body;
use ccproxy_wire::responses::body::Part as Written;
use ccproxy_wire::responses::item::Item;
use ccproxy_wire::responses::{self, Str};
use serde_json::value::to_raw_value;

use super::output::{self, Form, Head, Kind, Raw, State};
use super::read_stream;
use super::{D, read_parts};
use crate::answer::{Answer, Stop};
use crate::error::Error;
use crate::part::{Part, Thinking, ToolCall};
use crate::{Dropped, Exchange, custom};

pub(crate) fn read_answer(body: &[u8]) -> Result<Answer, Error> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| Error::answer(D, &error))?;
    let failed = matches!(body.status.as_deref(), Some("failed" | "cancelled"));
    if body.error.is_some() || failed {
        let failure = body.error.unwrap_or_default();
        return Err(read_stream::failed(&failure, "it failed, and does not say why").into());
    }
    let output = body.output.as_deref();
    let output =
        output.ok_or_else(|| Error::Answer { dialect: D, message: "output: field required".into() })?;
    // One that is made in the background is fetched later.
    if output.is_empty() && matches!(body.status.as_deref(), Some("queued" | "in_progress")) {
        return Err(Error::Answer { dialect: D, message: "it has not been finished yet".to_owned() });
    }
    let mut parts = Vec::new();
    for (n, item) in output.iter().enumerate() {
        let item: Item<'_> = responses::read(item.get()).map_err(|error| Error::answer(D, &error))?;
        parts.extend(item_parts(item, &format!("output.{n}")).map_err(|error| as_answer(&error))?);
    }
    Ok(Answer {
        stop: stop(&body, &parts),
        usage: body.usage(),
        id: body.id.map(Str::into_owned).unwrap_or_default(),
        model: body.model.map(Str::into_owned).unwrap_or_default(),
        created: created(body.created_at),
        service_tier: body.service_tier.map(Str::into_owned),
        parts,
    })
}

/// Seconds; some servers tell fractions.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "out of range it is a bound")]
pub(super) fn created(seconds: Option<f64>) -> Option<u64> {
    seconds.map(|seconds| seconds as u64)
}

/// What an item of the provider's says. Of hosted tools nothing is known.
fn item_parts(item: Item<'_>, path: &str) -> Result<Vec<Part>, Error> {
    // An answer's client learns nothing of what is not carried: there is no header left to tell it in.
    let dropped = &mut Dropped::default();
    match item.kind() {
        "message" => match item.content {
            Some(content) => read_parts::content(content, &format!("{path}.content"), dropped),
            None => Ok(Vec::new()),
        },
        "reasoning" => {
            Ok(read_parts::thinking(item, false, dropped).map(Part::Thinking).into_iter().collect())
        }
        "function_call" | "custom_tool_call" => {
            // Some servers have one id for both.
            let call_id = item.call_id.clone().filter(|id| !id.is_empty()).or_else(|| item.id.clone());
            Ok(vec![Part::ToolCall(read_parts::call(Item { call_id, ..item }, path)?)])
        }
        _ => Ok(Vec::new()),
    }
}

fn as_answer(error: &Error) -> Error {
    Error::Answer { dialect: D, message: error.to_string() }
}

fn stop(body: &Body<'_>, parts: &[Part]) -> Stop {
    let reason = body.incomplete_details.as_ref().and_then(|details| details.reason.as_deref());
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    ended(body.status.as_deref(), reason, calls, refused)
}

/// Why an answer of this status ends.
pub(super) fn ended(status: Option<&str>, reason: Option<&str>, calls: bool, refused: bool) -> Stop {
    match (status, reason) {
        (Some("incomplete"), Some("content_filter")) => Stop::Refusal,
        (Some("incomplete"), _) => Stop::MaxTokens,
        _ if calls => Stop::Tools,
        _ if refused => Stop::Refusal,
        _ => Stop::End,
    }
}

pub(crate) fn write_answer(answer: Answer, exchange: &Exchange) -> Vec<u8> {
    let Answer { id, created, parts, stop, usage, service_tier, .. } = answer;
    let head = Head::new(exchange, &id, created, service_tier.as_deref());
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let (status, reason) = output::ending(&stop, refused);
    let output = items(&parts, status, &head, exchange);
    let state = State { status, reason, error: None, output: &output, usage: Some(usage) };
    serde_json::to_vec(&head.response(exchange, state)).unwrap_or_default()
}

fn items(parts: &[Part], status: &'static str, head: &Head, exchange: &Exchange) -> Vec<Raw> {
    let is_said = |part: &Part| matches!(part, Part::Text(_) | Part::Refusal(_));
    let mut items: Vec<Raw> = Vec::new();
    let mut rest = parts;
    while let [first, tail @ ..] = rest {
        let index = items.len();
        let item = match first {
            Part::Thinking(thinking) => reasoning(thinking, &head.item("rs", index)),
            Part::ToolCall(call) => called(call, head, index, exchange),
            part if is_said(part) => {
                let said = rest.iter().take_while(|part| is_said(part)).count();
                let (message, after) = rest.split_at(said);
                rest = after;
                let status = if after.is_empty() { status } else { "completed" };
                let content = message.iter().filter_map(written).collect();
                items.extend(to_raw_value(&output::message(&head.item("msg", index), status, content)).ok());
                continue;
            }
            // No model answers so.
            _ => None,
        };
        items.extend(item);
        rest = tail;
    }
    items
}

fn written(part: &Part) -> Option<Written<'_>> {
    match part {
        Part::Text(said) => Some(output::text(&said.text, &said.citations)),
        Part::Refusal(refusal) => Some(Written::Refusal { refusal }),
        _ => None,
    }
}

fn reasoning(thinking: &Thinking, id: &str) -> Option<Raw> {
    let texts = thinking.texts.iter().filter(|text| !text.is_empty()).cloned().collect();
    output::reasoning(id, &Thinking { texts, seal: thinking.seal.clone() })
}

fn called(call: &ToolCall, head: &Head, index: usize, exchange: &Exchange) -> Option<Raw> {
    let form = Form::new(exchange, &call.id, &call.name, call.custom);
    let id = head.item(form.prefix(), index);
    match form.kind {
        Kind::Custom { packed: true } => form.whole(&id, &custom::unpack(&call.arguments)),
        Kind::Function | Kind::Search if call.arguments.is_empty() => form.whole(&id, "{}"),
        _ => form.whole(&id, &call.arguments),
    }
}
