//! How many tokens a prompt has: all texts in what the model would read, tools and system included.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::token;

/// Images and files count as this many tokens, however large their base64 is.
const BLOB: u64 = 1000;
/// A longer text without white space is a blob.
const LONGEST_WORD: usize = 2000;

/// The parts of a request that a model would read, in all dialects.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Read {
    system: Weight,
    messages: Weight,
    tools: Weight,
    instructions: Weight,
    input: Weight,
    prompt: Weight,
}

/// The tokens of a request's prompt; at least 1.
pub(crate) fn input_tokens(body: &[u8]) -> u64 {
    let read: Read = serde_json::from_slice(body).unwrap_or_default();
    let parts = [read.system, read.messages, read.tools, read.instructions, read.input, read.prompt];
    parts.iter().map(|part| part.0).sum::<u64>().max(1)
}

/// The tokens of a JSON value: those of its texts, one for a number, none for keys and punctuation.
#[derive(Debug, Default, Clone, Copy)]
struct Weight(u64);

struct Weigh;

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Weigh)
    }
}

impl<'de> Visitor<'de> for Weigh {
    type Value = Weight;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Weight, E> {
        let blob = text.len() > LONGEST_WORD && !text.contains(char::is_whitespace);
        Ok(Weight(if blob { BLOB } else { token::count(text) }))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Weight, E> {
        Ok(Weight(1))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Weight, E> {
        Ok(Weight(1))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Weight, E> {
        Ok(Weight(1))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Weight, E> {
        Ok(Weight(1))
    }

    fn visit_unit<E>(self) -> Result<Weight, E> {
        Ok(Weight(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Weight, A::Error> {
        let mut sum = 0;
        while let Some(Weight(weight)) = seq.next_element()? {
            sum += weight;
        }
        Ok(Weight(sum))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weight, A::Error> {
        let mut sum = 0;
        while let Some((_, Weight(weight))) = map.next_entry::<IgnoredAny, Weight>()? {
            sum += weight;
        }
        Ok(Weight(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        let check = |body: &str, expect| assert_eq!(input_tokens(body.as_bytes()), expect, "{body}");
        check(r#"{"messages":[]}"#, 1);
        check(r#"{"messages":[{"role":"user","content":"one two three"}],"metadata":{"x":"not read"}}"#, 4);
        check(r#"{"system":"one two","messages":"x","tools":[{"name":"y","n":1,"z":null}]}"#, 5);
        check(&format!(r#"{{"input":"{}"}}"#, "A".repeat(1_000_000)), BLOB);
        check("not JSON", 1);
    }
}
