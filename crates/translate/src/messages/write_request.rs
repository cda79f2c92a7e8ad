//! A request for a provider.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use ccproxy_wire::messages::body::{Body, CacheControl, Format as Written, Metadata, OutputConfig};
use serde_json::value::RawValue;

use super::models::Traits;
use super::write_blocks::Blocks;
use super::write_settings::{self, Thought};
use super::write_turns::Conversation;
use super::{write_tools, write_turns};
use crate::error::Error;
use crate::request::{Format, Request};
use crate::tools::ToolNames;
use crate::{Dropped, Profile};

/// A user's name is not to be longer.
const MAX_USER: usize = 256;

pub(crate) fn write_request(
    request: &Request,
    tools: &ToolNames,
    profile: &Profile,
    dropped: &mut Dropped,
) -> Result<Vec<u8>, Error> {
    // Only who has the answer knows what it says, and this dialect has no such place.
    if request.previous_response.is_some() {
        return Err(Error::NotCarried { field: "previous_response_id".to_owned() });
    }
    let traits = Traits::of(&request.model);
    let max_tokens = request.max_tokens.unwrap_or(profile.limits.max_tokens).max(1);
    let mut blocks = Blocks::new(tools, dropped);
    let written = write_tools::tools(request, &mut blocks);
    let mut conversation = write_turns::write(request, &mut blocks)?;
    let is_cached = blocks.has_marks();
    let (choice, forced) = write_tools::choice(request, traits, tools, dropped);
    let thought = write_settings::thinking(request, traits, max_tokens, forced, &conversation, dropped);
    write_turns::close(&mut conversation, traits, thought.on);
    let Conversation { system, messages } = conversation;
    let mut body = Body {
        model: &request.model,
        max_tokens,
        system,
        messages,
        tools: written,
        tool_choice: choice,
        thinking: thought.thinking,
        output_config: output_config(request, traits, &thought, dropped),
        // Whoever names a cache wants one, which here has to be asked for.
        cache_control: (request.prompt_cache_key.is_some() && !is_cached)
            .then_some(CacheControl { r#type: "ephemeral" }),
        stop_sequences: stop(request, dropped),
        metadata: request
            .user
            .as_deref()
            .filter(|user| !user.is_empty())
            .map(|user| Metadata { user_id: user_id(user) }),
        service_tier: service_tier(request, dropped),
        stream: request.stream,
        ..Body::default()
    };
    write_tools::declare_called(&mut body);
    write_settings::sampling(request, traits, profile, thought.on, &mut body, dropped);
    write_settings::others(request, dropped);
    serde_json::to_vec(&body).map_err(|error| Error::request("body", error.to_string()))
}

fn output_config<'a>(
    request: &'a Request,
    traits: Traits,
    thought: &Thought,
    dropped: &mut Dropped,
) -> Option<OutputConfig<'a>> {
    let format = match &request.format {
        Some(Format::Schema { schema, .. }) if traits.schemas => Some(written(schema)),
        Some(_) => {
            dropped.note("response_format");
            None
        }
        None => None,
    };
    let effort = thought.effort.map(crate::request::Effort::as_str);
    (format.is_some() || effort.is_some()).then_some(OutputConfig { effort, format })
}

fn written(schema: &RawValue) -> Written<'_> {
    Written { r#type: "json_schema", schema }
}

/// What is nothing but white space is refused.
fn stop<'a>(request: &'a Request, dropped: &mut Dropped) -> Vec<&'a str> {
    let (blank, stop): (Vec<&str>, Vec<&str>) =
        request.stop.iter().map(String::as_str).partition(|stop| stop.trim().is_empty());
    dropped.note_some("stop", blank.first());
    stop
}

fn user_id(user: &str) -> Cow<'_, str> {
    if user.len() <= MAX_USER {
        return user.into();
    }
    let mut hasher = DefaultHasher::new();
    user.hash(&mut hasher);
    format!("{:016x}", hasher.finish()).into()
}

fn service_tier(request: &Request, dropped: &mut Dropped) -> Option<&'static str> {
    match request.service_tier.as_deref()? {
        "auto" => Some("auto"),
        "default" | "standard" | "standard_only" => Some("standard_only"),
        _ => {
            dropped.note("service_tier");
            None
        }
    }
}
