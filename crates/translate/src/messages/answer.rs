//! Whole answers.

use std::borrow::Cow;

use ccproxy_wire::messages::answer::{Answer as Body, Message, Tokens};
use ccproxy_wire::messages::block::Block;
use ccproxy_wire::messages::body::{Block as Written, Citation as Cited};
use ccproxy_wire::responses::{self, Str};
use serde_json::value::RawValue;

use super::read_stream::trouble;
use super::write_blocks::{input, packed, plain, thoughts};
use super::{D, UNSEALED, ids, read_blocks};
use crate::Exchange;
use crate::answer::{Answer, Stop};
use crate::error::Error;
use crate::part::{Citation, Part, Text, Thinking, ToolCall};
use crate::seal::Seal;

pub(crate) fn read_answer(body: &[u8]) -> Result<Answer, Error> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| Error::answer(D, &error))?;
    let broken = |message: &str| Error::Answer { dialect: D, message: message.to_owned() };
    let Some(content) = &body.content else {
        let failure = body.error.as_ref().map(|failure| trouble(failure).into());
        return Err(failure.unwrap_or_else(|| broken("content: field required")));
    };
    let mut parts = Vec::with_capacity(content.len());
    for block in content {
        let block = responses::read(block.get()).map_err(|error| Error::answer(D, &error))?;
        parts.extend(part(block));
    }
    if let Some(why) = body.stop_details.as_ref().and_then(|details| details.explanation.as_deref()) {
        parts.push(Part::Refusal(why.to_owned()));
    }
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    Ok(Answer {
        stop: stop(body.stop_reason.as_deref(), body.stop_sequence.as_deref(), calls),
        usage: body.usage(),
        service_tier: body.service_tier().map(|tier| served(&tier).to_owned()),
        id: body.id.map(Str::into_owned).unwrap_or_default(),
        model: body.model.map(Str::into_owned).unwrap_or_default(),
        created: None,
        parts,
    })
}

/// OpenAI's word for how an answer was served.
pub(super) fn served(tier: &str) -> &str {
    if tier == "standard" { "default" } else { tier }
}

/// What a block says; of the provider's own tools nothing.
fn part(block: Block<'_>) -> Option<Part> {
    let own = |text: Option<Str<'_>>| text.map(Str::into_owned).unwrap_or_default();
    match block.r#type.as_deref() {
        Some("text") => {
            let citations = read_blocks::citations(block.citations);
            Some(Part::Text(Text { text: own(block.text), citations, cache: None }))
        }
        Some("thinking") => {
            let text = own(block.thinking);
            let signature = block.signature.map(Str::into_owned).filter(|signature| !signature.is_empty());
            let seal = signature.map(|signature| Seal::Anthropic { signature });
            let texts = if text.is_empty() { Vec::new() } else { vec![text] };
            (seal.is_some() || !texts.is_empty()).then_some(Part::Thinking(Thinking { texts, seal }))
        }
        Some("redacted_thinking") => {
            let seal = Some(Seal::Redacted { data: own(block.data) });
            Some(Part::Thinking(Thinking { texts: Vec::new(), seal }))
        }
        Some("tool_use") => Some(Part::ToolCall(ToolCall {
            id: own(block.id),
            name: own(block.name),
            arguments: block.input.map_or("{}", RawValue::get).to_owned(),
            custom: false,
            cache: None,
        })),
        _ => None,
    }
}

/// Why an answer ends.
pub(super) fn stop(reason: Option<&str>, sequence: Option<&str>, calls: bool) -> Stop {
    match reason {
        Some("max_tokens") => Stop::MaxTokens,
        Some("stop_sequence") => Stop::Sequence(sequence.map(str::to_owned)),
        Some("tool_use") => Stop::Tools,
        Some("pause_turn" | "compaction") => Stop::Pause,
        Some("refusal") => Stop::Refusal,
        Some("model_context_window_exceeded") => Stop::Context,
        Some("end_turn") => Stop::End,
        _ if calls => Stop::Tools,
        _ => Stop::End,
    }
}

/// The word for why an answer ends. Where tools are to be called, clients look for it here only.
pub(super) fn stop_reason(stop: &Stop, calls: bool, refused: bool) -> &'static str {
    match stop {
        Stop::MaxTokens => "max_tokens",
        Stop::Context => "model_context_window_exceeded",
        Stop::Refusal => "refusal",
        Stop::Pause => "pause_turn",
        Stop::Sequence(_) => "stop_sequence",
        Stop::End | Stop::Tools if calls => "tool_use",
        Stop::End | Stop::Tools if refused => "refusal",
        Stop::End | Stop::Tools => "end_turn",
    }
}

