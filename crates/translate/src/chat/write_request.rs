//! A request for a provider.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use ccproxy_wire::chat::body::{Body, Format as Written, Schema, StreamOptions};

use super::{write_messages, write_tools};
use crate::error::Error;
use crate::request::{Effort, Format, Reasoning, Request};
use crate::tools::ToolNames;
use crate::{Dropped, Profile};

/// OpenAI takes no longer names of users, caches and schemas.
const MAX_NAME: usize = 64;

/// Nor more sequences to stop at.
const MAX_STOP: usize = 4;

pub(crate) fn write_request(
    request: &Request,
    tools: &ToolNames,
    profile: &Profile,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Error> {
    if request.previous_response.is_some() {
        return Err(Error::NotCarried { field: "previous_response_id".to_owned() });
    }
    let limit = request.max_tokens;
    let mut body = Body {
        model: &request.model,
        messages: write_messages::messages(request, tools, profile, dropped),
        max_tokens: limit.filter(|_| !profile.max_completion_tokens),
        max_completion_tokens: limit.filter(|_| profile.max_completion_tokens),
        stop: stop(request, dropped),
        response_format: request.format.as_ref().map(format),
        reasoning_effort: effort(request.reasoning.as_ref(), profile),
        verbosity: request.verbosity.as_deref(),
        service_tier: service_tier(request, dropped),
        user: request.user.as_deref().map(|user| short(user, "", MAX_NAME)),
        prompt_cache_key: request.prompt_cache_key.as_deref().map(|key| short(key, "", MAX_NAME)),
        store: request.store == Some(true),
        stream: request.stream,
        stream_options: request.stream.then_some(StreamOptions { include_usage: true }),
        ..Body::default()
    };
    // OpenAI refuses it where nothing is kept.
    body.metadata = request.metadata.as_deref().filter(|_| body.store);
    dropped.note_some("metadata", request.metadata.as_ref().filter(|_| !body.store));
    request.logprobs_field().into_iter().for_each(|field| dropped.note(field));
    write_tools::write(request, tools, &mut body, dropped);
    sampling(request, profile, &mut body, dropped);
    serde_json::to_vec(&body).map_err(|error| Error::request("body", error.to_string()))
}

/// A name of this length at most; the same for the same name in every turn.
pub(super) fn short<'a>(name: &'a str, prefix: &str, limit: usize) -> Cow<'a, str> {
    if name.len() <= limit {
        return name.into();
    }
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    format!("{prefix}{:016x}", hasher.finish()).into()
}

fn stop<'a>(request: &'a Request, dropped: &mut Dropped) -> &'a [String] {
    dropped.note_some("stop", request.stop.get(MAX_STOP));
    request.stop.get(..MAX_STOP).unwrap_or(&request.stop)
}

/// OpenAI's own models know all the words, most others three of them.
fn effort(asked: Option<&Reasoning>, profile: &Profile) -> Option<&'static str> {
    let asked = asked?;
    let effort = asked.effort.or_else(|| asked.budget.map(Effort::of_budget))?;
    let common = if effort == Effort::None { effort } else { effort.clamp(Effort::Low, Effort::High) };
    Some(if profile.developer { effort } else { common }.as_str())
}

fn format(format: &Format) -> Written<'_> {
    match format {
        Format::Json => Written::JsonObject,
        Format::Schema { name, description, schema, strict } => Written::JsonSchema {
            json_schema: Schema {
                name: schema_name(name.as_deref()),
                description: description.as_deref(),
                schema,
                strict: *strict,
            },
        },
    }
}

/// A schema's name is required, and of the same letters as a tool's.
fn schema_name(name: Option<&str>) -> &str {
    let plain = |name: &&str| {
        (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    name.filter(plain).unwrap_or("response")
}

fn service_tier<'a>(request: &'a Request, dropped: &mut Dropped) -> Option<&'a str> {
    match request.service_tier.as_deref()? {
        tier @ ("auto" | "default" | "flex" | "priority" | "scale" | "fast") => Some(tier),
        "ultrafast" => Some("fast"),
        // Anthropic's.
        "standard_only" | "standard" => Some("default"),
        _ => {
            dropped.note("service_tier");
            None
        }
    }
}

fn sampling(request: &Request, profile: &Profile, body: &mut Body<'_>, dropped: &mut Dropped) {
    let sampling = &request.sampling;
    dropped.note_some("top_k", sampling.top_k.as_ref());
    let penalty = |value: Option<f64>| value.map(|value| value.clamp(-2.0, 2.0));
    body.frequency_penalty = penalty(sampling.frequency_penalty);
    body.presence_penalty = penalty(sampling.presence_penalty);
    body.seed = sampling.seed;
    if profile.sampling {
        body.temperature = sampling.temperature.map(|value| value.clamp(0.0, 2.0));
        body.top_p = sampling.top_p.map(|value| value.clamp(0.0, 1.0));
    } else {
        dropped.note_some("temperature", sampling.temperature.as_ref());
        dropped.note_some("top_p", sampling.top_p.as_ref());
    }
}
