//! Answers of OpenAI's legacy text completions, whole or a chunk of a stream: both have one shape.

use serde::Serialize;

use super::chat::{FINGERPRINT, Usage, finish_reason};
use crate::ids::{CREATED, Ids};
use crate::reply::Reply;
use crate::request::completions::Request;

#[derive(Debug, Serialize)]
pub(crate) struct Completion<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    system_fingerprint: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Choice<'a> {
    pub(crate) text: &'a str,
    pub(crate) index: usize,
    pub(crate) logprobs: Option<()>,
    pub(crate) finish_reason: Option<&'static str>,
}

/// A completion, or a chunk of one, with these contents.
pub(crate) fn shape<'a>(
    request: &'a Request,
    ids: &Ids,
    choices: Vec<Choice<'a>>,
    usage: Option<Usage>,
) -> Completion<'a> {
    Completion {
        id: ids.id("cmpl-", 0),
        object: "text_completion",
        created: CREATED,
        model: &request.ask.model,
        choices,
        usage,
        system_fingerprint: FINGERPRINT,
    }
}

/// The whole completion.
pub(crate) fn completion<'a>(request: &'a Request, reply: &'a Reply, ids: &Ids) -> Completion<'a> {
    let choice = |index| Choice {
        text: reply.text.as_deref().unwrap_or_default(),
        index,
        logprobs: None,
        finish_reason: Some(finish_reason(&reply.stop)),
    };
    let choices = (0..request.choices).map(choice).collect();
    shape(request, ids, choices, Some(Usage::new(reply.usage, request.choices)))
}
