//! A client's request.

use ccproxy_wire::messages::request::{Format as Asked, OutputConfig, Request as Body, Thinking};
use ccproxy_wire::responses::Str;

use super::{read_tools, read_turns, strict};
use crate::error::Error;
use crate::request::{Effort, Format, Reasoning, Request, Sampling};
use crate::{Dropped, read};

pub(crate) fn read_request(body: &[u8], dropped: &mut Dropped) -> Result<Request, Error> {
    let mut body: Body<'_> = read::body(body)?;
    // Where data may go is nothing to be lenient about.
    if body.inference_geo.as_deref().is_some_and(|place| place != "global") {
        return Err(Error::NotCarried { field: "inference_geo".to_owned() });
    }
    let output = body.output_config.take().unwrap_or_default();
    dropped.note_some("output_config.task_budget", output.task_budget.as_ref());
    let mut request = Request {
        model: body.model.take().ok_or_else(|| Error::request("model", "field required"))?.into_owned(),
        stream: body.stream.unwrap_or(false),
        max_tokens: body.max_tokens,
        sampling: Sampling {
            temperature: body.temperature,
            top_p: body.top_p,
            top_k: body.top_k,
            ..Sampling::default()
        },
        stop: body.stop_sequences.take().into_iter().flatten().map(Str::into_owned).collect(),
        reasoning: reasoning(body.thinking.take(), &output, dropped),
        format: format(output.format, body.output_format.take(), dropped)?,
        service_tier: body.service_tier.take().map(tier),
        user: body.metadata.take().and_then(|metadata| metadata.user_id).map(Str::into_owned),
        others: others(&mut body),
        ..Request::default()
    };
    read_tools::add(body.tools.as_deref().unwrap_or_default(), &mut request, dropped)?;
    if let Some(choice) = body.tool_choice.take() {
        read_tools::choice(choice, &mut request)?;
    }
    read_turns::read(body, &mut request, dropped)?;
    Ok(request)
}

/// Only OpenAI's words are known everywhere.
fn tier(said: Str<'_>) -> String {
    if &*said == "standard_only" { "default".to_owned() } else { said.into_owned() }
}

/// The fields that no other dialect has.
fn others(body: &mut Body<'_>) -> Vec<String> {
    let mut others = std::mem::take(&mut body.others);
    // Where to cache: others find that out themselves.
    others.retain(|field| field != "cache_control");
    if body.speed.as_deref().is_some_and(|speed| speed != "standard") {
        others.push("speed".to_owned());
    }
    // To forget old thoughts means nothing to those who have none.
    let edits = body.context_management.as_ref().and_then(|management| management.edits.as_deref());
    let thoughts = |kind: Option<&str>| kind.is_some_and(|kind| kind.starts_with("clear_thinking"));
    if edits.unwrap_or_default().iter().any(|edit| !thoughts(edit.r#type.as_deref())) {
        others.push("context_management".to_owned());
    }
    others
}

fn reasoning(
    asked: Option<Thinking<'_>>,
    output: &OutputConfig<'_>,
    dropped: &mut Dropped,
) -> Option<Reasoning> {
    let effort = output.effort.as_deref().and_then(Effort::parse);
    if effort.is_none() {
        dropped.note_some("output_config.effort", output.effort.as_ref());
    }
    let asked = asked.unwrap_or_default();
    let display = asked.display.as_deref();
    match asked.r#type.as_deref() {
        // The budget is the limit; the effort tells of words, too.
        Some("enabled") => Some(Reasoning {
            effort,
            budget: asked.budget_tokens,
            shown: display.is_none_or(|display| display != "omitted"),
        }),
        Some("adaptive") => Some(Reasoning {
            effort,
            budget: None,
            shown: display.is_some_and(|display| display != "omitted"),
        }),
        Some("disabled" | "between_tools") => {
            Some(Reasoning { effort: Some(Effort::None), budget: None, shown: false })
        }
        other => {
            dropped.note_some("thinking", other.as_ref());
            effort.map(|effort| Reasoning { effort: Some(effort), budget: None, shown: false })
        }
    }
}

fn format(
    newer: Option<Asked<'_>>,
    older: Option<Asked<'_>>,
    dropped: &mut Dropped,
) -> Result<Option<Format>, Error> {
    let path = if newer.is_some() { "output_config.format" } else { "output_format" };
    let Some(asked) = newer.or(older) else { return Ok(None) };
    match asked.r#type.as_deref() {
        Some("json_schema") | None => {
            let schema =
                asked.schema.ok_or_else(|| Error::request(format!("{path}.schema"), "field required"))?;
            let strict = Some(strict::is_strict(schema));
            Ok(Some(Format::Schema { name: None, description: None, schema: schema.to_owned(), strict }))
        }
        Some(_) => {
            dropped.note(path);
            Ok(None)
        }
    }
}
