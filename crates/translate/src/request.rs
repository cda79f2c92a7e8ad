//! A request as all dialects understand it.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use crate::part::{Cache, Part};
use crate::responses::Spaces;

/// What a client asks for, whatever its dialect.
///
/// A reader fills what its dialect has; a writer says what its dialect has, and [notes](crate::Dropped) the rest.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) turns: Vec<Turn>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<ToolChoice>,
    pub(crate) parallel_tools: Option<bool>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) sampling: Sampling,
    pub(crate) stop: Vec<String>,
    pub(crate) reasoning: Option<Reasoning>,
    pub(crate) format: Option<Format>,
    /// `low`, `medium` or `high`.
    pub(crate) verbosity: Option<String>,
    /// How many alternatives of each token to tell; 0 tells the token's own.
    pub(crate) logprobs: Option<u8>,
    pub(crate) service_tier: Option<String>,
    /// An opaque name of the end user.
    pub(crate) user: Option<String>,
    /// OpenAI's `metadata`, an object of strings.
    pub(crate) metadata: Option<Box<RawValue>>,
    pub(crate) prompt_cache_key: Option<String>,
    pub(crate) store: Option<bool>,
    pub(crate) previous_response: Option<String>,
    /// Chat: whether the client wants the usage at the end of a stream.
    pub(crate) stream_usage: bool,
    /// Chat: whether the client knows tools in their older form only, as functions, of which one is called at a time.
    pub(crate) functions: bool,
    /// Fields that only the client's own dialect has, by name. A writer of another cannot say them.
    pub(crate) others: Vec<String>,
    /// Responses: the tools that the client calls in another way than by one name.
    pub(crate) spaces: Spaces,
    /// The names of the first of the tools, so many; see [`add_tool`](Self::add_tool).
    pub(crate) names: (BTreeSet<String>, usize),
}

/// What one side says before the other does.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part>,
}

/// Who speaks. A tool's result is said by the user, as Messages has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The operator of the application; anywhere in the conversation.
    System,
    /// The same in OpenAI's newer word.
    Developer,
    User,
    Assistant,
}

/// A tool that the model may have called.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: ToolKind,
    pub(crate) cache: Option<Cache>,
}

#[derive(Debug)]
pub(crate) enum ToolKind {
    /// Arguments by a JSON schema.
    Function { schema: Option<Box<RawValue>>, strict: Option<bool> },
    /// Free text, by a grammar if there is one.
    Custom { format: Option<Box<RawValue>> },
    /// One that the provider runs itself; its `type`.
    Hosted { kind: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    Auto,
    /// Some tool.
    Any,
    None,
    /// This one.
    Named(String),
}

/// How tokens are picked. Ranges differ: a writer clamps.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sampling {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<u64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<i64>,
}

/// How much to think.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reasoning {
    pub(crate) effort: Option<Effort>,
    /// In tokens.
    pub(crate) budget: Option<u64>,
    /// Whether the client wants to read the thoughts, or a summary.
    pub(crate) shown: bool,
}

/// OpenAI's and Anthropic's words for the effort, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

/// What form the text has to have.
#[derive(Debug)]
pub(crate) enum Format {
    /// Some JSON object.
    Json,
    Schema {
        name: Option<String>,
        description: Option<String>,
        schema: Box<RawValue>,
        strict: Option<bool>,
    },
}

impl Request {
    /// Adds a tool unless there is one of the same name. A client may name very many of them, so none is looked for
    /// among all others.
    pub(crate) fn add_tool(&mut self, tool: Tool) -> bool {
        let (names, seen) = &mut self.names;
        names.extend(self.tools.iter().skip(*seen).map(|tool| tool.name.clone()));
        let new = names.insert(tool.name.clone());
        if new {
            self.tools.push(tool);
        }
        *seen = self.tools.len();
        new
    }

    /// Whether there is anything to answer. What is left of other requests is a conversation of no messages, which every
    /// provider refuses.
    pub(crate) fn says_something(&self) -> bool {
        let says = |part: &Part| match part {
            Part::Text(text) => !text.is_billing(),
            Part::Thinking(_) => false,
            _ => true,
        };
        self.previous_response.is_some() || self.turns.iter().flat_map(|turn| &turn.parts).any(says)
    }

    /// Which field asks for [`logprobs`](Self::logprobs): alternatives are asked for by number, none by a word.
    pub(crate) fn logprobs_field(&self) -> Option<&'static str> {
        self.logprobs.map(|alternatives| if alternatives > 0 { "logprobs" } else { "logprobs.included" })
    }
}

impl Effort {
    const ALL: [(Self, &str, u64); 7] = [
        (Self::None, "none", 0),
        (Self::Minimal, "minimal", 1024),
        (Self::Low, "low", 2048),
        (Self::Medium, "medium", 8192),
        (Self::High, "high", 16_384),
        (Self::XHigh, "xhigh", 32_768),
        (Self::Max, "max", 65_536),
    ];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name, _)| *name == word).map(|(effort, ..)| effort)
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(effort, ..)| *effort == self).map_or("medium", |(_, name, _)| name)
    }

    /// The tokens that stand for an effort where only a budget can be given.
    pub(crate) fn budget(self) -> u64 {
        Self::ALL.into_iter().find(|(effort, ..)| *effort == self).map_or(8192, |(.., budget)| budget)
    }

    /// The least effort whose budget is enough.
    pub(crate) fn of_budget(tokens: u64) -> Self {
        Self::ALL.into_iter().find(|(.., budget)| *budget >= tokens).map_or(Self::Max, |(effort, ..)| effort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::part::{Text, Thinking};

    #[test]
    fn saying_something() {
        let check = |parts: Vec<Part>, expect: bool| {
            let request =
                Request { turns: vec![Turn { role: Role::Assistant, parts }], ..Request::default() };
            assert_eq!(request.says_something(), expect);
        };
        let text = |text: &str| Part::Text(Text { text: text.to_owned(), ..Text::default() });
        let thinking = || Part::Thinking(Thinking { texts: vec!["hm".to_owned()], seal: None });
        check(vec![], false);
        check(vec![thinking(), text("x-anthropic-billing-header: 1")], false);
        check(vec![thinking(), text("hi")], true);
        check(vec![Part::Refusal("no".to_owned())], true);
        let goes_on = Request { previous_response: Some("resp_1".to_owned()), ..Request::default() };
        assert!(goes_on.says_something() && !Request::default().says_something());
    }
}
