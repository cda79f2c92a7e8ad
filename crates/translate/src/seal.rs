//! What proves that thoughts are a model's own: opaque to us, and good for its maker only.
//!
//! A provider wants the seals of its own thoughts back, unharmed, or a conversation with tools breaks off. A client of
//! another dialect has a field for such a thing, too, but sends back to whoever is behind us by then. So in a foreign
//! field a seal travels in an envelope that names its maker; an envelope of another maker, and a seal that came in
//! none where it should have, is dropped, never sent.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// What our envelopes begin with. A body without it holds none.
pub const ENVELOPE: &str = "ccproxy.1.";

/// A seal, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seal {
    /// Anthropic's `signature` of a thinking block.
    Anthropic { signature: String },
    /// Anthropic's `data` of a redacted thinking block.
    Redacted { data: String },
    /// OpenAI's `encrypted_content` of a reasoning item, and the item's id.
    OpenAi { id: Option<String>, encrypted: String },
}

/// What is in an envelope.
#[derive(Serialize, Deserialize)]
struct Letter {
    #[serde(rename = "o")]
    maker: Maker,
    #[serde(rename = "s")]
    seal: String,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The thoughts that were sealed, which clients may shorten or leave out.
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<String>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
enum Maker {
    #[serde(rename = "a")]
    Anthropic,
    #[serde(rename = "r")]
    Redacted,
    #[serde(rename = "o")]
    OpenAi,
}

impl Seal {
    /// The envelope in which the seal goes through a foreign field, with the thoughts that it seals.
    pub(crate) fn envelope(&self, texts: &[String]) -> String {
        let (maker, seal, id) = match self {
            Self::Anthropic { signature } => (Maker::Anthropic, signature, None),
            Self::Redacted { data } => (Maker::Redacted, data, None),
            Self::OpenAi { id, encrypted } => (Maker::OpenAi, encrypted, id.clone()),
        };
        // OpenAI's seal holds the thoughts itself.
        let texts = if maker == Maker::Anthropic { texts.to_vec() } else { Vec::new() };
        let letter = Letter { maker, seal: seal.clone(), id, texts };
        let json = serde_json::to_vec(&letter).unwrap_or_default();
        format!("{ENVELOPE}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Opens an envelope: the seal, and the thoughts that it seals if they are in it. None if it is no envelope of ours.
    pub(crate) fn open(envelope: &str) -> Option<(Self, Vec<String>)> {
        let json = URL_SAFE_NO_PAD.decode(envelope.strip_prefix(ENVELOPE)?).ok()?;
        let Letter { maker, seal, id, texts } = serde_json::from_slice(&json).ok()?;
        let seal = match maker {
            Maker::Anthropic => Self::Anthropic { signature: seal },
            Maker::Redacted => Self::Redacted { data: seal },
            Maker::OpenAi => Self::OpenAi { id, encrypted: seal },
        };
        Some((seal, texts))
    }

    /// Whether it came in one of our envelopes.
    pub(crate) fn is_envelope(text: &str) -> bool {
        text.starts_with(ENVELOPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes() {
        let check = |seal: Seal, kept: bool| {
            let texts = ["a \"thought\"".to_owned(), String::new()];
            let envelope = seal.envelope(&texts);
            assert!(Seal::is_envelope(&envelope) && envelope.is_ascii());
            let expect = if kept { texts.to_vec() } else { Vec::new() };
            assert_eq!(Seal::open(&envelope), Some((seal, expect)));
        };
        check(Seal::Anthropic { signature: "EqQB+/=".into() }, true);
        check(Seal::Redacted { data: "x".into() }, false);
        check(Seal::OpenAi { id: Some("rs_1".into()), encrypted: "gAAA".into() }, false);
        check(Seal::OpenAi { id: None, encrypted: "gAAA".into() }, false);
    }

    #[test]
    fn what_is_no_envelope() {
        for text in ["", "EqQB+/=", "ccproxy.1.", "ccproxy.1.!!", "ccproxy.1.e30", "ccproxy.2.e30"] {
            assert_eq!(Seal::open(text), None, "{text}");
        }
    }
}
