//! A file: what the case shows, its source, what the client has asked for, and the answer.

use ccproxy_wire::Dialect;
use serde_json::{Value, json};

use crate::golden::About;

/// A case, as its file tells it.
pub(super) struct Case<'a> {
    /// All before the translations.
    pub(super) head: &'a str,
    pub(super) whole: Option<&'a str>,
    pub(super) stream: Option<&'a str>,
    client: Vec<&'a str>,
}

/// What may be said of a client: that it wants the usage of a stream (Chat; without it there is none), has a function,
/// one with a long name, a custom tool, or its function in the older form (Chat).
const CLIENT: [&str; 5] = ["usage", "tools", "long", "custom", "functions"];

/// The function that is too long for OpenAI.
const LONG: &str = "mcp__a_server_with_a_name_that_is_long__and_a_tool_with_one_that_is_no_shorter";

impl<'a> Case<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let about = text.split("\n## ").next().unwrap_or_default();
        let about = About::parse(about)?;
        let client = about.words("client:", &CLIENT)?;
        let (whole, stream) = (fenced(text, "whole", "json")?, fenced(text, "stream", "text")?);
        if whole.is_none() && stream.is_none() {
            return Err("no answer".to_owned());
        }
        let head = text.find("\n## whole to ").into_iter().chain(text.find("\n## stream to "));
        Ok(Self { head: &text[..head.min().unwrap_or(text.len())], whole, stream, client })
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.client.contains(&word)
    }

    /// What the client has asked for.
    pub(super) fn asked(&self, client: Dialect) -> Value {
        let schema = || json!({ "type": "object", "properties": { "location": { "type": "string" } } });
        let mut tools: Vec<Value> = Vec::new();
        let names = [("tools", "get_weather"), ("long", LONG)];
        for (_, name) in names.into_iter().filter(|(word, _)| self.has(word)) {
            tools.push(match client {
                Dialect::Messages => json!({ "name": name, "input_schema": schema() }),
                Dialect::Chat => {
                    json!({ "type": "function", "function": { "name": name, "parameters": schema() } })
                }
                Dialect::Responses => {
                    json!({ "type": "function", "name": name, "parameters": schema(), "strict": false })
                }
            });
        }
        if self.has("custom") {
            tools.extend(match client {
                Dialect::Messages => None,
                Dialect::Chat => Some(json!({ "type": "custom", "custom": { "name": "apply_patch" } })),
                Dialect::Responses => Some(json!({ "type": "custom", "name": "apply_patch" })),
            });
        }
        let said = json!([{ "role": "user", "content": "Hi" }]);
        let mut body = match client {
            Dialect::Messages => json!({ "model": "claude-opus-4-6", "max_tokens": 1024, "messages": said }),
            Dialect::Chat => json!({ "model": "gpt-5.2", "messages": said }),
            Dialect::Responses => json!({ "model": "gpt-5.2", "input": said, "store": false }),
        };
        if !tools.is_empty() {
            body["tools"] = tools.into();
        }
        if client == Dialect::Chat {
            if self.has("usage") {
                body["stream_options"] = json!({ "include_usage": true });
            }
            if self.has("functions") {
                body["functions"] = json!([{ "name": "get_weather", "parameters": schema() }]);
            }
        }
        body
    }
}

/// What stands in a section; whether it is there at all.
fn fenced<'a>(text: &'a str, section: &str, language: &str) -> Result<Option<&'a str>, String> {
    let heading = format!("\n## {section}\n");
    let Some((_, rest)) = text.split_once(&heading) else { return Ok(None) };
    let rest = rest.strip_prefix(&format!("\n```{language}\n"));
    let rest = rest.ok_or_else(|| format!("## {section} is not followed by {language}"))?;
    let end = rest.find("\n```\n").ok_or_else(|| format!("## {section} does not end"))?;
    Ok(Some(&rest[..=end]))
}
