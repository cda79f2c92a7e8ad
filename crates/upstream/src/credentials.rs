//! Credentials towards a provider: read from where the operator keeps them, shown to nobody.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use ccproxy_config::SecretSource;
use ccproxy_health::{Check, Outcome, Spec};
use ccproxy_plugin_api::{CallError, CallErrorKind, StartError};
use futures_util::future::BoxFuture;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How a credential stands in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The bare secret, as `x-api-key` has it.
    Plain,
    /// `Bearer` and the secret, as `authorization` has it.
    Bearer,
}

/// A file is read again after this long, so that a replaced key comes into use.
const FILE_TTL: Duration = Duration::from_secs(30);
/// A source that failed is tried again after this long, not on every call.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often health looks.
const CHECK_INTERVAL: Duration = Duration::from_secs(15);
/// A command that takes longer is ended.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The credential of one provider instance: the first of its sources that gives one.
pub struct Credentials {
    sources: Vec<SecretSource>,
    scheme: Scheme,
    current: ArcSwapOption<Loaded>,
    loading: Mutex<()>,
}

struct Loaded {
    header: Result<HeaderValue, String>,
    stale_at: Option<Instant>,
}

impl Credentials {
    /// Credentials to be read from `sources`; nothing is read yet.
    #[must_use]
    pub fn new(sources: Vec<SecretSource>, scheme: Scheme) -> Self {
        Self { sources, scheme, current: ArcSwapOption::empty(), loading: Mutex::new(()) }
    }

    /// Whether the instance goes without a credential, as a model server in one's own network does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The value for the credential's header; `None` if the instance has no credential.
    ///
    /// # Errors
    /// [`CallErrorKind::Credential`] if no source gives one.
    pub async fn header(&self) -> Result<Option<HeaderValue>, CallError> {
        if self.is_empty() {
            return Ok(None);
        }
        let header = self.load().await.map_err(|_| {
            let message = "this proxy has no usable credential for the provider; its operator finds the reason in the log";
            CallError::new(CallErrorKind::Credential, message)
        })?;
        Ok(Some(header))
    }

    /// Reads the credential for the first time.
    ///
    /// # Errors
    /// What was tried, and why it failed; no secret is in it.
    pub async fn start(&self) -> Result<(), StartError> {
        if self.is_empty() {
            return Ok(());
        }
        self.load().await.map(|_| ()).map_err(StartError)
    }

    async fn load(&self) -> Result<HeaderValue, String> {
        if let Some(header) = self.fresh() {
            return header;
        }
        let _one_at_a_time = self.loading.lock().await;
        if let Some(header) = self.fresh() {
            return header;
        }
        let loaded = self.read().await;
        let header = loaded.header.clone();
        self.current.store(Some(Arc::new(loaded)));
        header
    }

    fn fresh(&self) -> Option<Result<HeaderValue, String>> {
        let current = self.current.load();
        let loaded = current.as_ref()?;
        loaded.stale_at.is_none_or(|at| Instant::now() < at).then(|| loaded.header.clone())
    }

    async fn read(&self) -> Loaded {
        let mut failures = Vec::new();
        for source in &self.sources {
            match read(source).await.and_then(|secret| self.header_value(&secret)) {
                Ok(header) => {
                    let stale_at = ttl(source).map(|ttl| Instant::now() + ttl);
                    return Loaded { header: Ok(header), stale_at };
                }
                Err(reason) => failures.push(format!("{}: {reason}", source.describe())),
            }
        }
        Loaded { header: Err(failures.join("; ")), stale_at: Some(Instant::now() + RETRY_AFTER) }
    }

    fn header_value(&self, secret: &SecretString) -> Result<HeaderValue, String> {
        let secret = secret.expose_secret().trim();
        if secret.is_empty() {
            return Err("is empty".to_owned());
        }
        let value = match self.scheme {
            Scheme::Plain => HeaderValue::from_str(secret),
            Scheme::Bearer => HeaderValue::from_str(&format!("Bearer {secret}")),
        };
        let mut value = value.map_err(|_| "has characters that no HTTP header can carry".to_owned())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Check for Credentials {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(async {
            match self.load().await {
                Ok(_) => Outcome::pass(),
                Err(reason) => Outcome::fail(reason),
            }
        })
    }
}

/// The check that the credential can be read; an instance without credentials has nothing to check.
#[must_use]
pub fn check(credentials: Arc<Credentials>) -> Option<(Spec, Arc<dyn Check>)> {
    let spec =
        Spec::new("credentials").ok()?.interval(CHECK_INTERVAL).timeout(COMMAND_TIMEOUT).fall(1).rise(1);
    (!credentials.is_empty()).then_some((spec, credentials))
}

fn ttl(source: &SecretSource) -> Option<Duration> {
    match source {
        SecretSource::Value(_) | SecretSource::Env(_) => None,
        SecretSource::File(_) => Some(FILE_TTL),
        SecretSource::Command { ttl, .. } => Some(*ttl),
    }
}

async fn read(source: &SecretSource) -> Result<SecretString, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn source(toml: &str) -> SecretSource {
        #[derive(serde::Deserialize)]
        struct Holder {
            source: SecretSource,
        }
        ccproxy_config::Section::from_toml("x", toml).unwrap().read::<Holder>().unwrap().source
    }

    async fn check(toml: &str, expect: Result<&str, &str>) {
        let credentials = Credentials::new(vec![source(toml)], Scheme::Bearer);
        match (credentials.load().await, expect) {
            (Ok(header), Ok(text)) => {
                assert_eq!(header.to_str().unwrap(), text);
                assert!(!format!("{header:?}").contains(text), "a credential must not print itself");
            }
            (Err(error), Err(text)) => assert!(error.contains(text), "{error}"),
            (got, expect) => panic!("{toml}: got {got:?}, expected {expect:?}"),
        }
    }

    #[tokio::test]
    async fn every_source() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        std::fs::write(&file, "sk-file\n").unwrap();
        check("source = { value = 'sk-1' }", Ok("Bearer sk-1")).await;
        check("source = { value = '  ' }", Err("is empty")).await;
        check(
            "source = { env = 'CCPROXY_TEST_NO_SUCH_VARIABLE' }",
            Err("CCPROXY_TEST_NO_SUCH_VARIABLE: is not set"),
        )
        .await;
        check(&format!("source = {{ file = '{}' }}", file.display()), Ok("Bearer sk-file")).await;
        check("source = { file = '/no/such/file' }", Err("cannot be read: entity not found")).await;
        check("source = { command = ['echo', 'sk-2'] }", Ok("Bearer sk-2")).await;
        check("source = { command = ['false'] }", Err("failed with exit status: 1")).await;
        check("source = { command = ['/no/such/program'] }", Err("cannot be run")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_mended_file_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let credentials = Credentials::new(vec![SecretSource::File(file.clone())], Scheme::Plain);
        assert!(credentials.start().await.is_err());
        std::fs::write(&file, "sk-1").unwrap();
        assert!(credentials.header().await.is_err(), "a failure is kept for a while");
        tokio::time::advance(RETRY_AFTER).await;
        assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
        std::fs::write(&file, "sk-2").unwrap();
        assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
        tokio::time::advance(FILE_TTL).await;
        assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-2");
    }
}
