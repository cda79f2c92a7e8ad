//! A credential of a provider instance, and how several of them share the work.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::secret::{self, InvalidSecretSource, SecretSource, text_or_table};

/// One entry of an instance's `credentials`. A plain string means `value`.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What health and logs call it; its position unless it has one.
    pub name: Option<String>,
    /// Where it comes from.
    pub source: CredentialSource,
}

/// Where a credential comes from.
#[derive(Clone, Debug)]
pub enum CredentialSource {
    /// A secret that is shown as it is.
    Secret(SecretSource),
    /// A token that an issuer gives for a while.
    OAuth(Box<OAuth>),
}

/// Access tokens of an OAuth 2.0 issuer. With `refresh_token` they are got for it (RFC 6749, section 6), otherwise for
/// the client itself (section 4.4). They are shown as `authorization: Bearer TOKEN` and renewed before they end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// The issuer's token endpoint; `http://` only on a loopback address.
    pub token_url: String,
    /// The client's id at the issuer.
    pub client_id: String,
    /// The client's secret; a client without one needs a `refresh_token`.
    pub client_secret: Option<SecretSource>,
    /// How the client shows its id and secret to the issuer.
    #[serde(default)]
    pub client_auth: ClientAuth,
    /// What the token shall be good for, in the issuer's words.
    pub scope: Option<String>,
    /// Whom the token is meant for, where the issuer asks for it.
    pub audience: Option<String>,
    /// The refresh token. Where the issuer replaces it, the new one is kept in memory and, if this is a file, written
    /// back to it (mode 0600).
    pub refresh_token: Option<SecretSource>,
}

/// How a client shows its id and secret to the issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// In the header `authorization: Basic`, which every issuer has to understand.
    #[default]
    Basic,
    /// In the request's body, which some insist on.
    Body,
}

/// How an instance with several credentials uses them. One that the provider answers with 401, 403 or 429 cools down
/// at once: until the time that the answer tells (an hour at most), or else for `cooldown`. While it cools down the
/// others are used; when all do, the one that is ready first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Which of those is used that do not cool down.
    pub strategy: PoolStrategy,
    /// So many answers in a row with one of `failure_status_codes` cool a credential down, too.
    pub max_failures: u32,
    /// How long a credential cools down where the answer tells no time.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub cooldown: Duration,
    /// What counts against a credential besides 401, 403 and 429, of which one is enough.
    pub failure_status_codes: Vec<u16>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            strategy: PoolStrategy::default(),
            max_failures: 3,
            cooldown: Duration::from_secs(60),
            // An account without money.
            failure_status_codes: vec![402],
        }
    }
}

/// Which credential of a pool is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PoolStrategy {
    /// The first in the order of the list.
    #[default]
    Failover,
    /// One after the other.
    RoundRobin,
    /// The one with the fewest calls of late.
    LeastUsed,
}

/// A credential whose keys contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredential {
    /// None or several of the sources are set.
    #[error("set exactly one of value, env, file, command and oauth")]
    NotOne,
    /// The source cannot work.
    #[error("{0}")]
    Source(InvalidSecretSource),
    /// There is nothing to get a token for.
    #[error("oauth needs client_secret or refresh_token")]
    NoGrant,
    /// A name that names nothing.
    #[error("name is empty")]
    NoName,
}

/// One credential: exactly one of `value`, `env`, `file`, `command` and `oauth` must be set. A plain string is taken as
/// `value`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Credential")]
struct Fields {
    /// What health and logs call the credential; its position in the list unless told.
    name: Option<String>,
    /// The secret itself. Better kept out of the file: use one of the others.
    value: Option<String>,
    /// The name of an environment variable that holds the secret.
    env: Option<String>,
    /// The path of a file that holds the secret, relative to the working directory; a change is noticed within a second.
    file: Option<PathBuf>,
    /// A program and its arguments, run without a shell, that prints the secret. It is run again after `ttl`, and at
    /// once when the provider refuses the secret.
    command: Option<Vec<String>>,
    /// How long the output of `command` is good for; 5 minutes unless told.
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "Option<String>", extend("format" = "duration"))]
    ttl: Option<Duration>,
    /// An OAuth 2.0 issuer that gives tokens.
    oauth: Option<OAuth>,
}

impl TryFrom<Fields> for Credential {
    type Error = InvalidCredential;

    fn try_from(fields: Fields) -> Result<Self, InvalidCredential> {
        let Fields { name, value, env, file, command, ttl, oauth } = fields;
        if name.as_ref().is_some_and(String::is_empty) {
            return Err(InvalidCredential::NoName);
        }
        let secret = secret::Fields { value, env, file, command, ttl };
        let source = match (oauth, secret.is_empty()) {
            (Some(oauth), true) if oauth.client_secret.is_none() && oauth.refresh_token.is_none() => {
                return Err(InvalidCredential::NoGrant);
            }
            (Some(oauth), true) => CredentialSource::OAuth(Box::new(oauth)),
            (Some(_), false) => return Err(InvalidCredential::NotOne),
            (None, _) => CredentialSource::Secret(secret.try_into().map_err(|error| match error {
                InvalidSecretSource::NotOne => InvalidCredential::NotOne,
                other => InvalidCredential::Source(other),
            })?),
        };
        Ok(Self { name, source })
    }
}

impl From<SecretSource> for Credential {
    fn from(source: SecretSource) -> Self {
        Self { name: None, source: CredentialSource::Secret(source) }
    }
}

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_table::<_, Self, Fields>(deserializer)
    }
}

impl JsonSchema for Credential {
    fn schema_name() -> Cow<'static, str> {
        "Credential".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        secret::or_text(Fields::json_schema(generator))
    }
}

#[cfg(test)]
mod tests;