pub(super) fn stop_sequence(stop: &Stop) -> Option<Cow<'_, str>> {
    match stop {
        Stop::Sequence(sequence) => sequence.as_deref().map(Cow::Borrowed),
        _ => None,
    }
}

/// The client's id of an answer.
pub(super) fn id(exchange: &Exchange, theirs: &str) -> String {
    let own = ["msg_", "resp_", "chatcmpl-"].into_iter().find_map(|prefix| theirs.strip_prefix(prefix));
    let base: String = own.unwrap_or(theirs).chars().filter(|c| ids::is_plain(*c)).take(64).collect();
    format!("msg_{}", if base.is_empty() { &exchange.stamp.id } else { &base })
}

/// The client's id of a call: made of the provider's, for that is what it wants back.
pub(super) fn call_id<'a>(exchange: &Exchange, theirs: &'a str, n: usize) -> Cow<'a, str> {
    if theirs.is_empty() { format!("toolu_{}_{n}", exchange.stamp.id).into() } else { ids::clients(theirs) }
}

/// Anthropic's word for how an answer was served.
pub(super) fn tier(tier: Option<&str>) -> Option<&'static str> {
    tier.map(|tier| if tier == "priority" { "priority" } else { "standard" })
}

/// The signature that a client gets: Anthropic's as it is, another in an envelope.
pub(super) fn signature<'a>(seal: Option<&'a Seal>, texts: &[String]) -> Cow<'a, str> {
    match seal {
        Some(Seal::Anthropic { signature }) => signature.as_str().into(),
        Some(foreign) => foreign.envelope(texts).into(),
        None => UNSEALED.into(),
    }
}

/// As many characters of a passage are repeated, as Anthropic has it. Many sources may name all of a long text.
const MAX_QUOTE: usize = 150;

/// A source that has an address; others have no place here.
pub(super) fn cited<'a>(citation: &'a Citation, text: &str) -> Option<Cited<'a>> {
    let quoted = || {
        let (start, end) = citation.span?;
        let (skip, take) = (usize::try_from(start).ok()?, usize::try_from(end.checked_sub(start)?).ok()?);
        Some(text.chars().skip(skip).take(take.min(MAX_QUOTE)).collect::<String>())
    };
    Some(Cited {
        r#type: "web_search_result_location",
        cited_text: match &citation.quote {
            Some(quote) => quote.into(),
            None => quoted().unwrap_or_default().into(),
        },
        url: citation.url.as_deref()?,
        title: citation.title.as_deref(),
        encrypted_index: "",
    })
}

pub(crate) fn write_answer(answer: Answer, exchange: &Exchange) -> Vec<u8> {
    let Answer { id: theirs, parts, stop, usage, service_tier, .. } = answer;
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let refused = parts.iter().any(|part| matches!(part, Part::Refusal(_)));
    let content = parts.iter().enumerate().filter_map(|(n, part)| written(part, n, exchange)).collect();
    let service_tier = tier(service_tier.as_deref());
    let message = Message {
        id: &id(exchange, &theirs),
        r#type: "message",
        role: "assistant",
        model: &exchange.model,
        content,
        stop_reason: Some(stop_reason(&stop, calls, refused)),
        stop_sequence: stop_sequence(&stop),
        usage: Tokens { service_tier, ..usage.into() },
    };
    serde_json::to_vec(&message).unwrap_or_default()
}

fn written<'a>(part: &'a Part, n: usize, exchange: &'a Exchange) -> Option<Written<'a>> {
    match part {
        Part::Text(said) if said.text.is_empty() => None,
        Part::Text(said) => Some(Written::Text {
            text: said.text.as_str().into(),
            citations: said.citations.iter().filter_map(|citation| cited(citation, &said.text)).collect(),
            cache_control: None,
        }),
        Part::Refusal(why) => plain(why),
        Part::Thinking(Thinking { texts, seal: Some(Seal::Redacted { data }) }) if texts.is_empty() => {
            Some(Written::RedactedThinking { data: data.as_str().into() })
        }
        Part::Thinking(Thinking { texts, seal }) => {
            let thinking = thoughts(texts);
            let signature = signature(seal.as_ref(), texts);
            (seal.is_some() || !thinking.is_empty()).then_some(Written::Thinking { thinking, signature })
        }
        Part::ToolCall(call) => Some(Written::ToolUse {
            id: call_id(exchange, &call.id, n),
            name: exchange.tools.clients(&call.name).into(),
            input: if call.custom { packed(&call.arguments) } else { input(&call.arguments) },
            cache_control: None,
        }),
        // No model answers so.
        Part::Image(_) | Part::Document(_) | Part::Audio(_) | Part::ToolResult(_) => None,
    }
}
