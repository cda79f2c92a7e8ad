//! The manual of the configuration, made from its schema.

use std::collections::VecDeque;
use std::fmt::Write;

use serde_json::Value as Json;

const HEAD: &str = include_str!("docs/head.md");

/// `docs/CONFIG.md`: every key with its type, its default and what it does, from what [`schema`](crate::schema())
/// returns.
#[must_use]
pub fn config_md(schema: &Json) -> String {
    let mut book = Book { schema, out: HEAD.to_owned(), queue: VecDeque::new(), done: Vec::new() };
    for (name, section) in properties(schema) {
        match name.as_str() {
            "routes" => book.chapter("## `[[routes]]`", section, section.get("items")),
            "providers" => book.providers(section),
            "plugins" => book.plugins(section),
            _ => book.chapter(&format!("## `[{name}]`"), section, Some(section)),
        }
    }
    book.types();
    book.out
}

struct Book<'a> {
    schema: &'a Json,
    out: String,
    /// Types that were mentioned and are still to be explained.
    queue: VecDeque<String>,
    done: Vec<String>,
}

impl<'a> Book<'a> {
    fn chapter(&mut self, heading: &str, described: &'a Json, keys: Option<&'a Json>) {
        let description = self.description(described);
        self.line(&format!("\n{heading}\n\n{description}"));
        let Some(object) = keys.map(|keys| self.resolve(keys)) else { return };
        if properties(object).next().is_none() {
            return;
        }
        self.line("\n| key | type | default | |\n|---|---|---|---|");
        for (key, schema) in properties(object) {
            let row =
                [format!("`{key}`"), self.kind(schema), default(object, key, schema), self.prose(schema)];
            let row: Vec<String> =
                row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
            self.line(&format!("| {} |", row.join(" | ")));
        }
    }

    fn providers(&mut self, section: &'a Json) {
        let description = self.description(section);
        self.line(&format!("\n## `[providers.<name>]`\n\n{description}"));
        let kinds = section.pointer("/additionalProperties/oneOf").and_then(Json::as_array);
        for kind in kinds.into_iter().flatten() {
            let resolved = self.resolve(kind);
            let name = resolved.pointer("/properties/kind/const").and_then(Json::as_str).unwrap_or_default();
            self.chapter(&format!("### `kind = \"{name}\"`"), kind, Some(kind));
        }
    }

    fn plugins(&mut self, section: &'a Json) {
        let description = self.description(section);
        self.line(&format!("\n## `[plugins.<name>]`\n\n{description}"));
        for (name, schema) in properties(section) {
            self.chapter(&format!("### `[plugins.{name}]`"), schema, Some(schema));
        }
    }

    fn types(&mut self) {
        if !self.queue.is_empty() {
            self.line("\n## Types");
        }
        while let Some(name) = self.queue.pop_front() {
            let Some(schema) = self.schema.get("$defs").and_then(|defs| defs.get(&name)) else { continue };
            self.chapter(&format!("### {name}"), schema, Some(schema));
        }
    }

