//! `ccproxy keys`

use std::io::{self, IsTerminal, Read, stdin};

use ccproxy_config::KeyHash;
use serde::Serialize;

use crate::documents::pretty;
use crate::failure::Failure;
use crate::terminal::{complain, print};

/// Keys start with this, so that people and secret scanners know them.
const PREFIX: &str = "ccp_";
/// More than this on stdin is no key.
const LONGEST: u64 = 4096;

#[derive(Serialize)]
struct Created<'a> {
    name: &'a str,
    key: &'a str,
    hash: String,
}

pub(super) fn create(name: &str, json: bool) -> Result<(), Failure> {
    let quoted = quoted(name)?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| Failure::io("no random numbers", io::Error::other(error.to_string())))?;
    let key = format!("{PREFIX}{}", base64url(&secret));
    let hash = hash_of(&key);
    if json {
        return print(&pretty(&Created { name, key: &key, hash: hash.to_string() }));
    }
    print(&format!(
        "{key}\n\n\
         Give this key to the client now; it is not stored and cannot be shown again.\n\
         Add to the configuration:\n\n\
         [[auth.keys]]\nname = {quoted}\nhash = \"{hash}\"\n"
    ))
}

pub(super) fn hash() -> Result<(), Failure> {
    if stdin().is_terminal() {
        complain("Paste the key, then press Enter and Ctrl-D.\n");
    }
    let mut text = String::new();
    let read = stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| Failure::io("cannot read a key from stdin", error))?;
    match text.trim() {
        "" => Err(Failure::Usage("stdin holds no key".to_owned())),
        key => print(&format!("{}\n", hash_of(key))),
    }
}

/// The name as TOML writes it, whose strings escape as JSON's do.
fn quoted(name: &str) -> Result<String, Failure> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::Usage("a key's name is one line of text that is not empty".to_owned()));
    }
    serde_json::to_string(name).map_err(|error| Failure::Usage(error.to_string()))
}

fn hash_of(key: &str) -> KeyHash {
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

    #[test]
    fn names_are_quoted_for_toml() {
        let check = |name: &str, expect: Option<&str>| assert_eq!(quoted(name).ok().as_deref(), expect);
        check("ci", Some("\"ci\""));
        check("Ann's \"laptop\"", Some("\"Ann's \\\"laptop\\\"\""));
        check("", None);
        check("a\nb", None);
    }
}
