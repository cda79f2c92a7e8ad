//! Words that do not belong into finished code, and names that do not belong into a room.

use regex::Regex;

use super::Violation;
use super::sources::Source;

/// What must not stand where. The patterns are cut in two so that they do not find themselves.
const WORDS: [(&str, &str, &str); 5] = [
    ("", concat!(r"#\[ign", r"ore\b"), "a test that does not run proves nothing; mend it or remove it"),
    ("", concat!(r"\b(TO", r"DO|FIX", r"ME|XX", r"X)\b"), "finish it, or open an issue"),
    ("", concat!(r"\b(to", r"do|unimpl", r"emented)!"), "finish it, or leave it out"),
    (
        "crates/server/",
        r"ccproxy_plugin_(?:[b-z]|a[^p])",
        "the server names no plugin; the program's list does",
    ),
    ("crates/server/src/", r"status_mut\(|\(\s*StatusCode::[A-Z]", "only respond.rs picks a status code"),
];

/// Where the last rule does not hold: the one place that answers, and the pages whose status is their content.
const STATUS_PICKERS: [&str; 1] = ["crates/server/src/respond.rs"];

pub(super) fn check(source: &Source) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    if source.path.ends_with("/mod.rs") {
        violations.push(Violation::new(&source.path, "a module is foo.rs beside foo/, never mod.rs"));
    }
    for (room, pattern, why) in WORDS {
        let is_exempt = pattern.contains("StatusCode") && STATUS_PICKERS.contains(&source.path.as_str());
        if !source.path.starts_with(room) || is_exempt {
            continue;
        }
        let text = if pattern.contains("StatusCode") { source.code() } else { &source.text };
        violations.extend(Regex::new(pattern)?.find_iter(text).map(|found| {
            Violation::new(source.place(found.start()), format!("{}: {why}", found.as_str().trim()))
        }));
    }
    Ok(violations)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn words_are_found_where_they_must_not_be() {
        let check = |path: &str, text: &str, expect: &[&str]| {
            let source = Source { path: path.to_owned(), text: text.to_owned() };
            let places: Vec<String> = lines(check(&source).unwrap())
                .into_iter()
                .map(|line| line.rsplit_once(": ").unwrap().0.to_owned())
                .collect();
            assert_eq!(places, expect, "{text}");
        };
        check("a/src/x.rs", "fn x() {}\n", &[]);
        check("a/src/x/mod.rs", "", &["a/src/x/mod.rs"]);
        check(
            "a/tests/x.rs",
            concat!("x\n#[ign", "ore = \"slow\"]"),
            &[concat!("a/tests/x.rs:2: #[ign", "ore")],
        );
        check("a/src/x.rs", concat!("// TO", "DO: x"), &[concat!("a/src/x.rs:1: TO", "DO")]);
        check("a/src/x.rs", concat!("to", "do!()"), &[concat!("a/src/x.rs:1: to", "do!")]);
        let used = "use ccproxy_plugin_api::Call;\nuse ccproxy_plugin_anthropic::ENTRY;\nuse ccproxy_plugin_openai::X;";
        check("crates/ccproxy/src/x.rs", used, &[]);
        let found =
            ["crates/server/src/x.rs:2: ccproxy_plugin_an", "crates/server/src/x.rs:3: ccproxy_plugin_o"];
        check("crates/server/src/x.rs", used, &found);
        let status = "if status == StatusCode::OK {}\n(StatusCode::NOT_FOUND, \"\")";
        check("crates/server/src/x.rs", status, &["crates/server/src/x.rs:2: (StatusCode::N"]);
        check("crates/server/src/respond.rs", status, &[]);
        check("plugins/a/src/x.rs", status, &[]);
    }
}
