//! Untyped JSON stays where it must be.

use regex::Regex;

use super::Violation;
use super::sources::Source;

/// Where untyped JSON may be, and why. Tests may use it everywhere.
const ALLOWED: [(&str, &str); 8] = [
    ("crates/wire/src/", "maps of fields that nobody here knows"),
    ("crates/config/src/docs.rs", "a JSON Schema is JSON"),
    ("crates/config/src/schema.rs", "a JSON Schema is JSON"),
    ("crates/config/src/settings/load.rs", "defaults become a tree by way of JSON"),
    ("crates/testkit/src/", "a scripted provider plays whatever it is told"),
    ("plugins/request-tracer/src/", "bodies are whatever passed"),
    ("plugins/simulator/src/", "tools and structured output have schemas of the client's making"),
    ("bench/src/", "a mock builds whatever body it is told"),
];

pub(super) fn check(source: &Source) -> anyhow::Result<Vec<Violation>> {
    if ALLOWED.iter().any(|(path, _)| source.path.starts_with(path)) {
        return Ok(Vec::new());
    }
    let value = Regex::new(r"serde_json::(?:\{[^}]*\b)?Value\b")?;
    let found = value.find_iter(source.code()).map(|found| {
        let what = "untyped JSON; give it a type, or a line with the reason in xtask/src/rules/values.rs";
        Violation::new(source.place(found.start()), what)
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untyped_json_is_found() {
        let check = |path: &str, text: &str, expect| {
            let source = Source { path: path.to_owned(), text: text.to_owned() };
            assert_eq!(check(&source).unwrap().len(), expect, "{path} {text}");
        };
        check("crates/server/src/x.rs", "use serde_json::Value;", 1);
        check("crates/server/src/x.rs", "use serde_json::{Map, Value as Json, json};", 1);
        check("crates/server/src/x.rs", "fn x(x: &serde_json::Value) {}", 1);
        check("crates/server/src/x.rs", "serde_json::to_string(&x)", 0);
        check("crates/server/src/x.rs", "use serde_json::{Map, json};\nstruct Value;", 0);
        check("crates/server/src/x.rs", "x\n#[cfg(test)]\nmod tests {\n    use serde_json::Value;\n}", 0);
        check("crates/server/tests/it/main.rs", "use serde_json::Value;", 0);
        check("crates/wire/src/models.rs", "use serde_json::Value;", 0);
    }
}
