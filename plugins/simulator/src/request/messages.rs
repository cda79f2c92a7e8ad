//! Requests of Anthropic Messages.

use ccproxy_wire::Family;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::content::Content;
use super::{Ask, Choice, Format, RawFormat, Said, Tool, limit, read, required, weight};
use crate::problem::Problem;

/// Since this version of the API, sampling settings are refused.
const WITHOUT_SAMPLING: &str = "2026-10-21";

/// A request, and how to show the thoughts.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    /// The thoughts' text stays out; their signature is sent.
    pub(crate) omit_thinking: bool,
}

#[derive(Debug, Deserialize)]
struct Raw {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    max_tokens: Option<u64>,
    stream: Option<bool>,
    tools: Option<Vec<RawTool>>,
    tool_choice: Option<ToolChoice>,
    thinking: Option<Thinking>,
    output_config: Option<OutputConfig>,
    output_format: Option<RawFormat>,
    stop_sequences: Option<Vec<String>>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: Role,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
    System,
}

#[derive(Debug, Deserialize)]
struct RawTool {
    name: Option<String>,
    input_schema: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct ToolChoice {
    r#type: String,
    name: Option<String>,
    disable_parallel_tool_use: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Thinking {
    r#type: String,
    budget_tokens: Option<u64>,
    display: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OutputConfig {
    format: Option<RawFormat>,
}

impl Request {
    /// Reads `POST messages`.
    pub(crate) fn read(body: &[u8], headers: &HeaderMap) -> Result<Self, Problem> {
        let raw: Raw = read(Family::Anthropic, body)?;
        required(Family::Anthropic, "max_tokens", raw.max_tokens)?;
        raw.check_sampling(headers)?;
        raw.check_thinking()?;
        let omit_thinking =
            raw.thinking.as_ref().is_some_and(|thinking| thinking.display.as_deref() == Some("omitted"));
        Ok(Self { ask: raw.ask(body)?, omit_thinking })
    }

    /// Reads `POST messages/count_tokens` and counts.
    pub(crate) fn count(body: &[u8]) -> Result<u64, Problem> {
        let raw: Raw = read(Family::Anthropic, body)?;
        Ok(raw.ask(body)?.input_tokens)
    }
}

impl Raw {
    fn check_sampling(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let version = headers.get("anthropic-version").and_then(|version| version.to_str().ok());
        if version.is_none_or(|version| version < WITHOUT_SAMPLING) {
            return Ok(());
        }
        let given = [
            ("temperature", self.temperature.is_some()),
            ("top_p", self.top_p.is_some()),
            ("top_k", self.top_k.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((name, _)) => {
                let why = format!("not supported since anthropic-version {WITHOUT_SAMPLING}");
                Err(Problem::value(Family::Anthropic, name, &why))
            }
            None => Ok(()),
        }
    }

    fn check_thinking(&self) -> Result<(), Problem> {
        let budget = self.thinking.as_ref().and_then(|thinking| thinking.budget_tokens);
        if budget.zip(self.max_tokens).is_some_and(|(budget, most)| most <= budget) {
            let text = "`max_tokens` must be greater than `thinking.budget_tokens`.";
            return Err(Problem::invalid(text).param("max_tokens"));
        }
        Ok(())
    }

    fn ask(self, body: &[u8]) -> Result<Ask, Problem> {
        let family = Family::Anthropic;
        let messages = required(family, "messages", self.messages)?;
        if messages.is_empty() {
            return Err(Problem::value(family, "messages", "at least one message is required"));
        }
        let parallel =
            self.tool_choice.as_ref().and_then(|choice| choice.disable_parallel_tool_use) != Some(true);
        Ok(Ask {
            model: required(family, "model", self.model)?,
            stream: self.stream.unwrap_or(false),
            said: said(&messages),
            tools: self.tools.unwrap_or_default().into_iter().filter_map(RawTool::callable).collect(),
            choice: choice(self.tool_choice)?,
            parallel,
            thinking: self.thinking.is_some_and(|thinking| thinking.r#type != "disabled"),
            format: Format::from(self.output_config.and_then(|config| config.format).or(self.output_format)),
            max_tokens: limit(family, "max_tokens", self.max_tokens)?,
            stop: self.stop_sequences.unwrap_or_default(),
            input_tokens: weight::input_tokens(body),
        })
    }
}

impl RawTool {
    /// Tools without a schema are the vendor's own; the simulator has none.
    fn callable(self) -> Option<Tool> {
        Some(Tool { name: self.name?, schema: self.input_schema? })
    }
}

fn choice(raw: Option<ToolChoice>) -> Result<Choice, Problem> {
    match raw {
        Some(raw) if raw.r#type == "tool" => {
            Ok(Choice::Named(required(Family::Anthropic, "tool_choice.name", raw.name)?))
        }
        Some(raw) if raw.r#type == "none" => Ok(Choice::None),
        _ => Ok(Choice::Any),
    }
}

/// Clients put system messages in between; they are not a turn.
fn said(messages: &[Message]) -> Said {
    let results = messages.iter().rev().find(|message| message.role != Role::System);
    let results = results.map(|message| message.content.tool_results()).unwrap_or_default();
    if !results.is_empty() {
        return Said::Results(results);
    }
    let prompt = messages.iter().rev().find(|message| message.role == Role::User);
    Said::Prompt(prompt.map(|message| message.content.last_text()).unwrap_or_default())
}
