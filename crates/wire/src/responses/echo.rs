//! What an answer repeats of its request.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Str;

/// The fields, and what stands for them where the request does not say. OpenAI's schema lets some be absent, but not null.
const FIELDS: [(&str, Option<&str>); 20] = [
    ("background", Some("false")),
    ("instructions", Some("null")),
    ("max_output_tokens", Some("null")),
    ("max_tool_calls", Some("null")),
    ("metadata", Some("{}")),
    ("parallel_tool_calls", Some("true")),
    ("previous_response_id", Some("null")),
    ("prompt_cache_key", None),
    ("prompt_cache_retention", Some("null")),
    ("reasoning", Some(r#"{"effort":null,"summary":null}"#)),
    ("safety_identifier", None),
    ("store", Some("true")),
    ("temperature", Some("1.0")),
    ("text", Some(r#"{"format":{"type":"text"}}"#)),
    ("tool_choice", Some(r#""auto""#)),
    ("tools", Some("[]")),
    ("top_logprobs", Some("0")),
    ("top_p", Some("1.0")),
    ("truncation", Some(r#""disabled""#)),
    ("user", None),
];

/// The fields of a request that its answer repeats, as they came, or as OpenAI fills them in.
///
/// ```
/// let echo = ccproxy_wire::responses::echo::Echo::of(br#"{"model":"m","temperature":0.5}"#);
/// let json = serde_json::to_value(&echo)?;
/// assert_eq!((json["temperature"].as_f64(), json["tool_choice"].as_str()), (Some(0.5), Some("auto")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Echo(Vec<(&'static str, Box<RawValue>)>);

impl Echo {
    /// The fields of the request that this is the body of.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        let mut said: BTreeMap<&str, Box<RawValue>> =
            serde_json::from_slice(body).map_or_else(|_| BTreeMap::new(), |Said(said)| said);
        let value = |(name, default): (&'static str, Option<&str>)| {
            let default = || default.and_then(|json| RawValue::from_string(json.to_owned()).ok());
            let said = said.remove(name).or_else(default);
            said.map(|value| (name, value))
        };
        Self(FIELDS.into_iter().filter_map(value).collect())
    }

    /// Says something else than the request did.
    pub fn say<T: Serialize>(&mut self, name: &str, value: T) {
        let place = self.0.iter_mut().find(|(field, _)| *field == name);
        if let (Some((_, said)), Ok(value)) = (place, serde_json::value::to_raw_value(&value)) {
            *said = value;
        }
    }
}

impl Serialize for Echo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The fields that are there and not null.
struct Said(BTreeMap<&'static str, Box<RawValue>>);

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Said;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
                let mut said = BTreeMap::new();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    let Some((name, _)) = FIELDS.into_iter().find(|(name, _)| *name == &*key) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if let Some(value) = map.next_value::<Option<&'de RawValue>>()? {
                        said.insert(name, if name == "tools" { tools(value) } else { value.to_owned() });
                    }
                }
                Ok(Said(said))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// Functions tell their schema and their strictness in an answer, even if the request did not.
fn tools(value: &RawValue) -> Box<RawValue> {
    let list: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
    let mended: Vec<Option<Box<RawValue>>> = list.iter().map(|tool| mend(tool)).collect();
    if mended.iter().all(Option::is_none) {
        return value.to_owned();
    }
    let whole: Vec<&RawValue> =
        list.iter().zip(&mended).map(|(tool, mended)| mended.as_deref().unwrap_or(tool)).collect();
    serde_json::value::to_raw_value(&whole).unwrap_or_else(|_| value.to_owned())
}

fn mend(tool: &RawValue) -> Option<Box<RawValue>> {
    let fields: BTreeMap<Str<'_>, &RawValue> = serde_json::from_str(tool.get()).ok()?;
    let is_function = fields.get("type").is_some_and(|kind| kind.get() == r#""function""#);
    let missing =
        ["parameters", "strict"].into_iter().filter(|name| is_function && !fields.contains_key(*name));
    let missing: String = missing.map(|name| format!(r#","{name}":null"#)).collect();
    let open = tool.get().trim_end().strip_suffix('}').filter(|_| !missing.is_empty())?;
    RawValue::from_string(format!("{open}{missing}}}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn echoes() {
        let got = |body: &str, name: &str| {
            let echo = Echo::of(body.as_bytes());
            echo.0.iter().find(|(field, _)| *field == name).map(|(_, value)| value.get().to_owned())
        };
        let check = |body, name, expect: &str| assert_eq!(got(body, name).as_deref(), Some(expect), "{body}");
        assert_eq!(got(r#"{"user":null}"#, "user"), None);
        check(r#"{"user":"u"}"#, "user", r#""u""#);
        check("{}", "text", r#"{"format":{"type":"text"}}"#);
        check("no JSON", "tools", "[]");
        check(r#"{"input":"x","tools":null,"tool_choice":"none"}"#, "tools", "[]");
        check(r#"{"tool_choice":"none"}"#, "tool_choice", r#""none""#);
        check(r#"{"tools":[{"type":"web_search"}]}"#, "tools", r#"[{"type":"web_search"}]"#);
        check(
            r#"{"tools":[{"type":"web_search"},{"type":"function","name":"f","strict":true}]}"#,
            "tools",
            r#"[{"type":"web_search"},{"type":"function","name":"f","strict":true,"parameters":null}]"#,
        );
    }
}
