//! The places where an operator keeps a credential.

use std::time::Duration;

use ccproxy_config::SecretSource;
use secrecy::SecretString;

/// A file is read again after this long, so that a replaced key comes into use.
pub(super) const FILE_TTL: Duration = Duration::from_secs(30);
/// A command that takes longer is ended.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// How long what a source gave is good.
pub(super) fn ttl(source: &SecretSource) -> Option<Duration> {
    match source {
        SecretSource::Value(_) | SecretSource::Env(_) => None,
        SecretSource::File(_) => Some(FILE_TTL),
        SecretSource::Command { ttl, .. } => Some(*ttl),
    }
}

pub(super) async fn read(source: &SecretSource) -> Result<SecretString, String> {
    match source {
        SecretSource::Value(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => std::env::var(name).map(Into::into).map_err(|_| "is not set".to_owned()),
        SecretSource::File(path) => {
            let text = tokio::fs::read_to_string(path).await;
            text.map(Into::into).map_err(|error| format!("cannot be read: {}", error.kind()))
        }
        SecretSource::Command { argv, .. } => run(argv).await,
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
