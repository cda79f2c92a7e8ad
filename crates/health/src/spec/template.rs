//! URI templates (RFC 6570), which say what an outage takes along.

use crate::links::percents;

/// The longest template, in bytes.
const MAX_TEMPLATE: usize = 128;

/// Whether this is a template that a page has room for. Of the letters beyond ASCII, which the RFC allows, none.
pub(super) fn is_template(text: &str) -> bool {
    if text.is_empty() || text.len() > MAX_TEMPLATE || !percents(text) {
        return false;
    }
    let mut pieces = text.split('{');
    let literal =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
    pieces.next().is_some_and(literal)
        && pieces.all(|piece| {
            piece.split_once('}').is_some_and(|(inside, after)| expression(inside) && literal(after))
        })
}

/// What stands between braces: an operator, if any, and names with their modifiers.
fn expression(inside: &str) -> bool {
    inside.strip_prefix(['+', '#', '.', '/', ';', '?', '&']).unwrap_or(inside).split(',').all(variable)
}

fn variable(text: &str) -> bool {
    let name = match text.split_once(':') {
        Some((name, length)) => {
            let digits = length.len() <= 4 && length.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || length.is_empty() || length.starts_with('0') {
                return false;
            }
            name
        }
        None => text.strip_suffix('*').unwrap_or(text),
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%');
    name.split('.').all(|part| !part.is_empty() && part.bytes().all(letter))
}

#[cfg(test)]
mod tests {
    use super::is_template;

    #[test]
    fn templates() {
        for good in [
            "/v1/messages",
            "/{name}/v1/chat",
            "/v1{/path*}{?q,lang:2}",
            "https://h.test/{+a.b}",
            "/%7Euser",
            "{x}",
            "{%41b}",
        ] {
            assert!(is_template(good), "{good}");
        }
        for bad in ["", "/a b", "/{", "/}", "/{}", "/{a", "/{a}}", "/{{a}", "/{=a}", "/{a:0}", "/{a:12345}"] {
            assert!(!is_template(bad), "{bad}");
        }
        for bad in ["/{a:}", "/{a:x}", "/{a.}", "/{a,}", "/%4", "/ü", "/\u{7f}", "/{a*b}", "/a\\b"] {
            assert!(!is_template(bad), "{bad}");
        }
        assert!(!is_template(&"a".repeat(129)));
    }
}
