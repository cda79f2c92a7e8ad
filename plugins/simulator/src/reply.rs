//! What the simulator says, whatever the dialect.

use ccproxy_wire::Family;

use crate::answer::models;
use crate::ids::Ids;
use crate::problem::Problem;
use crate::request::{Ask, Choice, Format, Said, Tool};
use crate::schema;
use crate::script::Script;
use crate::token::{self, Budget};

/// Stands in every text: nobody shall take the simulator for a model.
pub(crate) const NOTICE: &str = "This is ccproxy's simulator; no model was asked.";

const THOUGHT: &str = "No model thinks here: ccproxy's simulator answers by rule.";

/// How much of a prompt or a result is quoted, in characters.
const QUOTE: usize = 400;

/// A finished answer, before a dialect gives it its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The thoughts, if any were asked for.
    pub(crate) thinking: Option<Thinking>,
    /// The text; there is none if thinking has used all tokens.
    pub(crate) text: Option<String>,
    /// The tools that are called, after the text.
    pub(crate) calls: Vec<ToolCall>,
    /// Why it ends.
    pub(crate) stop: Stop,
    /// What it costs.
    pub(crate) usage: Usage,
}

/// Thoughts, with what proves to the provider that they are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thinking {
    pub(crate) text: String,
    pub(crate) seal: String,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    /// A JSON object as text.
    pub(crate) arguments: String,
}

/// Why an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    End,
    ToolUse,
    MaxTokens,
    Sequence(String),
}

/// Tokens used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    /// Thinking included.
    pub(crate) output: u64,
    pub(crate) thinking: u64,
}

/// Makes the reply to a request.
pub(crate) fn compose(family: Family, ask: &Ask, script: &Script, ids: &Ids) -> Result<Reply, Problem> {
    let tools = to_call(family, ask, script)?;
    let mut budget = Budget::new(ask.max_tokens);
    let thinking = (ask.thinking || script.thinking || ask.model == models::THINKING)
        .then(|| Thinking { text: budget.spend(THOUGHT), seal: ids.seal("signature") });
    let thought = thinking.as_ref().map_or(0, |thinking| token::count(&thinking.text));

    let (text, stopped) = cut_at_stop(&full_text(ask, script, &tools), &ask.stop);
    let text = Some(budget.spend(&text)).filter(|text| !text.is_empty());
    let mut calls = Vec::new();
    if stopped.is_none() && !budget.exceeded() {
        for tool in tools {
            let arguments = schema::sample(&tool.schema).to_string();
            if !budget.spend_whole(&arguments) {
                break;
            }
            calls.push(ToolCall { name: tool.name.clone(), arguments });
        }
    }
    let stop = match stopped {
        _ if budget.exceeded() => Stop::MaxTokens,
        Some(sequence) => Stop::Sequence(sequence),
        None if calls.is_empty() => Stop::End,
        None => Stop::ToolUse,
    };
    let said = token::count(text.as_deref().unwrap_or_default());
    let asked: u64 = calls.iter().map(|call| token::count(&call.arguments)).sum();
    let usage = Usage { input: ask.input_tokens, output: thought + said + asked, thinking: thought };
    Ok(Reply { thinking, text, calls, stop, usage })
}

/// The tools to call: none after a result, else the one that is named or the first, or two on order.
fn to_call<'a>(family: Family, ask: &'a Ask, script: &Script) -> Result<Vec<&'a Tool>, Problem> {
    if let Choice::Named(name) = &ask.choice {
        let tool = ask.tools.iter().find(|tool| tool.name == *name);
        let unknown = || match family {
            Family::Anthropic => format!("tool_choice.name: Tool '{name}' not found in provided tools"),
            Family::OpenAi => format!("Tool choice '{name}' not found in 'tools' parameter."),
        };
        let tool = tool.ok_or_else(|| Problem::invalid(unknown()).param("tool_choice"))?;
        return Ok(if ask.answers_tools() { Vec::new() } else { vec![tool] });
    }
    if ask.choice == Choice::None || ask.answers_tools() {
        return Ok(Vec::new());
    }
    let most = if script.parallel_tools && ask.parallel { 2 } else { 1 };
    Ok(ask.tools.iter().take(most).collect())
}

fn full_text(ask: &Ask, script: &Script, tools: &[&Tool]) -> String {
    if tools.is_empty() {
        match &ask.format {
            Format::Text => {}
            Format::Json => return format!(r#"{{"simulated":true,"notice":"{NOTICE}"}}"#),
            Format::Schema(schema) => return schema::sample(schema).to_string(),
        }
    }
    let said = match (&script.text, tools, &ask.said) {
        (Some(text), ..) => text.clone(),
        (None, [], Said::Prompt(prompt)) => format!("You said: {}", quote(prompt)),
        (None, [], Said::Results(results)) => format!("The tool returned: {}", quote(&results.join("; "))),
        (None, tools, _) => {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            format!("Calling {} with made-up arguments.", names.join(" and "))
        }
    };
    let text = format!("{NOTICE} {said}");
    match script.tokens {
        Some(tokens) => padded(&text, tokens),
        None => text,
    }
}

fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The text with exactly this number of tokens: cut, or filled up with numbers.
fn padded(text: &str, tokens: usize) -> String {
    let mut padded: String = token::pieces(text).take(tokens).collect();
    let has = usize::try_from(token::count(&padded)).unwrap_or(tokens);
    for number in has + 1..=tokens {
        padded.push(' ');
        padded.push_str(&number.to_string());
    }
    padded
}

/// The text before the first stop sequence in it, and which that is.
fn cut_at_stop(text: &str, stops: &[String]) -> (String, Option<String>) {
    let first = stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| Some((text.find(stop.as_str())?, stop)))
        .min_by_key(|(at, _)| *at);
    match first {
        Some((at, stop)) => (text.get(..at).unwrap_or_default().to_owned(), Some(stop.clone())),
        None => (text.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_sequences() {
        let check = |stops: &[&str], expect: (&str, Option<&str>)| {
            let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
            let got = cut_at_stop("one two three", &stops);
            assert_eq!((got.0.as_str(), got.1.as_deref()), expect);
        };
        check(&[], ("one two three", None));
        check(&["four", ""], ("one two three", None));
        check(&["three", "two"], ("one ", Some("two")));
    }

    #[test]
    fn padding_is_exact() {
        for tokens in [0, 1, 3, 50] {
            assert_eq!(token::count(&padded("one two three four", tokens)), tokens as u64);
        }
    }

    #[test]
    fn quotes_are_bounded() {
        assert_eq!(quote("short"), "short");
        assert_eq!(quote(&"ä".repeat(1000)).chars().count(), QUOTE + 1);
    }
}
