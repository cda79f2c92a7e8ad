//! Whole answers.

use std::borrow::Cow;

use ccproxy_wire::Dialect;
use ccproxy_wire::chat::answer::{Answer as Body, Chosen, Completion, Counts, Said};
use ccproxy_wire::chat::body::{Call, Custom, Function};
use ccproxy_wire::chat::event::{Annotation, UrlCitation};
use ccproxy_wire::chat::message::{Message, ToolCall as Asked};

use super::head::{self, Head};
use super::thoughts::{SUMMARY, TEXT};
use super::{D, read_parts, thoughts, trouble};
use crate::answer::Answer;
use crate::error::Error;
use crate::part::{Citation, Part, Text, Thinking, ToolCall};
use crate::{Dropped, Exchange, custom};

pub(crate) fn read_answer(body: &[u8]) -> Result<Answer, Error> {
    let broken = |message: &str| Error::Answer { dialect: D, message: message.to_owned() };
    let text = std::str::from_utf8(body).map_err(|_| broken("no UTF-8"))?;
    let mut body: Body<'_> = serde_json::from_str(text).map_err(|error| Error::answer(D, &error))?;
    if let Some(failure) = body.failure(text) {
        return Err(trouble::of(&failure).into());
    }
    let mut choice = body.choice().ok_or_else(|| broken("choices: there is none"))?;
    let id = body.id.0.take().unwrap_or_default().into_owned();
    let (reason, sequence) = (choice.finish_reason.0.take().unwrap_or_default(), choice.sequence());
    let message = choice.message.or(choice.delta).unwrap_or_default();
    let parts = parts(message, &id).map_err(|error| broken(&error.to_string()))?;
    let called = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    Ok(Answer {
        stop: head::stop(&reason, sequence.as_deref(), called, refused),
        usage: body.usage().unwrap_or_default(),
        id,
        model: body.model.0.unwrap_or_default().into_owned(),
        created: created(body.created),
        service_tier: body.service_tier.0.map(Cow::into_owned),
        parts,
    })
}

/// Seconds, where the server knows them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "out of range it is a bound")]
pub(super) fn created(seconds: Option<f64>) -> Option<u64> {
    seconds.map(|seconds| seconds as u64).filter(|seconds| *seconds > 0)
}

/// What a message of the provider's says.
fn parts(message: Message<'_>, id: &str) -> Result<Vec<Part>, Error> {
    // An answer's client learns nothing of what is not carried: there is no header left to tell it in.
    let dropped = &mut Dropped::default();
    let citations = message.annotations().into_iter().filter_map(|annotation| annotation.url_citation);
    let citations: Vec<Citation> = citations.filter_map(read_parts::citation).collect();
    let aloud = message.transcript();
    let (thoughts, _) = thoughts::read(&message);
    let mut parts: Vec<Part> = thoughts.into_iter().map(Part::Thinking).collect();
    if let Some(content) = message.content {
        parts.extend(read_parts::content(content, "choices.0.message.content", dropped)?);
    }
    parts.extend(aloud.map(|text| Part::Text(Text { text: text.into_owned(), ..Text::default() })));
    let last = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(text),
        _ => None,
    });
    if let Some(text) = last {
        text.citations = citations;
    }
    let refusal = message.refusal.filter(|refusal| !refusal.is_empty());
    parts.extend(refusal.map(|refusal| Part::Refusal(refusal.into_owned())));
    let older = message.function_call.map(|function| Asked { function: Some(function), ..Asked::default() });
    for (n, asked) in message.tool_calls.into_iter().flatten().chain(older).enumerate() {
        let known = asked.id.as_deref().filter(|id| !id.is_empty()).map(str::to_owned);
        let call = read_parts::call(asked, known.unwrap_or_else(|| made_id(id, n)));
        let call =
            call.ok_or_else(|| Error::request(format!("tool_calls.{n}.function.name"), "field required"))?;
        parts.push(Part::ToolCall(call));
    }
    Ok(parts)
}

/// An id for a call that has none: of the same answer always the same.
pub(super) fn made_id(answer: &str, n: usize) -> String {
    let base = answer.strip_prefix("chatcmpl-").unwrap_or(answer);
    let base: String = base.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    format!("call_{base}_{n}")
}

