//! URIs, templates and tags as their RFCs have them, byte by byte.

/// A URI of RFC 3986, which begins with a scheme.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.chars();
    let scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    scheme && !rest.is_empty() && escaped(rest, "-._~:/?#[]@!$&'()*+,;=")
}

/// Letters, digits, some others, and `%` with two hexadecimal digits.
fn escaped(text: &str, others: &str) -> bool {
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let fine = match letter {
            '%' => (0..2).all(|_| rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            other => other.is_ascii_alphanumeric() || others.contains(other),
        };
        if !fine {
            return false;
        }
    }
    true
}

/// A relation of RFC 8288: a registered name, of which these are the ones that are used here, or a URI.
pub(super) fn is_relation(text: &str) -> bool {
    ["about", "self", "describedby", "help", "status", "service-doc"].contains(&text) || is_uri(text)
}

/// A template of RFC 6570, level 4.
pub(super) fn is_template(text: &str) -> bool {
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest.find('}').filter(|close| *close > open) else { return false };
        let inside = &rest[open + 1..close];
        let names = inside.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(inside);
        let name = |part: &str| {
            let (name, length) = part.split_once(':').unwrap_or((part, "1"));
            let name = name.strip_suffix('*').unwrap_or(name);
            !name.is_empty()
                && escaped(name, "_.")
                && length.parse::<u16>().is_ok_and(|n| (1..10_000).contains(&n))
        };
        if !escaped(&rest[..open], LITERALS) || !names.split(',').all(name) {
            return false;
        }
        rest = &rest[close + 1..];
    }
    escaped(rest, LITERALS)
}

const LITERALS: &str = "!#$&()*+,-./:;=?@[]_~";

/// An entity tag of RFC 9110.
pub(super) fn is_etag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.is_some_and(|inside| inside.chars().all(|letter| letter.is_ascii_graphic() && letter != '"'))
}
