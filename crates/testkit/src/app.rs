//! The program itself, running inside the test on a port of its own.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot set its stage fails, and the application's one task ends when it is told to"
)]

use std::net::SocketAddr;
use std::sync::Arc;

use ccproxy_config::{Env, Mistakes, Settings, Sources};
use ccproxy_health::{Health, Phase};
use ccproxy_plugin_api::{HookEntry, PluginEntry};
use ccproxy_server::{Application, BuildOptions, End, Reloaded, Reloader, Stats};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running application. Dropping it ends it at once.
pub struct TestApp {
    address: SocketAddr,
    management: Option<SocketAddr>,
    agent: Option<SocketAddr>,
    stats: Arc<Stats>,
    health: Health,
    /// Apart: it holds a whole configuration, and this is moved around a lot.
    reloader: Box<Mutex<Reloader>>,
    drain: CancellationToken,
    abort: CancellationToken,
    running: JoinHandle<End>,
}

impl TestApp {
    /// Starts an application with a configuration in TOML, on a free port, and waits until it is ready.
    ///
    /// # Panics
    /// If the configuration is wrong: the test is.
    pub async fn start(plugins: &'static [PluginEntry], toml: &str) -> Self {
        Self::start_with(plugins, &[], toml).await
    }

    /// The same with plugins that follow requests.
    ///
    /// # Panics
    /// If the configuration is wrong: the test is.
    pub async fn start_with(
        plugins: &'static [PluginEntry],
        hooks: &'static [HookEntry],
        toml: &str,
    ) -> Self {
        let app = Self::cold(plugins, hooks, toml).await;
        let mut phase = app.health.watch_phase();
        phase.wait_for(|phase| *phase != Phase::Starting).await.expect("the application watches its phase");
        app
    }

    /// The same without waiting.
    ///
    /// # Panics
    /// If the configuration is wrong: the test is.
    pub async fn start_cold(plugins: &'static [PluginEntry], toml: &str) -> Self {
        Self::cold(plugins, &[], toml).await
    }

    async fn cold(plugins: &'static [PluginEntry], hooks: &'static [HookEntry], toml: &str) -> Self {
        let settings = settings(toml).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let options = BuildOptions { hooks, ..BuildOptions::default() };
        let application = Application::build(&settings, plugins, options);
        let application = application.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let mut bound = application.bind().await.unwrap_or_else(|error| panic!("{error}"));
        let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
        Self {
            address: bound.address(),
            management: bound.management().and_then(|listening| listening.tcp),
            agent: bound.management().and_then(|listening| listening.agent),
            stats: bound.stats(),
            health: bound.health(),
            reloader: Box::new(Mutex::new(bound.reloading().expect("nobody else reloads").0)),
            running: tokio::task::spawn(bound.run(drain.clone(), abort.clone())),
            drain,
            abort,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where those who run it are listened to.
    ///
    /// # Panics
    /// If `[management]` has no port.
    #[must_use]
    pub fn management(&self) -> SocketAddr {
        self.management.expect("the configuration has a management port")
    }

    /// Where HAProxy's agent-check is answered.
    ///
    /// # Panics
    /// If `[management]` has no agent port.
    #[must_use]
    pub fn agent(&self) -> SocketAddr {
        self.agent.expect("the configuration has an agent port")
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its counters.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Its health.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Brings another configuration into force.
    ///
    /// # Errors
    /// Its mistakes; then nothing has changed.
    pub async fn reload(&self, toml: &str) -> Result<Reloaded, Mistakes> {
        let mut reloader = self.reloader.lock().await;
        let prepared = reloader.prepare(&settings(toml)?)?;
        Ok(reloader.apply(prepared).await)
    }

    /// Sends what SIGTERM sends.
    pub fn drain(&self) {
        self.drain.cancel();
    }

    /// Sends what the second SIGTERM sends.
    pub fn abort(&self) {
        self.abort.cancel();
    }

    /// Waits for the end, and says how it came.
    ///
    /// # Panics
    /// If serving panicked.
    pub async fn ended(mut self) -> End {
        (&mut self.running).await.expect("serving does not panic")
    }
}

fn settings(toml: &str) -> Result<Settings, Mistakes> {
    let sources = Sources::from_text("test.toml", toml).env([("CCPROXY__SERVER__PORT", "0")]);
    Ok(Settings::load(&sources)?.with_detected(&Env::default()))
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // Serving ends by itself when it is told to, or with the test's runtime.
        self.abort.cancel();
    }
}