pub(crate) fn write_answer(answer: Answer, exchange: &Exchange) -> Vec<u8> {
    let Answer { id, created, parts, stop, usage, service_tier, .. } = answer;
    let Head { id, created, tier } = Head::new(exchange, &id, created, service_tier.as_deref());
    let functions = exchange.tools.are_functions();
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let thinking = || parts.iter().filter_map(thinking);
    let texts = thinking().flat_map(|thinking| &thinking.texts).map(String::as_str);
    let thoughts = texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    let thoughts = (!thoughts.is_empty()).then_some(&*thoughts);
    let mut message = Said {
        role: "assistant",
        reasoning_content: thoughts,
        reasoning: thoughts,
        reasoning_details: thoughts::details(thinking(), unsealed(exchange)),
        ..Said::default()
    };
    say(&parts, &mut message, exchange);
    // OpenAI has `null` beside a refusal or calls only, and clients take it for text in all other cases.
    if message.refusal.is_none() && message.tool_calls.is_empty() {
        message.content.get_or_insert_default();
    }
    if functions {
        message.function_call = older(std::mem::take(&mut message.tool_calls));
    }
    let finish_reason = head::finish_reason(&stop, refused, functions);
    let completion = Completion {
        id: &id,
        object: "chat.completion",
        created,
        model: &exchange.model,
        choices: [Chosen { index: 0, message, logprobs: None, finish_reason }],
        usage: Counts::of(usage),
        service_tier: tier,
    };
    serde_json::to_vec(&completion).unwrap_or_default()
}

fn thinking(part: &Part) -> Option<&Thinking> {
    match part {
        Part::Thinking(thinking) => Some(thinking),
        _ => None,
    }
}

/// What thoughts are that come without a seal.
pub(super) fn unsealed(exchange: &Exchange) -> &'static str {
    if exchange.provider == Dialect::Responses { SUMMARY } else { TEXT }
}

/// All that is no thought.
fn say<'a>(parts: &'a [Part], message: &mut Said<'a>, exchange: &'a Exchange) {
    let mut said = 0;
    for part in parts {
        match part {
            Part::Text(Text { text, citations, .. }) => {
                let start = said;
                said += text.chars().count() as u64;
                message.content.get_or_insert_default().push_str(text);
                let places = citations.iter().filter_map(|cited| annotation(cited, start, said));
                message.annotations.extend(places);
            }
            Part::Refusal(refusal) => message.refusal.get_or_insert_default().push_str(refusal),
            Part::ToolCall(call) => message.tool_calls.push(called(call, exchange)),
            // No model answers so, or it has been told.
            _ => {}
        }
    }
}

/// A source of a text that goes from here to there; one without an address has no place here.
pub(super) fn annotation(citation: &Citation, start: u64, end: u64) -> Option<Annotation<'_>> {
    let (start_index, end_index) = match citation.span {
        Some((from, to)) => (start.saturating_add(from), start.saturating_add(to)),
        None => (start, end),
    };
    let (url, title) = (citation.url.as_deref()?, citation.title.as_deref().unwrap_or_default());
    Some(Annotation {
        r#type: "url_citation",
        url_citation: UrlCitation { start_index, end_index, title, url },
    })
}

fn called<'a>(call: &'a ToolCall, exchange: &'a Exchange) -> Call<'a> {
    let (id, name) = (Cow::Borrowed(&*call.id), exchange.tools.clients(&call.name));
    let arguments = Cow::Borrowed(&*call.arguments);
    if call.custom || exchange.tools.is_custom(name) {
        let input = if call.custom { arguments } else { custom::unpack(&arguments).into() };
        return Call::Custom { id, custom: Custom { name: name.into(), input } };
    }
    let arguments = if arguments.trim().is_empty() { "{}".into() } else { arguments };
    Call::Function { id, function: Function { name: name.into(), arguments } }
}

/// The older form has room for one call.
fn older(calls: Vec<Call<'_>>) -> Option<Function<'_>> {
    calls.into_iter().find_map(|call| match call {
        Call::Function { function, .. } => Some(function),
        Call::Custom { .. } => None,
    })
}
