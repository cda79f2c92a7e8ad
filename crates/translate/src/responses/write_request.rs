//! A request for a provider.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use ccproxy_wire::responses::body::{Body, Format as Written, Reasoning as Thinking, TextConfig};

use super::write_items::Conversation;
use super::write_tools;
use crate::error::Error;
use crate::request::{Effort, Format, Reasoning, Request};
use crate::tools::ToolNames;
use crate::{Dropped, Profile};

/// OpenAI takes no lower limit.
const MIN_TOKENS: u64 = 16;

/// Nor longer ids of calls, users and caches.
const MAX_ID: usize = 64;

pub(crate) fn write_request(
    request: &Request,
    tools: &ToolNames,
    profile: &Profile,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Error> {
    let Conversation { instructions, items, sealed } = Conversation::of(request, tools, dropped);
    let mut body = Body {
        model: &request.model,
        instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
        input: items,
        max_output_tokens: request.max_tokens.map(|limit| limit.max(MIN_TOKENS)),
        reasoning: reasoning(request.reasoning.as_ref()),
        text: text(request),
        metadata: request.metadata.as_deref(),
        user: request.user.as_deref().map(|user| short(user, "").into_owned()),
        prompt_cache_key: request.prompt_cache_key.as_deref().map(|key| short(key, "").into_owned()),
        service_tier: service_tier(request, dropped),
        previous_response_id: request.previous_response.as_deref(),
        top_logprobs: request.logprobs.map(|alternatives| alternatives.min(20)),
        // Whoever wants an answer kept says so; a proxy's clients mostly cannot ask for it by its id.
        store: request.store.unwrap_or(false),
        stream: request.stream,
        ..Body::default()
    };
    let thinks = request.reasoning.as_ref().is_some_and(|asked| asked.effort != Some(Effort::None));
    if thinks || sealed {
        body.include.push("reasoning.encrypted_content");
    }
    if request.logprobs.is_some() {
        body.include.push("message.output_text.logprobs");
    }
    write_tools::write(request, tools, &mut body, dropped);
    sampling(request, profile, &mut body, dropped);
    serde_json::to_vec(&body).map_err(|error| Error::request("body", error.to_string()))
}

/// An id that OpenAI takes; the same for the same id in every turn.
pub(super) fn short<'a>(id: &'a str, prefix: &str) -> Cow<'a, str> {
    if id.len() <= MAX_ID {
        return id.into();
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    format!("{prefix}{:016x}", hasher.finish()).into()
}

fn reasoning(asked: Option<&Reasoning>) -> Option<Thinking> {
    let asked = asked?;
    let effort = asked.effort.or_else(|| asked.budget.map(Effort::of_budget));
    let summary = (asked.shown && effort != Some(Effort::None)).then_some("auto");
    (effort.is_some() || summary.is_some())
        .then_some(Thinking { effort: effort.map(Effort::as_str), summary })
}

fn text(request: &Request) -> Option<TextConfig<'_>> {
    let format = request.format.as_ref().map(|format| match format {
        Format::Json => Written::JsonObject,
        Format::Schema { name, description, schema, strict } => Written::JsonSchema {
            name: schema_name(name.as_deref()),
            description: description.as_deref(),
            schema,
            strict: *strict,
        },
    });
    let verbosity = request.verbosity.as_deref();
    (format.is_some() || verbosity.is_some()).then_some(TextConfig { format, verbosity })
}

/// A schema's name is required, and of the same letters as a tool's.
fn schema_name(name: Option<&str>) -> &str {
    let plain = |name: &&str| {
        (1..=MAX_ID).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    name.filter(plain).unwrap_or("response")
}

fn service_tier<'a>(request: &'a Request, dropped: &mut Dropped) -> Option<&'a str> {
    match request.service_tier.as_deref()? {
        tier @ ("auto" | "default" | "flex" | "priority" | "scale" | "fast" | "ultrafast") => Some(tier),
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
    if profile.sampling {
        body.temperature = sampling.temperature.map(|value| value.clamp(0.0, 2.0));
        body.top_p = sampling.top_p.map(|value| value.clamp(0.0, 1.0));
    } else {
        dropped.note_some("temperature", sampling.temperature.as_ref());
        dropped.note_some("top_p", sampling.top_p.as_ref());
    }
    dropped.note_some("top_k", sampling.top_k.as_ref());
    // 0 says no more than silence.
    let penalty = |value: Option<f64>| value.filter(|value| *value != 0.0);
    dropped.note_some("frequency_penalty", penalty(sampling.frequency_penalty).as_ref());
    dropped.note_some("presence_penalty", penalty(sampling.presence_penalty).as_ref());
    dropped.note_some("seed", sampling.seed.as_ref());
    dropped.note_some("stop", request.stop.first());
}
