//! What must not leave the process in an error text: file paths, credentials, anything that looks like a token.
//!
//! When in doubt a word goes: a lost word costs a look into the logs, a leaked key costs the account.

mod words;

use crate::check::{Observed, Value};

/// The longest text that is kept of an outcome, in bytes.
const MAX_TEXT: usize = 256;

/// Removes file paths, credentials in URLs, query strings and token-like words from a text, and turns control
/// characters into spaces.
///
/// ```
/// use ccproxy_health::scrub;
/// assert_eq!(scrub("open /etc/key.pem: denied"), "open [path]: denied");
/// assert_eq!(scrub("GET https://u:p@api.test/v1?key=1 failed"), "GET https://[redacted]@api.test/v1?[redacted] failed");
/// assert_eq!(scrub("Bearer abc rejected"), "Bearer [redacted] rejected");
/// assert_eq!(scrub("connection refused (os error 111)"), "connection refused (os error 111)");
/// ```
pub fn scrub(text: &str) -> String {
    words::scrub(text)
}

/// Scrubbed and cut to what a page has room for.
pub(crate) fn clean(text: &str) -> String {
    // Cut after the scrub, for half a secret may no longer look like one; the first cut only bounds the work.
    let mut clean = scrub(cut(text, 16 * MAX_TEXT));
    let kept = cut(&clean, MAX_TEXT).len();
    clean.truncate(kept);
    clean
}

/// A measured text is scrubbed like any other; units are cut, and none is 1, as for a ratio. A number that is not
/// finite was not measured.
pub(crate) fn observed(observed: Observed) -> Option<Observed> {
    let value = match observed.value {
        Value::Text(text) => Value::Text(clean(&text)),
        Value::Float(number) if !number.is_finite() => return None,
        other => other,
    };
    let unit = clean(cut(&observed.unit, 32));
    Some(Observed { value, unit: if unit.is_empty() { "1".to_owned() } else { unit } })
}

/// One line of at most this many bytes: without control characters, which take six bytes each in JSON.
pub(crate) fn line(text: &str, bytes: usize) -> String {
    cut(text, bytes).replace(char::is_control, " ")
}

/// The longest beginning of at most this many bytes that ends between characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
