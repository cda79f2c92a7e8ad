//! Events of a stream.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Str;
use super::answer::{Answer, Code, Failure, Response};
use super::body::{Annotation, Part};
use super::item;

/// An event of one of the types that [are read](Event::KNOWN); which fields mean something depends on it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event<'a> {
    /// Which item, by its place in the output.
    pub output_index: Option<u64>,
    /// Which part of it.
    pub content_index: Option<u64>,
    /// Which part of its summary.
    pub summary_index: Option<u64>,
    /// Which item, by its id; some servers send another one each time.
    #[serde(borrow)]
    pub item_id: Option<Str<'a>>,
    /// More of a text, of arguments, of an input.
    #[serde(borrow)]
    pub delta: Option<Str<'a>>,
    /// The whole text.
    #[serde(borrow)]
    pub text: Option<Str<'a>>,
    /// The whole refusal.
    #[serde(borrow)]
    pub refusal: Option<Str<'a>>,
    /// The whole arguments.
    #[serde(borrow)]
    pub arguments: Option<Str<'a>>,
    /// The whole input.
    #[serde(borrow)]
    pub input: Option<Str<'a>>,
    /// The function's name; with the whole arguments only.
    #[serde(borrow)]
    pub name: Option<Str<'a>>,
    /// An [item](item::Item).
    #[serde(borrow)]
    pub item: Option<&'a RawValue>,
    /// A [part](item::Part).
    #[serde(borrow)]
    pub part: Option<&'a RawValue>,
    /// Of a text.
    #[serde(borrow)]
    pub annotation: Option<item::Annotation<'a>>,
    /// The answer so far.
    #[serde(borrow)]
    pub response: Option<Answer<'a>>,
}

impl Event<'_> {
    /// The types that are read; the others tell of hosted tools, or of what the read ones tell, too.
    pub const KNOWN: &'static [&'static str] = &[
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.output_item.done",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_text.annotation.added",
        "response.refusal.delta",
        "response.refusal.done",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_text.delta",
        "response.reasoning_text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
    ];
}

/// The type of an event: what its data says, else its name.
///
/// # Errors
/// If the data is no JSON object.
pub fn kind<'a>(name: &'a str, data: &'a str) -> Result<Str<'a>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        r#type: Option<Str<'a>>,
        error: Option<serde::de::IgnoredAny>,
    }

    // As every vendor writes it.
    let first = data.strip_prefix("{\"type\":").map(str::trim_ascii_start);
    if let Some((kind, _)) =
        first.and_then(|rest| rest.strip_prefix('"')).and_then(|rest| rest.split_once('"'))
    {
        return Ok(Str(kind.into()));
    }
    let head: Head<'a> = serde_json::from_str(data)?;
    Ok(match head {
        Head { r#type: Some(kind), .. } => kind,
        Head { error: Some(_), .. } if name.is_empty() => Str("error".into()),
        _ => Str(name.into()),
    })
}

/// The data of `event: error`; some servers tell all in its `error`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Trouble<'a> {
    /// As in the body of an error.
    #[serde(borrow)]
    pub error: Option<Failure<'a>>,
    /// A code.
    #[serde(borrow)]
    pub code: Option<Code<'a>>,
    /// What happened.
    #[serde(borrow)]
    pub message: Option<Str<'a>>,
    /// The request's field at fault.
    #[serde(borrow)]
    pub param: Option<Str<'a>>,
}

/// An event as it is written.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Out<T> {
    /// The event's name.
    pub r#type: &'static str,
    /// Rising by one from 0.
    pub sequence_number: u64,
    /// The rest of it.
    #[serde(flatten)]
    pub body: T,
}

impl<T: Serialize> Out<T> {
    /// Writes the event with the lines around it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.r#type.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        // A vector takes everything, and what is written has no keys that are no strings.
        let written: Result<(), io::Error> = serde_json::to_writer(&mut *out, self).map_err(Into::into);
        debug_assert!(written.is_ok(), "{written:?}");
        out.extend_from_slice(b"\n\n");
    }
}

/// The answer so far.
#[derive(Debug, Serialize)]
pub struct Lifecycle<'a> {
    /// All of it.
    pub response: Response<'a>,
}

/// An item begins, or is whole.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ItemEvent<T> {
    /// Its place in the output.
    pub output_index: usize,
    /// The item.
    pub item: T,
}

/// Where in the output.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Place<'a> {
    /// The item's id.
    pub item_id: &'a str,
    /// Its place in the output.
    pub output_index: usize,
    /// The part of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_index: Option<usize>,
    /// The part of a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary_index: Option<usize>,
}

/// What happens at a place.
#[derive(Debug, Serialize)]
pub struct At<'a> {
    /// Where.
    #[serde(flatten)]
    pub place: Place<'a>,
    /// What.
    #[serde(flatten)]
    pub what: What<'a>,
}

/// What happens.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum What<'a> {
    /// A part begins, or is whole.
    Part {
        /// The part.
        part: Part<'a>,
    },
    /// More of an output text.
    TextDelta {
        /// The text.
        delta: &'a str,
        /// Never known.
        logprobs: [(); 0],
    },
    /// More of anything else.
    Delta {
        /// The text.
        delta: &'a str,
    },
    /// All of an output text.
    Text {
        /// The text.
        text: &'a str,
        /// Never known.
        logprobs: [(); 0],
    },
    /// All of a summary.
    Summary {
        /// The text.
        text: &'a str,
    },
    /// All of a refusal.
    Refusal {
        /// The text.
        refusal: &'a str,
    },
    /// All of a function's arguments.
    Arguments {
        /// The function.
        name: &'a str,
        /// JSON.
        arguments: &'a str,
    },
    /// All of a custom tool's input.
    Input {
        /// The text.
        input: &'a str,
    },
    /// Where a passage comes from.
    Annotation {
        /// Counted from 0.
        annotation_index: usize,
        /// What is known of it.
        annotation: Annotation<'a>,
    },
}

/// The provider gives up. The SDKs look into `error`, the reference has the rest.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    /// A code.
    pub code: Option<&'a str>,
    /// What happened.
    pub message: &'a str,
    /// The request's field at fault.
    pub param: Option<&'a str>,
    /// The same as in the body of an error.
    pub error: ErrorInner<'a>,
}

/// As in the body of an error.
#[derive(Debug, Serialize)]
pub struct ErrorInner<'a> {
    /// The class of the error.
    pub r#type: &'a str,
    /// A code.
    pub code: Option<&'a str>,
    /// What happened.
    pub message: &'a str,
    /// The request's field at fault.
    pub param: Option<&'a str>,
}
