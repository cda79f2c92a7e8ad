//! The configuration as it is in force: TOML with secrets masked and each key's origin beside it.

use std::fmt::Write;

use crate::secret::MASK;
use crate::settings::Settings;
use crate::tree::{Entry, Node, Value, parse_raw};

impl Settings {
    /// The merged configuration as TOML, the origin of each key in a comment behind it. Secrets are masked, and so is
    /// whatever looks like one.
    #[must_use]
    pub fn show(&self) -> String {
        let mut out = String::new();
        table(&mut out, &mut Vec::new(), self.tree.entries());
        out
    }
}

/// Keys first, then tables, then lists of tables, as TOML wants it.
fn table(out: &mut String, path: &mut Vec<String>, entries: &[Entry]) {
    let mut later = Vec::new();
    for entry in entries {
        let mut node = entry.node.clone();
        node.expand();
        if is_table(&node) || is_table_list(&node) {
            later.push((entry.key.as_str(), node));
        } else {
            path.push(entry.key.clone());
            let line = format!("{} = {}", bare(&entry.key), inline(&node, path));
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{line:<40} # {}", node.place);
            path.pop();
        }
    }
    later.sort_by_key(|(_, node)| is_table_list(node));
    for (key, node) in later {
        path.push(key.to_owned());
        let header = path.iter().map(|part| bare(part)).collect::<Vec<_>>().join(".");
        if is_table(&node) {
            heading(out, &format!("[{header}]"), node.entries());
            table(out, path, node.entries());
        } else {
            for (_, item) in node.items() {
                heading(out, &format!("[[{header}]]"), item.entries());
                table(out, path, item.entries());
            }
        }
        path.pop();
    }
}

/// The heading of a table; none for one that only holds tables.
fn heading(out: &mut String, heading: &str, entries: &[Entry]) {
    if heading.starts_with("[[") || entries.is_empty() || entries.iter().any(|entry| !is_table(&entry.node)) {
        let gap = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{heading}");
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}

fn is_table_list(node: &Node) -> bool {
    node.items().next().is_some() && node.items().all(|(_, item)| is_table(item))
}

fn inline(node: &Node, path: &mut Vec<String>) -> String {
    match &node.value {
        Value::Text(text) => quoted(&masked(path, text)),
        Value::Raw(text) => match parse_raw(text, &node.place) {
            Some(parsed) if !is_secret_number(path) => inline(&parsed, path),
            _ => quoted(&masked(path, text)),
        },
        Value::Integer(_) | Value::Float(_) if is_secret_number(path) => quoted(MASK),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => toml::Value::Float(*number).to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Array(_) => {
            let items: Vec<String> = node.items().map(|(index, item)| item_of(path, index, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(entries) => {
            let mut parts = Vec::new();
            for entry in entries {
                path.push(entry.key.clone());
                parts.push(format!("{} = {}", bare(&entry.key), inline(&entry.node, path)));
                path.pop();
            }
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

/// The arguments of a command may hold secrets; the program is worth seeing.
fn item_of(path: &mut Vec<String>, index: usize, item: &Node) -> String {
    let is_command = path.last().is_some_and(|key| key == "command");
    match &item.value {
        Value::Text(program) if is_command && index == 0 => quoted(&without_credentials(program)),
        _ if is_command => quoted(MASK),
        _ => inline(item, path),
    }
}

/// What the names of keys that hold secrets end with.
const SECRET_ENDS: [&str; 12] = [
    "value",
    "token",
    "tokens",
    "key",
    "keys",
    "secrets",
    "passwords",
    "passwd",
    "passphrase",
    "cookie",
    "cookies",
    "hash",
];

/// What the names of keys that hold secrets may have anywhere.
const SECRET_WORDS: [&str; 5] = ["secret", "password", "credential", "apikey", "authorization"];

/// Keys below such a one that only say where the secret is, or what it is good for.
const HARMLESS: [&str; 19] = [
    "env",
    "file",
    "ttl",
    "name",
    "models",
    "token_url",
    "client_auth",
    "scope",
    "audience",
    "providers",
    "created",
    "expires",
    "revoked",
    "rotated",
    "until",
    "requests_per_minute",
    "tokens_per_minute",
    "concurrency",
    "streams",
];

/// How the secrets of known vendors begin.
const SECRET_STARTS: [&str; 9] =
    ["sk-", "sk_", "ghp_", "gho_", "github_pat_", "xox", "AIza", "eyJ", "Bearer "];

fn is_secret(path: &[String]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let below = above.iter().any(|key| names_secret(key) || key.ends_with("headers"));
    names_secret(last) || (below && !HARMLESS.contains(&last.as_str()))
}

fn names_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_ENDS.iter().any(|end| key.ends_with(end)) || SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Numbers are shown under names such as `max_tokens`, which count.
fn is_secret_number(path: &[String]) -> bool {
    is_secret(path) && !path.last().is_some_and(|key| key.ends_with("tokens"))
}

fn masked(path: &[String], text: &str) -> String {
    if is_secret(path) || SECRET_STARTS.iter().any(|start| text.starts_with(start)) {
        return MASK.to_owned();
    }
    without_credentials(text)
}

/// A URL without its user, password and query; any other text as it is.
fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (rest, query) = match rest.find(['?', '#']) {
        Some(at) => (rest.get(..at).unwrap_or(""), format!("?{MASK}")),
        None => (rest, String::new()),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at).unwrap_or((rest, "")),
        None => (rest, ""),
    };
    // A password may hold a slash; whatever stands before the last at sign is hidden.
    let (authority, path) = match (authority.rfind('@'), path.rfind('@')) {
        (_, Some(at)) => (format!("{MASK}@"), path.get(at + 1..).unwrap_or("")),
        (Some(at), None) => (format!("{MASK}{}", authority.get(at..).unwrap_or("")), path),
        (None, None) => (authority.to_owned(), path),
    };
    format!("{scheme}://{authority}{path}{query}")
}

fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_what_is_secret() {
        let check = |text, expect: &str| assert_eq!(without_credentials(text), expect);
        check("https://api.anthropic.com/v1", "https://api.anthropic.com/v1");
        check("http://me:hush@proxy:3128", "http://***@proxy:3128");
        check("http://me:hu/sh@proxy:3128", "http://***@proxy:3128");
        check("https://x.dev/v1?key=hush#hush", "https://x.dev/v1?***");
        check("no url", "no url");
    }

    #[test]
    fn knows_keys_of_secrets() {
        let check = |path: &str, expect| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            assert_eq!(is_secret(&path), expect, "{path:?}");
        };
        check("auth.token", true);
        check("auth.token.value", true);
        check("auth.token.env", false);
        check("auth.token.evn", true);
        check("providers.x.credentials.oauth.token_url", false);
        check("providers.x.credentials.oauth.client_secret", true);
        check("providers.x.credentials.oauth.refresh_token.value", true);
        check("providers.x.credentials.oauth.refresh_token.file", false);
        check("providers.x.credentials", true);
        check("providers.x.extra_headers.x-team", true);
        check("providers.x.api-key", true);
        check("providers.x.timeouts.headers", false);
        check("server.max_headers", false);
        check("providers.x.tokens_per_second", false);
        check("providers.x.base_url", false);
        check("server.header_bytes", false);
        check("auth.keys.name", false);
        check("auth.keys.hash", true);
        check("server.keep_alive", false);
    }
}
