//! A client's request.

use ccproxy_wire::chat::request::{Format as Asked, Request as Body};
use ccproxy_wire::responses::Str;

use super::{read_messages, read_tools};
use crate::error::Error;
use crate::request::{Effort, Format, Reasoning, Request, Sampling};
use crate::{Dropped, read};

pub(crate) fn read_request(body: &[u8], dropped: &mut Dropped) -> Result<Request, Error> {
    let mut body: Body<'_> = read::body(body)?;
    if body.n.is_some_and(|n| n > 1) {
        return Err(Error::NotCarried { field: "n".to_owned() });
    }
    let messages =
        body.messages.take().ok_or_else(|| Error::request("messages", "field required: a list"))?;
    let mut request = Request {
        model: body.model.take().ok_or_else(|| Error::request("model", "field required"))?.into_owned(),
        stream: body.stream.unwrap_or(false),
        stream_usage: body.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
        parallel_tools: body.parallel_tool_calls,
        max_tokens: limit(&body, dropped),
        sampling: sampling(&body),
        stop: stop(&mut body),
        reasoning: reasoning(&body, dropped),
        format: format(body.response_format.take(), dropped)?,
        verbosity: body.verbosity.take().map(Str::into_owned),
        service_tier: body.service_tier.take().map(Str::into_owned),
        user: user(&mut body, dropped),
        metadata: body.metadata.map(ToOwned::to_owned),
        prompt_cache_key: body.prompt_cache_key.take().map(Str::into_owned),
        store: body.store,
        others: others(&mut body),
        ..Request::default()
    };
    read_tools::tools(&mut body, &mut request)?;
    read_messages::read(messages, &mut request, dropped)?;
    Ok(request)
}

/// The fields that no other dialect has a place for. Of the answers' `logprobs` nothing is carried back.
fn others(body: &mut Body<'_>) -> Vec<String> {
    let mut others = std::mem::take(&mut body.others);
    let mut note = |there: bool, field: &str| {
        if there {
            others.push(field.to_owned());
        }
    };
    note(body.logprobs == Some(true), "logprobs");
    note(body.modalities.iter().flatten().any(|modality| &**modality != "text"), "modalities");
    let obfuscation = body.stream_options.and_then(|options| options.include_obfuscation);
    note(obfuscation == Some(true), "stream_options.include_obfuscation");
    others
}

/// The limit has two names, of which the newer one counts. None at all is said by a negative one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "out of range it is a bound")]
fn limit(body: &Body<'_>, dropped: &mut Dropped) -> Option<u64> {
    if body.max_completion_tokens.is_some() && body.max_tokens != body.max_completion_tokens {
        dropped.note_some("max_tokens", body.max_tokens.as_ref());
    }
    let limit = body.max_completion_tokens.or(body.max_tokens)?;
    (limit >= 0.0).then_some(limit as u64)
}

fn sampling(body: &Body<'_>) -> Sampling {
    Sampling {
        temperature: body.temperature,
        top_p: body.top_p,
        top_k: body.top_k.and_then(|top_k| u64::try_from(top_k).ok()).filter(|top_k| *top_k > 0),
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        seed: body.seed,
    }
}

fn stop(body: &mut Body<'_>) -> Vec<String> {
    let stop = body.stop.take().unwrap_or_default().0.into_iter();
    stop.map(Str::into_owned).filter(|sequence| !sequence.is_empty()).collect()
}

/// How to think, in one of the words that there are for it. Whoever asks for thoughts may read them.
fn reasoning(body: &Body<'_>, dropped: &mut Dropped) -> Option<Reasoning> {
    let asked = body.reasoning.clone().unwrap_or_default();
    let mut word = |field: &str, word: Option<&Str<'_>>| {
        let effort = word.map(|word| Effort::parse(word));
        dropped.note_some(field, effort.filter(Option::is_none).as_ref());
        effort.flatten()
    };
    let thinking = body.thinking.as_ref();
    let switch = thinking.and_then(|thinking| thinking.r#type.as_deref()).map(|kind| kind != "disabled");
    let on = asked.enabled.or(switch);
    let effort = word("reasoning_effort", body.reasoning_effort.as_ref())
        .or_else(|| word("reasoning.effort", asked.effort.as_ref()))
        .or_else(|| (on == Some(false)).then_some(Effort::None));
    let budget = asked.max_tokens.or_else(|| thinking?.budget_tokens).filter(|_| on != Some(false));
    let shown = asked.exclude.map_or(body.include_reasoning, |exclude| Some(!exclude));
    let wanted = on == Some(true) || shown == Some(true);
    (effort.is_some() || budget.is_some() || wanted).then(|| Reasoning {
        effort,
        budget,
        shown: shown.unwrap_or(effort != Some(Effort::None)),
    })
}

fn format(asked: Option<Asked<'_>>, dropped: &mut Dropped) -> Result<Option<Format>, Error> {
    let Some(Asked { r#type, json_schema }) = asked else { return Ok(None) };
    let required = |field: &str| Error::request(format!("response_format.{field}"), "field required");
    Ok(match r#type.as_deref() {
        Some("text") => None,
        Some("json_object") => Some(Format::Json),
        Some("json_schema") => {
            let asked = json_schema.ok_or_else(|| required("json_schema"))?;
            Some(Format::Schema {
                name: asked.name.map(Str::into_owned),
                description: asked.description.map(Str::into_owned),
                schema: asked.schema.ok_or_else(|| required("json_schema.schema"))?.to_owned(),
                strict: asked.strict,
            })
        }
        Some(other) => {
            dropped.note(format!("response_format.{other}"));
            None
        }
        None => return Err(required("type")),
    })
}

/// The end user has two names, of which the newer one counts.
fn user(body: &mut Body<'_>, dropped: &mut Dropped) -> Option<String> {
    let (newer, older) = (body.safety_identifier.take(), body.user.take());
    if newer.is_some() && newer != older {
        dropped.note_some("user", older.as_ref());
    }
    newer.or(older).map(Str::into_owned)
}
