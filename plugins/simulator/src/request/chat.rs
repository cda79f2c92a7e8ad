//! Requests of OpenAI Chat Completions.

use ccproxy_wire::Family;
use serde::Deserialize;
use serde_json::Value;

use super::content::Content;
use super::{Ask, Choice, Format, RawFormat, Said, Tool, limit, no_arguments, read, required, weight};
use crate::problem::Problem;

/// The vendor's limit of choices.
const MOST_CHOICES: usize = 128;

/// A request, and what only this dialect has.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    /// How many choices to answer.
    pub(crate) choices: usize,
    /// Whether a stream tells its usage.
    pub(crate) include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Raw {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    tools: Option<Vec<RawTool>>,
    tool_choice: Option<ToolChoice>,
    parallel_tool_calls: Option<bool>,
    reasoning_effort: Option<String>,
    response_format: Option<RawFormat>,
    stop: Option<Texts>,
    n: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: Role,
    content: Option<Content>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
    Function,
}

#[derive(Debug, Deserialize)]
struct RawTool {
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or an object that names a function")]
enum ToolChoice {
    Mode(String),
    Named { function: Option<Function> },
}

/// One text or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or a list of strings")]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    pub(super) fn list(stop: Option<Self>) -> Vec<String> {
        match stop {
            None => Vec::new(),
            Some(Self::One(stop)) => vec![stop],
            Some(Self::Several(stops)) => stops,
        }
    }
}

/// How many choices are asked for.
pub(super) fn choices(n: Option<usize>) -> Result<usize, Problem> {
    match n.unwrap_or(1) {
        n @ 1..=MOST_CHOICES => Ok(n),
        _ => Err(Problem::value(Family::OpenAi, "n", "must be between 1 and 128")),
    }
}

impl Request {
    /// Reads `POST chat/completions`.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let family = Family::OpenAi;
        let raw: Raw = read(family, body)?;
        let messages = required(family, "messages", raw.messages)?;
        if messages.is_empty() {
            return Err(Problem::value(family, "messages", "at least one message is required"));
        }
        let max_tokens = limit(family, "max_completion_tokens", raw.max_completion_tokens)?.or(limit(
            family,
            "max_tokens",
            raw.max_tokens,
        )?);
        let tools = raw.tools.unwrap_or_default().into_iter().filter_map(|tool| tool.function);
        let ask = Ask {
            model: required(family, "model", raw.model)?,
            stream: raw.stream.unwrap_or(false),
            said: said(&messages),
            tools: tools.map(Function::tool).collect(),
            choice: choice(raw.tool_choice),
            parallel: raw.parallel_tool_calls.unwrap_or(true),
            thinking: raw.reasoning_effort.is_some_and(|effort| effort != "none"),
            format: Format::from(raw.response_format),
            max_tokens,
            stop: Texts::list(raw.stop),
            input_tokens: weight::input_tokens(body),
        };
        let include_usage = raw.stream_options.and_then(|options| options.include_usage).unwrap_or(false);
        Ok(Self { ask, choices: choices(raw.n)?, include_usage })
    }
}

impl Function {
    /// A function without parameters takes none.
    fn tool(self) -> Tool {
        Tool { name: self.name, schema: self.parameters.unwrap_or_else(no_arguments) }
    }
}

fn choice(raw: Option<ToolChoice>) -> Choice {
    match raw {
        Some(ToolChoice::Mode(mode)) if mode == "none" => Choice::None,
        Some(ToolChoice::Named { function: Some(function) }) => Choice::Named(function.name),
        _ => Choice::Any,
    }
}

fn said(messages: &[Message]) -> Said {
    let turns = || {
        let instructs = |role| matches!(role, Role::System | Role::Developer);
        messages.iter().rev().filter(move |message| !instructs(message.role))
    };
    let result = |message: &&Message| matches!(message.role, Role::Tool | Role::Function);
    let text = |message: &Message| message.content.as_ref().map(Content::all_text).unwrap_or_default();
    let mut results: Vec<String> = turns().take_while(result).map(text).collect();
    if !results.is_empty() {
        results.reverse();
        return Said::Results(results);
    }
    let prompt = turns().find(|message| message.role == Role::User);
    Said::Prompt(
        prompt.and_then(|message| message.content.as_ref()).map(Content::last_text).unwrap_or_default(),
    )
}
