//! Requests of OpenAI Responses.

use ccproxy_wire::Family;
use ccproxy_wire::responses::echo::Echo;
use serde::Deserialize;
use serde_json::Value;

use super::content::{Content, Nested};
use super::{Ask, Choice, Format, RawFormat, Said, Tool, limit, no_arguments, read, required, weight};
use crate::problem::Problem;

/// A request, and what only this dialect has.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    /// What the answer repeats of the request.
    pub(crate) echo: Echo,
    /// Whether reasoning is handed out sealed, for the client to bring back.
    pub(crate) encrypted: bool,
}

#[derive(Debug, Deserialize)]
struct Raw {
    model: Option<String>,
    input: Option<Input>,
    max_output_tokens: Option<u64>,
    stream: Option<bool>,
    tools: Option<Vec<RawTool>>,
    tool_choice: Option<ToolChoice>,
    parallel_tool_calls: Option<bool>,
    reasoning: Option<Reasoning>,
    include: Option<Vec<String>>,
    text: Option<Text>,
    previous_response_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or a list of items")]
enum Input {
    Text(String),
    Items(Vec<Item>),
}

#[derive(Debug, Deserialize)]
struct Item {
    r#type: Option<String>,
    role: Option<String>,
    content: Option<Content>,
    output: Option<Nested>,
}

#[derive(Debug, Deserialize)]
struct RawTool {
    r#type: String,
    name: Option<String>,
    parameters: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string or an object with a type")]
enum ToolChoice {
    Mode(String),
    Typed { r#type: String, name: Option<String> },
}

#[derive(Debug, Deserialize)]
struct Reasoning {
    effort: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Text {
    format: Option<RawFormat>,
}

impl Request {
    /// Reads `POST responses`.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let family = Family::OpenAi;
        let raw: Raw = read(family, body)?;
        let mut echo = Echo::of(body);
        // Nothing is ever stored, whatever the request says.
        echo.say("store", false);
        if let Some(id) = raw.previous_response_id {
            // Nothing is stored, so to go on as if the turn were known would be a lie.
            let text = format!("Previous response with id '{id}' not found.");
            let problem = Problem::invalid(text).code("previous_response_not_found");
            return Err(problem.param("previous_response_id"));
        }
        let ask = Ask {
            model: required(family, "model", raw.model)?,
            stream: raw.stream.unwrap_or(false),
            said: said(&required(family, "input", raw.input)?),
            tools: raw.tools.unwrap_or_default().into_iter().filter_map(RawTool::callable).collect(),
            choice: choice(raw.tool_choice),
            parallel: raw.parallel_tool_calls.unwrap_or(true),
            thinking: raw.reasoning.is_some_and(|reasoning| reasoning.effort.as_deref() != Some("none")),
            format: Format::from(raw.text.and_then(|text| text.format)),
            max_tokens: limit(family, "max_output_tokens", raw.max_output_tokens)?,
            stop: Vec::new(),
            input_tokens: weight::input_tokens(body),
        };
        let include = raw.include.unwrap_or_default();
        let encrypted = include.iter().any(|what| what == "reasoning.encrypted_content");
        Ok(Self { ask, echo, encrypted })
    }
}

impl RawTool {
    /// Only functions have arguments with a schema.
    fn callable(self) -> Option<Tool> {
        let name = self.name.filter(|_| self.r#type == "function")?;
        Some(Tool { name, schema: self.parameters.unwrap_or_else(no_arguments) })
    }
}

fn choice(raw: Option<ToolChoice>) -> Choice {
    match raw {
        Some(ToolChoice::Mode(mode)) if mode == "none" => Choice::None,
        Some(ToolChoice::Typed { r#type, name: Some(name) }) if r#type == "function" => Choice::Named(name),
        _ => Choice::Any,
    }
}

fn said(input: &Input) -> Said {
    let items = match input {
        Input::Text(text) => return Said::Prompt(text.clone()),
        Input::Items(items) => items,
    };
    let instructs = |item: &&Item| !matches!(item.role.as_deref(), Some("system" | "developer"));
    let turns = || items.iter().rev().filter(instructs);
    let mut results: Vec<String> = turns().map_while(|item| item.output.as_ref()).map(Nested::text).collect();
    if !results.is_empty() {
        results.reverse();
        return Said::Results(results);
    }
    let prompt = turns().find(|item| {
        matches!(item.r#type.as_deref(), None | Some("message")) && item.role.as_deref() == Some("user")
    });
    Said::Prompt(prompt.and_then(|item| item.content.as_ref()).map(Content::last_text).unwrap_or_default())
}
