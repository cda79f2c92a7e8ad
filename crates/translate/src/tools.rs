//! What a provider has to be told of tools in other words, and how to take its answer back.
//!
//! OpenAI takes names of up to 64 letters, digits, `_` and `-`; Anthropic up to 128 of the same. And a custom tool, whose
//! input is free text, becomes a function with one argument where the provider knows functions only.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use ccproxy_wire::Dialect;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::request::{Request, Tool, ToolKind};

/// The one argument of a function that stands for a custom tool.
pub(crate) const INPUT: &str = "input";

/// The tools of a request under the names that the provider knows, where these differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToolNames {
    limit: usize,
    /// From the provider's name to the client's.
    clients: BTreeMap<String, String>,
    /// The custom tools that go as functions, by the client's name.
    custom: BTreeSet<String>,
    functions: bool,
}

impl ToolNames {
    /// Learns the tools of a request for a provider of this dialect.
    pub(crate) fn of(request: &Request, provider: Dialect) -> Self {
        let limit = if provider == Dialect::Messages { 128 } else { 64 };
        let mut names = Self { limit, functions: request.functions, ..Self::default() };
        for tool in &request.tools {
            names.learn(tool, provider);
        }
        names
    }

    fn learn(&mut self, tool: &Tool, provider: Dialect) {
        let theirs = self.theirs(&tool.name);
        if theirs != tool.name {
            self.clients.insert(theirs, tool.name.clone());
        }
        if matches!(tool.kind, ToolKind::Custom { .. }) && provider != Dialect::Responses {
            self.custom.insert(tool.name.clone());
        }
    }

    /// The name that the provider is told; the same for the same name in every turn.
    pub(crate) fn theirs(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !name.is_empty() && name.len() <= self.limit && name.chars().all(plain) {
            return name.to_owned();
        }
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let mark = format!("_{:08x}", hasher.finish() & 0xffff_ffff);
        let kept = name.chars().map(|c| if plain(c) { c } else { '_' });
        kept.take(self.limit - mark.len()).chain(mark.chars()).collect()
    }

    /// The client's name of a tool that the provider calls.
    pub(crate) fn clients<'a>(&'a self, theirs: &'a str) -> &'a str {
        self.clients.get(theirs).map_or(theirs, String::as_str)
    }

    /// Whether the client knows the tool, by its own name, as a custom one, while the provider has it as a function.
    pub(crate) fn is_custom(&self, name: &str) -> bool {
        self.custom.contains(name)
    }

    /// Chat: whether the client knows tools in their older form only.
    pub(crate) fn are_functions(&self) -> bool {
        self.functions
    }
}

/// A function's schema as OpenAI takes it: an object tells its properties, even if it has none. Functions without
/// arguments, above all those of MCP servers, mostly leave them out.
pub(crate) fn openai_schema(schema: Option<&RawValue>) -> Cow<'_, RawValue> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        r#type: Option<Cow<'a, str>>,
        #[serde(borrow)]
        properties: Option<&'a RawValue>,
    }

    let text = schema.map_or("{}", |schema| schema.get().trim());
    let mended = match serde_json::from_str(text) {
        Ok(Object { r#type: Some(kind), properties: None }) if kind == "object" => {
            text.strip_suffix('}').map(|open| format!(r#"{open},"properties":{{}}}}"#))
        }
        _ if text == "{}" => Some(r#"{"type":"object","properties":{}}"#.to_owned()),
        _ => None,
    };
    let mended = mended.and_then(|text| RawValue::from_string(text).ok());
    mended.map(Cow::Owned).or(schema.map(Cow::Borrowed)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, custom: bool) -> Tool {
        let kind = match custom {
            true => ToolKind::Custom { format: None },
            false => ToolKind::Function { schema: None, strict: None },
        };
        Tool { name: name.to_owned(), description: None, kind, cache: None }
    }

    #[test]
    fn schemas() {
        let check = |schema: &str, expect: &str| {
            let schema = RawValue::from_string(schema.to_owned()).unwrap();
            assert_eq!(openai_schema(Some(&schema)).get(), expect);
        };
        check(r#"{"type":"object"}"#, r#"{"type":"object","properties":{}}"#);
        check(r#"{"type":"object","properties":{"a":{}}}"#, r#"{"type":"object","properties":{"a":{}}}"#);
        check(r#"{"anyOf":[]}"#, r#"{"anyOf":[]}"#);
        check(r#"{"type":["object"]}"#, r#"{"type":["object"]}"#);
        check("{}", r#"{"type":"object","properties":{}}"#);
        assert_eq!(openai_schema(None).get(), r#"{"type":"object","properties":{}}"#);
    }

    #[test]
    fn names() {
        let long = "mcp__a_server_with_a_long_name__".repeat(3);
        let tools = vec![
            tool("plain-name_1", false),
            tool(&long, false),
            tool("böse name", false),
            tool("patch", true),
        ];
        let request = Request { tools, ..Request::default() };
        for (provider, limit, custom) in
            [(Dialect::Chat, 64, true), (Dialect::Responses, 64, false), (Dialect::Messages, 128, true)]
        {
            let names = ToolNames::of(&request, provider);
            for tool in &request.tools {
                let theirs = names.theirs(&tool.name);
                assert!(theirs.len() <= limit && theirs.is_ascii(), "{theirs}");
                assert_eq!(names.clients(&theirs), tool.name);
            }
            assert_eq!(names.theirs("plain-name_1"), "plain-name_1");
            assert_eq!(names.theirs(&long).len(), limit.min(long.len()));
            assert_eq!((names.is_custom("patch"), names.is_custom("plain-name_1")), (custom, false));
        }
    }
}
