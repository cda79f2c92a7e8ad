//! What the collector is shown with each request. The values are secrets.

use std::collections::BTreeMap;

use ccproxy_config::SecretSource;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;

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
    let secret = source.read().map_err(|why| format!("{name}: {why}"))?;
    let text = match source {
        // It ends in a line's end.
        SecretSource::File(_) => secret.expose_secret().trim(),
        _ => secret.expose_secret(),
    };
    let mut value =
        HeaderValue::try_from(text).map_err(|_| format!("{name} holds characters that a header cannot"))?;
    value.set_sensitive(true);
    Ok(value)
}
