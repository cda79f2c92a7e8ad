//! What a turn of a conversation asks for: a tool call first where tools are offered, then a text.

use serde_json::{Map, Value, json};

/// What a shell tool is asked to run.
const COMMAND: &str = "echo scripted-tool-output";
/// A user who says this gets a text at once, whatever tools are offered.
const NO_TOOLS: &str = "no tools";
/// A user who says this gets two calls in one turn.
const BOTH_TOOLS: &str = "both tools";

/// A tool the client offers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    pub(super) name: String,
    pub(super) schema: Value,
}

/// A call the model makes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// What the model says in this turn.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    Text(String),
    Calls(Vec<Call>),
}

/// What matters of a request in any dialect.
pub(super) struct Asked {
    /// Results of tools that end the conversation so far; empty when it ends with a user's words.
    pub(super) results: Vec<String>,
    /// The last words of the user.
    pub(super) words: String,
    pub(super) offers: Vec<Offer>,
    /// The tool the client insists on.
    pub(super) insists_on: Option<String>,
    /// `tool_choice: none`.
    pub(super) forbidden: bool,
}

impl Asked {
    pub(super) fn turn(&self) -> Turn {
        if !self.results.is_empty() {
            return Turn::Text(format!("The tool said: {}", self.results.join(" | ").trim()));
        }
        let words = self.words.to_lowercase();
        if self.forbidden || words.contains(NO_TOOLS) {
            return Turn::Text(GREETING.to_owned());
        }
        let wanted = self.insists_on.as_deref();
        let first = self
            .offers
            .iter()
            .find(|offer| wanted == Some(&offer.name))
            .or_else(|| self.offers.iter().find(|offer| shell(&offer.name).is_some()))
            .or(self.offers.first());
        let Some(first) = first else { return Turn::Text(GREETING.to_owned()) };
        let mut calls = vec![call(0, first)];
        if words.contains(BOTH_TOOLS) {
            let other = self.offers.iter().find(|offer| offer.name != first.name);
            calls.extend(other.map(|offer| call(1, offer)));
        }
        Turn::Calls(calls)
    }
}

/// Not only ASCII, so that a text cut inside a character shows.
const GREETING: &str = "Hello from the scripted upstream – schön, 你好 👋.";

fn call(at: usize, offer: &Offer) -> Call {
    let arguments = shell(&offer.name).unwrap_or_else(|| sample(&offer.schema));
    Call { id: format!("01scripted{at}{:04x}", offer.name.len() * 31), name: offer.name.clone(), arguments }
}

/// The arguments by which the known shell tools echo a line.
fn shell(tool: &str) -> Option<Value> {
    match tool {
        "Bash" | "bash" => Some(json!({"command": COMMAND, "description": "Say a line"})),
        "shell" | "local_shell" => Some(json!({"command": ["bash", "-c", COMMAND]})),
        "shell_command" | "run_shell_command" => Some(json!({"command": COMMAND})),
        "exec_command" => Some(json!({"cmd": COMMAND})),
        _ => None,
    }
}

/// A value that fits a JSON schema: every required property, each with a plain value.
fn sample(schema: &Value) -> Value {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("string") => json!("scripted"),
        Some("integer") => json!(3),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let filled = required.map(|name| (name.to_owned(), sample(&schema["properties"][name])));
            Value::Object(filled.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, offered: &[&str], results: &[&str], expect: &[&str]) {
        let schema =
            json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
        let asked = Asked {
            results: results.iter().map(ToString::to_string).collect(),
            words: words.to_owned(),
            offers: offered
                .iter()
                .map(|name| Offer { name: (*name).to_owned(), schema: schema.clone() })
                .collect(),
            insists_on: None,
            forbidden: false,
        };
        let said = match asked.turn() {
            Turn::Text(text) => vec![text],
            Turn::Calls(calls) => calls.into_iter().map(|c| format!("{} {}", c.name, c.arguments)).collect(),
        };
        assert_eq!(said, expect);
    }

    #[test]
    fn a_tool_is_called_once_then_its_result_is_told() {
        check("weather?", &["weather"], &[], &[r#"weather {"city":"scripted"}"#]);
        check("weather?", &["weather"], &["rain\n"], &["The tool said: rain"]);
    }

    #[test]
    fn a_shell_is_preferred_and_the_user_decides() {
        check("go", &["Read", "exec_command"], &[], &[r#"exec_command {"cmd":"echo scripted-tool-output"}"#]);
        check("say hi, no tools", &["Bash"], &[], &[GREETING]);
        check("hi", &[], &[], &[GREETING]);
        check("use both tools", &["a", "b"], &[], &[r#"a {"city":"scripted"}"#, r#"b {"city":"scripted"}"#]);
    }
}
