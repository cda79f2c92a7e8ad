//! What a query says. Parameters that mean nothing here are ignored.

use std::borrow::Cow;

/// The parameters that a page looks at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query<'q> {
    /// Whether `verbose` is there, with whatever value.
    pub(super) verbose: bool,
    /// The values of `exclude`.
    pub(super) exclude: Vec<Cow<'q, str>>,
}

impl<'q> Query<'q> {
    pub(super) fn parse(query: &'q str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("verbose", _) => parsed.verbose = true,
                ("exclude", name) if !name.is_empty() => parsed.exclude.push(decode(name)),
                _ => {}
            }
        }
        parsed
    }
}

/// Undoes percent-encoding. What is none, or would be no text, stays as it is.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, after @ ..]) => hex(*high, *low).map(|byte| (byte, after)),
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters() {
        let check = |query: &str, verbose: bool, exclude: &[&str]| {
            let exclude = exclude.iter().copied().map(Cow::from).collect();
            assert_eq!(Query::parse(query), Query { verbose, exclude }, "{query}");
        };
        check("", false, &[]);
        check("verbose", true, &[]);
        check("verbose=1&exclude=a&x=y&exclude=b", true, &["a", "b"]);
        check("exclude&exclude=&&=", false, &[]);
        check("exclude=claude%2Fupstream", false, &["claude/upstream"]);
        check("verbosely&excluded=a", false, &[]);
    }

    #[test]
    fn percent() {
        let check = |text: &str, expect: &str| assert_eq!(decode(text), expect, "{text}");
        check("plain", "plain");
        check("a%2fb%20c", "a/b c");
        check("%C3%A4", "ä");
        check("%ff", "%ff");
        check("100%", "100%");
        check("%4", "%4");
        check("%zz%41", "%zzA");
        check("%+1", "%+1");
    }
}
