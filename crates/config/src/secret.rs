//! Where a secret comes from. Fetching one that takes time is the upstream crate's work.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use secrecy::SecretString;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::tree::TEXT_FIRST;

/// Instead of a secret.
pub(crate) const MASK: &str = "***";

/// Where a secret comes from: exactly one of `value`, `env`, `file`, `command`. A plain string means `value`.
///
/// Neither `Debug` nor `Serialize` shows a value.
#[derive(Clone)]
pub enum SecretSource {
    /// The secret itself.
    Value(SecretString),
    /// The name of an environment variable that holds it.
    Env(String),
    /// A file that holds it; white space at its ends does not count.
    File(PathBuf),
    /// A program that prints it.
    Command {
        /// The program and its arguments; never empty, no shell in between.
        argv: Vec<String>,
        /// How long the output is good for.
        ttl: Duration,
    },
}

/// How long the output of a command is good for when nothing is said.
const TTL: Duration = Duration::from_secs(300);

impl SecretSource {
    /// A secret from an environment variable.
    #[must_use]
    pub fn env(name: impl Into<String>) -> Self {
        Self::Env(name.into())
    }

    /// Reads it as it stands there, from where that takes no time: not from a command.
    ///
    /// # Errors
    /// Why it cannot be read; nothing of it is in that.
    pub fn read(&self) -> Result<SecretString, String> {
        let read = match self {
            Self::Value(secret) => Ok(secret.clone()),
            Self::Env(name) => std::env::var(name).map(Into::into).map_err(|_| "is not set".to_owned()),
            Self::File(path) => std::fs::read_to_string(path)
                .map(Into::into)
                .map_err(|error| format!("cannot be read: {error}")),
            Self::Command { .. } => Err("is not possible here; use env or file".to_owned()),
        };
        read.map_err(|reason| format!("{} {reason}", self.describe()))
    }

    /// The source in words that are safe to print: `environment variable ANTHROPIC_API_KEY`.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Value(_) => "a value in the configuration".to_owned(),
            Self::Env(name) => format!("environment variable {name}"),
            Self::File(path) => format!("file {}", path.display()),
            // Arguments may hold secrets.
            Self::Command { argv, .. } => format!("command {}", argv.first().map_or("", String::as_str)),
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretSource({})", self.describe())
    }
}

impl Serialize for SecretSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Value(_) => map.serialize_entry("value", MASK)?,
            Self::Env(name) => map.serialize_entry("env", name)?,
            Self::File(path) => map.serialize_entry("file", path)?,
            Self::Command { argv, ttl } => {
                let masked: Vec<&str> = argv
                    .iter()
                    .enumerate()
                    .map(|(i, arg)| if i == 0 { arg.as_str() } else { MASK })
                    .collect();
                map.serialize_entry("command", &masked)?;
                map.serialize_entry("ttl", &humantime_serde::Serde::from(*ttl))?;
            }
        }
        map.end()
    }
}

/// Where a secret comes from. Exactly one of `value`, `env`, `file` and `command` must be set. A plain string is
/// taken as `value`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretSource")]
pub(crate) struct Fields {
    /// The secret itself. Better kept out of the file: use one of the others.
    pub(crate) value: Option<String>,
    /// The name of an environment variable that holds the secret.
    pub(crate) env: Option<String>,
    /// The path of a file that holds the secret, relative to the working directory.
    pub(crate) file: Option<PathBuf>,
    /// A program and its arguments, run without a shell, that prints the secret.
    pub(crate) command: Option<Vec<String>>,
    /// How long the output of `command` is good for; 5 minutes unless told.
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "Option<String>", extend("format" = "duration"))]
    pub(crate) ttl: Option<Duration>,
}

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self { value: None, env: None, file: None, command: None, ttl: None })
    }
}

/// The keys of a secret source contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecretSource {
    /// None or several of the sources are set.
    #[error("set exactly one of value, env, file and command")]
    NotOne,
    /// The source is there and empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// A time to live makes sense for a command only.
    #[error("ttl goes with command only")]
    LonelyTtl,
}

impl TryFrom<Fields> for SecretSource {
    type Error = InvalidSecretSource;

