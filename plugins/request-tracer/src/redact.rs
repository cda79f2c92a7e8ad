//! Secrets are taken out by where they stand: in headers, in queries and in JSON, under names that are used for them.

use http::HeaderMap;
use serde_json::Value;

/// What stands in a secret's place.
pub const REDACTED: &str = "[redacted]";

/// Parts of the names of headers and of a query's parameters.
const WORDS: &[&str] = &[
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "passwd",
    "password",
    "secret",
    "signature",
    "token",
];

/// Names in a body, in lower case and without what separates words. Shorter ones are too common: a key is pressed, a token has
/// a probability.
const FIELDS: &[&str] = &[
    "accesstoken",
    "apikey",
    "authorization",
    "authorizationtoken",
    "authtoken",
    "clientsecret",
    "cookie",
    "password",
    "privatekey",
    "proxyauthorization",
    "refreshtoken",
    "secret",
    "secretkey",
    "sessiontoken",
    "xapikey",
];

/// The headers, in order, without secrets. The scheme of a credential stays.
#[must_use]
pub fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let told = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let value = if is_secret(name.as_str()) { scheme(&value) } else { value };
        (name.as_str().to_owned(), value)
    });
    told.collect()
}

/// A path and query without secrets.
#[must_use]
pub fn target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// A body without secrets, if there were any.
#[must_use]
pub fn body(body: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    if !json(&mut value) {
        return None;
    }
    serde_json::to_vec(&value).ok()
}

/// Takes secrets out; whether there were any.
fn json(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |found, (name, value)| match value {
            Value::String(text) if is_secret_field(name) => {
                *text = REDACTED.to_owned();
                true
            }
            value => json(value) | found,
        }),
        Value::Array(values) => values.iter_mut().fold(false, |found, value| json(value) | found),
        _ => false,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(['-', '_', '.']).any(|word| WORDS.contains(&word))
}

fn is_secret_field(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    FIELDS.contains(&name.to_ascii_lowercase().as_str())
}

fn scheme(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme @ ("Bearer" | "bearer" | "Basic" | "basic"), _)) => format!("{scheme} {REDACTED}"),
        _ => REDACTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn names_of_secrets() {
        let check = |name: &str, expect| assert_eq!(is_secret(name), expect, "{name}");
        ["authorization", "x-api-key", "Cookie", "set-cookie", "x-goog-api-key", "api_key", "x-auth-token"]
            .iter()
            .for_each(|name| check(name, true));
        [
            "content-type",
            "x-request-id",
            "anthropic-ratelimit-tokens-limit",
            "openai-organization",
            "max_tokens",
        ]
        .iter()
        .for_each(|name| check(name, false));
    }

    #[test]
    fn in_headers_and_targets() {
        let mut map = HeaderMap::new();
        map.insert("authorization", HeaderValue::from_static("Bearer s"));
        map.insert("x-api-key", HeaderValue::from_static("s s"));
        map.insert("accept", HeaderValue::from_static("a"));
        let told = headers(&map);
        let values: Vec<&str> = told.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["Bearer [redacted]", REDACTED, "a"]);
        assert_eq!(target("/v1/models?key=s&beta=true&x"), "/v1/models?key=[redacted]&beta=true&x");
        assert_eq!(target("/v1/models"), "/v1/models");
    }

    #[test]
    fn in_bodies() {
        let check = |text: &str, expect: Option<&str>| {
            let got = body(text.as_bytes()).map(|body| String::from_utf8(body).unwrap());
            assert_eq!(got.as_deref(), expect, "{text}");
        };
        check(
            r#"{"mcp_servers":[{"url":"u","authorization_token":"s"}],"a":1}"#,
            Some(r#"{"mcp_servers":[{"url":"u","authorization_token":"[redacted]"}],"a":1}"#),
        );
        check(
            r#"{"tools":[{"headers":{"Authorization":"Bearer s","X-Api-Key":"s"}}]}"#,
            Some(r#"{"tools":[{"headers":{"Authorization":"[redacted]","X-Api-Key":"[redacted]"}}]}"#),
        );
        check(r#"{"properties":{"api_key":{"type":"string"}},"key":"Enter","token":"x"}"#, None);
        check("no json", None);
    }
}
