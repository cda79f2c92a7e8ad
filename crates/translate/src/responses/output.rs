//! What an answer is made of, as a client has it: the items, and the object around them.

use std::borrow::Cow;
use std::sync::LazyLock;

use ccproxy_wire::Usage;
use ccproxy_wire::responses::answer::{Counts, Error, Reason, Response};
use ccproxy_wire::responses::body::{Content, Item, Part as Written};
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};

use super::spaces::Way;
use super::write_items::annotation;
use crate::Exchange;
use crate::answer::Stop;
use crate::part::{Citation, Thinking};
use crate::seal::Seal;

/// An item, whole.
pub(super) type Raw = Box<RawValue>;

/// Arguments of which nothing is known.
static NOTHING: LazyLock<Raw> = LazyLock::new(|| RawValue::from_string("{}".to_owned()).unwrap_or_default());

/// What is known of an answer from the beginning.
#[derive(Debug, Default)]
pub(super) struct Head {
    id: String,
    /// What is common to the ids of its items.
    base: String,
    created: u64,
    tier: &'static str,
}

impl Head {
    pub(super) fn new(exchange: &Exchange, id: &str, created: Option<u64>, tier: Option<&str>) -> Self {
        let own = ["resp_", "msg_", "chatcmpl-"].into_iter().find_map(|prefix| id.strip_prefix(prefix));
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let theirs = || own.unwrap_or(id).chars().filter(plain).take(48).collect();
        let mut base: String = exchange.kept.clone().unwrap_or_else(theirs);
        if base.is_empty() {
            base.clone_from(&exchange.stamp.id);
        }
        let tier = match tier {
            Some("flex") => "flex",
            Some("priority" | "fast") => "priority",
            Some("scale") => "scale",
            _ => "default",
        };
        Self { id: format!("resp_{base}"), base, created: created.unwrap_or(exchange.stamp.created), tier }
    }

    /// The id of the item at this place: of the same answer always the same.
    pub(super) fn item(&self, prefix: &str, index: usize) -> String {
        format!("{prefix}_{}_{index}", self.base)
    }

    /// The whole answer.
    pub(super) fn response<'a>(&'a self, exchange: &'a Exchange, state: State<'a>) -> Response<'a> {
        Response {
            id: &self.id,
            object: "response",
            created_at: self.created,
            status: state.status,
            error: state.error,
            incomplete_details: state.reason.map(|reason| Reason { reason }),
            model: &exchange.model,
            output: state.output,
            usage: state.usage.and_then(Counts::of),
            service_tier: self.tier,
            echo: exchange.echo.fields(),
        }
    }
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) status: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) error: Option<Error<'a>>,
    pub(super) output: &'a [Raw],
    pub(super) usage: Option<Usage>,
}

/// Whether an answer is complete, and why not. A refusal in words is complete.
pub(super) fn ending(stop: &Stop, refused: bool) -> (&'static str, Option<&'static str>) {
    match stop {
        Stop::MaxTokens | Stop::Context => ("incomplete", Some("max_output_tokens")),
        Stop::Refusal if !refused => ("incomplete", Some("content_filter")),
        _ => ("completed", None),
    }
}

/// A part of a message, whole.
pub(super) fn text<'a>(text: &'a str, citations: &'a [Citation]) -> Written<'a> {
    let annotations = citations.iter().filter_map(|citation| annotation(citation, text)).collect();
    Written::OutputText { text, annotations, logprobs: Some([]) }
}

pub(super) fn message<'a>(id: &'a str, status: &'static str, parts: Vec<Written<'a>>) -> Item<'a> {
    Item::Message { id: Some(id), status: Some(status), role: "assistant", content: Content::Parts(parts) }
}

/// Thoughts, whole, with their seal in an envelope unless it is OpenAI's own.
pub(super) fn reasoning(id: &str, thinking: &Thinking) -> Option<Raw> {
    let sealed = thinking.seal.as_ref().map(|seal| match seal {
        Seal::OpenAi { encrypted, .. } => encrypted.clone(),
        foreign => foreign.envelope(&thinking.texts),
    });
    let summary = thinking.texts.iter().map(|text| Written::SummaryText { text }).collect();
    let item = Item::Reasoning { id: Some(id), summary, encrypted_content: sealed.as_deref() };
    to_raw_value(&item).ok()
}

/// How the client knows the tool that is called.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) kind: Kind,
    pub(super) call_id: String,
    pub(super) name: String,
    namespace: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    /// The input may be the argument of a function.
    Custom {
        packed: bool,
    },
    Search,
}

impl Form {
    pub(super) fn new(exchange: &Exchange, call_id: &str, theirs: &str, custom: bool) -> Self {
        let flat = exchange.tools.clients(theirs);
        let packed = !custom && exchange.tools.is_custom(flat);
        let mut kind = if custom || packed { Kind::Custom { packed } } else { Kind::Function };
        let (namespace, name) = match exchange.echo.way(flat) {
            Some(Way::Within { namespace, name }) => (Some(namespace.clone()), name.clone()),
            Some(Way::Search) => {
                kind = Kind::Search;
                (None, flat.to_owned())
            }
            None => (None, flat.to_owned()),
        };
        Self { kind, call_id: call_id.to_owned(), name, namespace }
    }

    pub(super) fn prefix(&self) -> &'static str {
        match self.kind {
            Kind::Function => "fc",
            Kind::Custom { .. } => "ctc",
            Kind::Search => "tsc",
        }
    }

    /// The item that begins.
    pub(super) fn begun<'a>(&'a self, id: &'a str) -> Item<'a> {
        self.item(id, "in_progress", "", &NOTHING)
    }

    /// The item, whole, with the arguments, or the input. Arguments that were cut off do not look as if they were not.
    pub(super) fn whole(&self, id: &str, arguments: &str) -> Option<Raw> {
        let json = || serde_json::from_str::<&RawValue>(arguments).ok();
        let cut = match self.kind {
            Kind::Function => serde_json::from_str::<IgnoredAny>(arguments).is_err(),
            Kind::Custom { .. } => false,
            Kind::Search => json().is_none(),
        };
        let status = if cut { "incomplete" } else { "completed" };
        to_raw_value(&self.item(id, status, arguments, json().unwrap_or(&NOTHING))).ok()
    }

    fn item<'a>(
        &'a self,
        id: &'a str,
        status: &'static str,
        arguments: &'a str,
        json: &'a RawValue,
    ) -> Item<'a> {
        let (call_id, name) = (Cow::Borrowed(&*self.call_id), Cow::Borrowed(&*self.name));
        let namespace = self.namespace.as_deref();
        match self.kind {
            Kind::Function => {
                Item::FunctionCall { id: Some(id), status: Some(status), call_id, name, namespace, arguments }
            }
            Kind::Custom { .. } => Item::CustomToolCall {
                id: Some(id),
                status: Some(status),
                call_id,
                name,
                namespace,
                input: arguments,
            },
            Kind::Search => {
                Item::ToolSearchCall { id, status, execution: "client", call_id, arguments: json }
            }
        }
    }
}
