//! Identifiers that follow from the request alone: the same request has the same ids in every run.

use ccproxy_plugin_api::Call;

/// 2026-01-01T00:00:00Z in seconds since 1970. Every answer was "created" then, so that answers repeat to the byte.
pub(crate) const CREATED: i64 = 1_767_225_600;

/// The source of all ids of one answer.
#[derive(Debug, Clone)]
pub(crate) struct Ids([u8; 32]);

impl Ids {
    /// The ids of the answer to a call.
    pub(crate) fn of(call: &Call) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(call.operation.name().as_bytes()).update(b"\n");
        hasher.update(call.target.as_bytes()).update(b"\n");
        hasher.update(&call.body);
        Self(*hasher.finalize().as_bytes())
    }

    /// The `index`th id of its sort: the prefix and 24 hexadecimal digits.
    pub(crate) fn id(&self, prefix: &str, index: usize) -> String {
        let mut id = prefix.to_owned();
        id.extend(self.digest(prefix, index).to_hex().chars().take(24));
        id
    }

    /// An opaque text as providers sign or encrypt reasoning with; it says where it comes from once it is decoded.
    pub(crate) fn seal(&self, purpose: &str) -> String {
        let digest = self.digest(purpose, 0).to_hex();
        base64(format!("ccproxy-simulator {purpose} {digest}").as_bytes())
    }

    fn digest(&self, label: &str, index: usize) -> blake3::Hash {
        blake3::keyed_hash(&self.0, format!("{label}{index}").as_bytes())
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = ALPHABET.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_rfc_4648() {
        let check = |bytes: &str, expect: &str| assert_eq!(base64(bytes.as_bytes()), expect);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn ids_depend_on_sort_and_index() {
        let ids = Ids([7; 32]);
        assert_eq!(ids.id("msg_", 0), ids.id("msg_", 0));
        assert_ne!(ids.id("msg_", 0), ids.id("msg_", 1));
        assert_ne!(ids.id("a", 0).trim_start_matches('a'), ids.id("b", 0).trim_start_matches('b'));
        assert_eq!(ids.id("msg_", 0).len(), 28);
    }
}