    /// The schema itself, or the definition it refers to.
    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let name = reference(schema);
        name.and_then(|name| self.schema.get("$defs")?.get(name)).unwrap_or(schema)
    }

    fn description(&self, schema: &'a Json) -> String {
        let text = schema.get("description").or_else(|| self.resolve(schema).get("description"));
        text.and_then(Json::as_str).unwrap_or_default().to_owned()
    }

    /// What a key does, and what each of its choices means.
    fn prose(&self, schema: &'a Json) -> String {
        let mut text = self.description(schema);
        for choice in choices(self.resolve(schema)) {
            if let (Some(name), Some(what)) =
                (choice.get("const").and_then(Json::as_str), choice.get("description"))
            {
                // Writing to a string cannot fail.
                let _ = write!(text, " `{name}`: {}", what.as_str().unwrap_or_default());
            }
        }
        text
    }

    fn kind(&mut self, schema: &'a Json) -> String {
        if let Some(name) = reference(schema) {
            let resolved = self.resolve(schema);
            if properties(resolved).next().is_some() {
                return self.mention(name);
            }
            return self.kind(resolved);
        }
        if let Some(value) = schema.get("const").and_then(Json::as_str) {
            return format!("`\"{value}\"`");
        }
        if let Some(any) = schema.get("anyOf").and_then(Json::as_array) {
            let real = any.iter().find(|one| one.get("type").and_then(Json::as_str) != Some("null"));
            return real.map_or_else(String::new, |real| self.kind(real));
        }
        let names: Vec<String> = choices(schema).filter_map(name_of_choice).collect();
        if !names.is_empty() {
            return names.join(" | ");
        }
        if let Some(format @ ("duration" | "bytes" | "dollars")) = schema.get("format").and_then(Json::as_str)
        {
            return format.to_owned();
        }
        match type_name(schema) {
            "array" => match schema.get("items") {
                Some(items) => format!("list of {}", self.kind(items)),
                None => "list".to_owned(),
            },
            "object" => match schema.get("additionalProperties") {
                Some(values @ Json::Object(_)) => format!("table of {}", self.kind(values)),
                _ => "table".to_owned(),
            },
            other => other.to_owned(),
        }
    }

    fn mention(&mut self, name: &str) -> String {
        if !self.done.iter().any(|done| done == name) {
            self.done.push(name.to_owned());
            self.queue.push_back(name.to_owned());
        }
        format!("[{name}](#{})", name.to_lowercase().replace('.', ""))
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn properties(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema.get("properties").and_then(Json::as_object).into_iter().flatten()
}

fn reference(schema: &Json) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

/// The choices of an enumeration, with or without descriptions.
fn choices(schema: &Json) -> impl Iterator<Item = &Json> {
    let list = |key| schema.get(key).and_then(Json::as_array).into_iter().flatten();
    list("oneOf").chain(list("enum"))
}

fn name_of_choice(choice: &Json) -> Option<String> {
    let name = choice.as_str().or_else(|| choice.get("const")?.as_str());
    if let Some(name) = name {
        return Some(format!("`{name}`"));
    }
    let several: Vec<String> = choices(choice).filter_map(name_of_choice).collect();
    (!several.is_empty()).then(|| several.join(" | "))
}

/// The JSON type in TOML's words; the first that is not null.
fn type_name(schema: &Json) -> &str {
    let kind = match schema.get("type") {
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        Some(one) => one.as_str(),
        None => None,
    };
    kind.unwrap_or("any")
}

fn default(object: &Json, key: &str, schema: &Json) -> String {
    let required = object.get("required").and_then(Json::as_array);
    match schema.get("default") {
        Some(Json::Null) => "none".to_owned(),
        Some(value) => format!("`{}`", toml_text(value)),
        None if required.is_some_and(|names| names.iter().any(|name| name == key)) => "required".to_owned(),
        None => "none".to_owned(),
    }
}

/// A value as one would write it in the file.
fn toml_text(value: &Json) -> String {
    match value {
        Json::Object(map) if map.is_empty() => "{}".to_owned(),
        Json::Object(map) => {
            let parts: Vec<String> =
                map.iter().map(|(key, value)| format!("{key} = {}", toml_text(value))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SecretSource, Timeouts, schema};

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    /// A provider for this test.
    struct Plugin {
        /// The address of the upstream.
        base_url: String,
        credentials: Vec<SecretSource>,
        timeouts: Option<Timeouts>,
        extra_headers: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn golden() {
        insta::assert_snapshot!(config_md(&schema(&[("anthropic", schemars::schema_for!(Plugin))], &[])));
    }

    #[test]
    fn mentions_every_key() {
        fn check(schema: &Json, text: &str) -> usize {
            let own = properties(schema).inspect(|(key, _)| {
                let is_section =
                    text.contains(&format!("[{key}]")) || text.contains(&format!("[{key}.<name>]"));
                assert!(is_section || text.contains(&format!("| `{key}` |")), "{key} is missing");
            });
            let own = own.count();
            let below = match schema {
                Json::Object(map) => map.values().map(|value| check(value, text)).sum(),
                Json::Array(items) => items.iter().map(|value| check(value, text)).sum(),
                _ => 0,
            };
            own + below
        }
        let schema = schema(&[("anthropic", schemars::schema_for!(Plugin))], &[]);
        let text = config_md(&schema);
        assert!(check(&schema, &text) > 40);
    }
}
