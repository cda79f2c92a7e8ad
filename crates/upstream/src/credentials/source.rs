//! The places where an operator keeps a credential.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::{CredentialSource, Proxies, SecretSource};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::oauth::Client;

/// A file is read again after this long, so that a replaced key comes into use at once. To read a small file costs
/// little more than to ask when it was changed, which would miss a change within the clock's grain.
pub(super) const FILE_TTL: Duration = Duration::from_secs(1);
/// A command that takes longer is ended.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Where one credential comes from.
pub(super) enum Source {
    Secret(SecretSource),
    OAuth(Box<Client>),
}

/// What a source gave.
pub(super) struct Given {
    pub(super) secret: SecretString,
    pub(super) lasts: Lasts,
    /// What the operator should know although it worked.
    pub(super) notice: Option<String>,
}

/// How long what a source gave is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    /// Until the program ends.
    Always,
    /// The source may say something else by then.
    Until(Instant),
    /// It is to be renewed at one moment and ends by itself at a later one.
    Token { renew: Instant, end: Instant },
}

impl Source {
    /// # Errors
    /// What cannot work.
    pub(super) fn new(source: CredentialSource, proxies: &Arc<Proxies>) -> Result<Self, String> {
        Ok(match source {
            CredentialSource::Secret(source) => Self::Secret(source),
            CredentialSource::OAuth(oauth) => Self::OAuth(Box::new(Client::new(*oauth, proxies)?)),
        })
    }

    /// In words that are safe to print.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Secret(source) => source.describe(),
            Self::OAuth(client) => client.describe(),
        }
    }

    pub(super) async fn read(&self) -> Result<Given, String> {
        let source = match self {
            Self::Secret(source) => source,
            Self::OAuth(client) => return client.token().await,
        };
        let secret = read(source).await?;
        let lasts = match source {
            SecretSource::Value(_) | SecretSource::Env(_) => Lasts::Always,
            SecretSource::File(_) => Lasts::Until(Instant::now() + FILE_TTL),
            SecretSource::Command { ttl, .. } => Lasts::Until(Instant::now() + *ttl),
        };
        Ok(Given { secret, lasts, notice: None })
    }

    /// Whether it gives another secret when asked for one before its time.
    pub(super) fn renews(&self) -> bool {
        matches!(self, Self::OAuth(_) | Self::Secret(SecretSource::Command { .. }))
    }

    pub(super) fn is_oauth(&self) -> bool {
        matches!(self, Self::OAuth(_))
    }
}

/// Reads a secret, without the white space at its ends.
pub(super) async fn read(source: &SecretSource) -> Result<SecretString, String> {
    let secret: SecretString = match source {
        SecretSource::Value(secret) => secret.clone(),
        SecretSource::Env(name) => std::env::var(name).map_err(|_| "is not set".to_owned())?.into(),
        SecretSource::File(path) => {
            let text = tokio::fs::read_to_string(path).await;
            text.map_err(|error| format!("cannot be read: {}", error.kind()))?.into()
        }
        SecretSource::Command { argv, .. } => run(argv).await?,
    };
    match secret.expose_secret().trim() {
        "" => Err("is empty".to_owned()),
        trimmed => Ok(trimmed.into()),
    }
}

async fn run(argv: &[String]) -> Result<SecretString, String> {
    let (program, arguments) = argv.split_first().ok_or("names no program")?;
    let command = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match tokio::time::timeout(COMMAND_TIMEOUT, command).await {
        Err(_) => return Err(format!("gave nothing within {COMMAND_TIMEOUT:?}")),
        Ok(Err(error)) => return Err(format!("cannot be run: {}", error.kind())),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        // Its own words stay out: they may hold what it was given.
        return Err(format!("failed with {}", output.status));
    }
    String::from_utf8(output.stdout).map(Into::into).map_err(|_| "printed what is not UTF-8".to_owned())
}
