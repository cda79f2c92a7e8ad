//! Ids of calls, which are letters, digits, `_` and `-` in Messages. Other providers have ids with other characters, and
//! want them back as they were: for clients of Messages those are in an envelope.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const ENVELOPE: &str = "ccproxy-1-";

/// Whether Messages has the character in ids.
pub(super) fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The id as Messages takes it.
pub(super) fn clients(theirs: &str) -> Cow<'_, str> {
    if theirs.chars().all(is_plain) {
        return theirs.into();
    }
    format!("{ENVELOPE}{}", URL_SAFE_NO_PAD.encode(theirs)).into()
}

/// The id as the provider gave it.
pub(super) fn theirs(clients: String) -> String {
    let sealed = clients.strip_prefix(ENVELOPE).and_then(|sealed| URL_SAFE_NO_PAD.decode(sealed).ok());
    sealed.and_then(|id| String::from_utf8(id).ok()).unwrap_or(clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back() {
        let check = |id: &str, kept: bool| {
            let clients = clients(id);
            assert!(clients.chars().all(is_plain), "{clients}");
            assert_eq!(clients == id, kept, "{clients}");
            assert_eq!(theirs(clients.into_owned()), id);
        };
        check("call_1-A", true);
        check("ccproxy-1-!", false);
        check("functions.get_weather:0", false);
        check("größe", false);
        assert_eq!(theirs("ccproxy-1-?".to_owned()), "ccproxy-1-?");
    }
}