    fn try_from(fields: Fields) -> Result<Self, InvalidSecretSource> {
        if fields.ttl.is_some() && fields.command.is_none() {
            return Err(InvalidSecretSource::LonelyTtl);
        }
        let ttl = fields.ttl.unwrap_or(TTL);
        let (source, key, empty) = match (fields.value, fields.env, fields.file, fields.command) {
            (Some(value), None, None, None) => {
                let empty = value.is_empty();
                (Self::Value(value.into()), "value", empty)
            }
            (None, Some(name), None, None) => (Self::Env(name.clone()), "env", name.is_empty()),
            (None, None, Some(path), None) => (Self::File(path.clone()), "file", path.as_os_str().is_empty()),
            (None, None, None, Some(argv)) => {
                let empty = argv.first().is_none_or(String::is_empty);
                (Self::Command { argv, ttl }, "command", empty)
            }
            _ => return Err(InvalidSecretSource::NotOne),
        };
        if empty { Err(InvalidSecretSource::Empty(key)) } else { Ok(source) }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table::<_, Self, Fields>(deserializer)
    }
}

/// Reads what is either a plain secret or a table of `F`.
pub(crate) fn text_or_table<'de, D, T, F>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: From<SecretSource>,
    F: Deserialize<'de> + TryInto<T, Error: fmt::Display>,
{
    deserializer.deserialize_newtype_struct(TEXT_FIRST, Reader::<T, F>(PhantomData))
}

struct Reader<T, F>(PhantomData<(T, F)>);

impl<'de, T, F> Visitor<'de> for Reader<T, F>
where
    T: From<SecretSource>,
    F: Deserialize<'de> + TryInto<T, Error: fmt::Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret: { env = \"NAME\" }, { file = \"path\" }, { command = [\"…\"] } or a string")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if text.is_empty() {
            return Err(E::custom(InvalidSecretSource::Empty("value")));
        }
        Ok(SecretSource::Value(text.into()).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        F::deserialize(MapAccessDeserializer::new(map))?.try_into().map_err(de::Error::custom)
    }
}

/// The schema of a table that may be a plain secret instead.
pub(crate) fn or_text(mut table: Schema) -> Schema {
    table.insert("type".to_owned(), serde_json::json!(["object", "string"]));
    table
}

impl JsonSchema for SecretSource {
    fn schema_name() -> Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        or_text(Fields::json_schema(generator))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Section;

    #[derive(Debug, Deserialize)]
    struct Holder {
        key: SecretSource,
    }

    fn check(text: &str, expect: Result<&str, &str>) {
        let section = Section::from_toml("", text).unwrap();
        let got = section.read::<Holder>().map(|holder| holder.key.describe()).map_err(|m| m.to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn names_its_source_and_never_the_secret() {
        check("key = { env = 'KEY' }", Ok("environment variable KEY"));
        check("key = { file = '/run/key' }", Ok("file /run/key"));
        check("key = { value = 'hush' }", Ok("a value in the configuration"));
        check("key = 'hush'", Ok("a value in the configuration"));
        check("key = { command = ['vault', 'hush'], ttl = '1m' }", Ok("command vault"));
    }

    #[test]
    fn wants_exactly_one_source() {
        let one = "section.toml:1:7: key: set exactly one of value, env, file and command";
        check("key = {}", Err(one));
        check("key = { env = 'KEY', value = 'hush' }", Err(one));
        check("key = { env = 'KEY', ttl = '1m' }", Err("section.toml:1:7: key: ttl goes with command only"));
        check("key = { command = [] }", Err("section.toml:1:7: key: command is empty"));
        check("key = ''", Err("section.toml:1:7: key: value is empty"));
        check("key = { evn = 'KEY' }", Err("section.toml:1:9: key.evn: unknown key; did you mean env?"));
    }

    #[test]
    fn can_be_read_from_json_too() {
        let read = |json: serde_json::Value| serde_json::from_value::<SecretSource>(json).unwrap().describe();
        assert_eq!(read(serde_json::json!({ "env": "KEY" })), "environment variable KEY");
        assert_eq!(read(serde_json::json!("hush")), "a value in the configuration");
    }
}
