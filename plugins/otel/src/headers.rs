//! What the collector is shown with each request. The values are secrets.

use std::collections::BTreeMap;

use ccproxy_config::SecretSource;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

/// Those that the transport sets.
const TAKEN: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// The configured headers.
pub(crate) struct Headers(Vec<(HeaderName, SecretSource)>);

impl Headers {
    /// Looks at names, and at such values as can be had without any I/O.
    ///
    /// # Errors
    /// What cannot be sent, without the value.
    pub(crate) fn new(configured: BTreeMap<String, SecretSource>) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (text, source) in configured {
            let name = HeaderName::try_from(&text).map_err(|_| format!("{text:?} is no name of a header"))?;
            if TAKEN.contains(&name) {
                return Err(format!("{name} is set by the transport; leave it out"));
            }
            match &source {
                SecretSource::Value(_) | SecretSource::Env(_) => drop(value(&name, &source)?),
                SecretSource::File(_) => {}
                SecretSource::Command { .. } => {
                    return Err(format!("{name}: a command is not possible here; use env or file"));
                }
            }
            headers.push((name, source));
        }
        Ok(Self(headers))
    }

    /// All of them, files read as they are now.
    ///
    /// # Errors
    /// What cannot be read or sent, without the value.
    pub(crate) fn read(&self) -> Result<HeaderMap, String> {
        self.0.iter().map(|(name, source)| Ok((name.clone(), value(name, source)?))).collect()
    }
}

fn value(name: &HeaderName, source: &SecretSource) -> Result<HeaderValue, String> {
    let secret = secret(source).map_err(|why| format!("{name}: {} {why}", source.describe()))?;
    let mut value = HeaderValue::try_from(secret.expose_secret())
        .map_err(|_| format!("{name} holds characters that a header cannot"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn secret(source: &SecretSource) -> Result<SecretString, String> {
    match source {
        SecretSource::Value(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => std::env::var(name).map(Into::into).map_err(|_| "is not set".to_owned()),
        SecretSource::File(path) => {
            let text = std::fs::read_to_string(path).map(SecretString::from);
            let text = text.map_err(|error| format!("cannot be read: {}", error.kind()))?;
            Ok(text.expose_secret().trim().into())
        }
        SecretSource::Command { .. } => Err("is not possible here; use env or file".to_owned()),
    }
}
