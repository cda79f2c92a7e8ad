//! Making a key, and its hash.

use std::io;

use ccproxy_config::KeyHash;

use crate::failure::Failure;

/// Keys start with this, so that people and secret scanners know them.
const PREFIX: &str = "ccp_";

/// A new key.
pub(super) fn new() -> Result<String, Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| Failure::io("no random numbers", io::Error::other(error.to_string())))?;
    Ok(format!("{PREFIX}{}", base64url(&secret)))
}

pub(super) fn hash_of(key: &str) -> KeyHash {
    KeyHash::new(*blake3::hash(key.as_bytes()).as_bytes())
}

/// Base64 for URLs, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digit = |bits: u32| ALPHABET.get(bits as usize & 63).copied().map_or('A', char::from);
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | chunk.get(i).copied().map_or(0, u32::from));
        // n bytes make n + 1 digits.
        text.extend((0..=chunk.len()).map(|i| digit(bits >> (18 - 6 * i))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_as_the_rfc_has_it() {
        let check = |text: &str, expect: &str| assert_eq!(base64url(text.as_bytes()), expect);
        check("", "");
        check("f", "Zg");
        check("fo", "Zm8");
        check("foo", "Zm9v");
        check("foob", "Zm9vYg");
        check("fooba", "Zm9vYmE");
        check("foobar", "Zm9vYmFy");
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
        assert_eq!(base64url(&[0; 32]).len(), 43);
    }
}
