//! `[auth]`

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ClientKey;
use crate::secret::SecretSource;

/// Who may use the proxy. With neither a token nor keys everybody may who can reach the listener.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// One token for everybody, sent as `Authorization: Bearer` or `x-api-key`. It also opens what `/api` and the dashboard show
    /// of everybody's requests, which no named key does on the main port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretSource>,
    /// Named keys, of which only the hash is stored.
    pub keys: Vec<ClientKey>,
    /// A file with more of them as `[[keys]]`, which `ccproxy keys` keeps. A relative path begins at the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

impl Auth {
    /// Whether a client must show something.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.token.is_some() || !self.keys.is_empty() || self.key_file.is_some()
    }
}

/// The BLAKE3 hash of a client's key.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline, extend("pattern" = "^blake3:[0-9a-fA-F]{64}$"))]
pub struct KeyHash([u8; 32]);

/// The text is no hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected \"blake3:\" and 64 hexadecimal digits")]
pub struct InvalidKeyHash;

impl KeyHash {
    /// A hash from its bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for KeyHash {
    type Err = InvalidKeyHash;

    fn from_str(text: &str) -> Result<Self, InvalidKeyHash> {
        let digits = text.strip_prefix("blake3:").ok_or(InvalidKeyHash)?;
        if digits.len() != 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(InvalidKeyHash);
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            let pair = digits.get(2 * i..2 * i + 2).ok_or(InvalidKeyHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidKeyHash)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for KeyHash {
    type Error = InvalidKeyHash;

    fn try_from(text: String) -> Result<Self, InvalidKeyHash> {
        text.parse()
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.to_string()
    }
}

/// The form that the configuration takes.
impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blake3:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("blake3:***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits() {
        let digits = "0123456789abcdef".repeat(4);
        let text = format!("blake3:{digits}");
        let hash: KeyHash = text.parse().unwrap();
        assert_eq!(hash.as_bytes()[..3], [0x01, 0x23, 0x45]);
        assert_eq!(hash.to_string(), text);
        let reject = |text: &str| assert_eq!(text.parse::<KeyHash>(), Err(InvalidKeyHash), "{text}");
        reject(&digits);
        reject("blake3:");
        reject(&format!("{text}0"));
        reject(&text.replace('a', "g"));
        reject(&text.replace("ab", "é"));
    }
}
