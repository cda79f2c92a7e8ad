//! From one configuration to the next without a restart.

use std::sync::{Arc, Mutex, PoisonError};

use ccproxy_config::{Mistakes, Settings};
use ccproxy_health::{Registration, Scope};
use ccproxy_plugin_api::PluginEntry;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::build::{instances, open_to_all};
use super::watch::is_same;
use super::{App, Current, Instance, Instances, Process, Read};

/// What a reload can change; anything else is read at the start. Keys, or the sections above them.
const LIVE: [&str; 19] = [
    "auth",
    "disconnect",
    "health.critical",
    "health.slow",
    "limits.anonymous",
    "limits.keys",
    "limits.unpriced",
    "management.token",
    "pricing",
    "providers",
    "reload",
    "retry",
    "routes",
    "server.allowed_hosts",
    "server.body_limit",
    "server.body_timeout",
    "server.sse_keep_alive",
    "translation.strict",
    "upstream",
];

/// Brings other configurations into force.
#[derive(Clone)]
pub struct Reloader {
    current: Arc<Current>,
    plugins: &'static [PluginEntry],
    insecure_no_auth: bool,
    /// What the process was started with.
    first: Settings,
    /// What is in force.
    settings: Settings,
}

/// What follows from a configuration that is to come into force. Dropped, it leaves no trace.
pub struct Prepared {
    settings: Settings,
    read: Read,
    instances: Instances,
    added: Registration,
}

/// What a reload has come to. Keys only: values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Reloaded {
    /// What is in force now and was not before.
    pub changed: Vec<String>,
    /// What is not in force, as it takes a restart: since the start of the process, not only by this reload.
    pub restart: Vec<String>,
}

/// What a reload comes to: what has changed, or every mistake that kept it from changing anything.
pub type ReloadOutcome = Result<Reloaded, Vec<String>>;

/// Somebody wants the configuration to be read again, and waits for what that comes to.
pub struct ReloadOrder(oneshot::Sender<ReloadOutcome>);

impl ReloadOrder {
    /// Tells it.
    pub fn answer(self, outcome: ReloadOutcome) {
        // Who does not wait any longer need not know.
        let _ = self.0.send(outcome);
    }
}

/// How the last reload went, and since when what is in force is.
pub(crate) struct Reloads(Mutex<(bool, Timestamp)>);

impl Reloads {
    pub(super) fn new() -> Self {
        Self(Mutex::new((true, Timestamp::now())))
    }

    /// Whether the last one came into force, and when the last did that.
    pub(crate) fn last(&self) -> (bool, Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, good: bool) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (good, if good { Timestamp::now() } else { last.1 });
    }
}

impl Process {
    /// Has the configuration read again; `None` if nobody does that, or not any longer.
    pub(crate) async fn order_reload(&self) -> Option<ReloadOutcome> {
        let (told, outcome) = oneshot::channel();
        self.orders.send(ReloadOrder(told)).await.ok()?;
        outcome.await.ok()
    }
}

impl Reloader {
    pub(super) fn new(
        current: &Arc<Current>,
        settings: &Settings,
        plugins: &'static [PluginEntry],
        insecure_no_auth: bool,
    ) -> Self {
        let current = Arc::clone(current);
        Self { current, plugins, insecure_no_auth, first: settings.clone(), settings: settings.clone() }
    }

    /// The configuration in force; where it takes a restart, the values to come.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Builds what follows from a configuration that a start [would accept](crate::Application::build). Reads the files of
    /// tokens, so it may block. Nothing is in force before [`apply`](Self::apply).
    ///
    /// # Errors
    /// What would make it unsafe beside what takes a restart, and tokens that cannot be read.
    pub fn prepare(&self, settings: &Settings) -> Result<Prepared, Mistakes> {
        let mut mistakes = Vec::new();
        if !self.insecure_no_auth {
            // We go on listening where we do.
            mistakes.extend(open_to_all(&self.first.server, settings));
        }
        let app = self.current.app();
        // What says how all providers are reached is part of each.
        let all_anew = settings.changes(&self.settings).iter().any(|key| key.starts_with("upstream."));
        let keep = |name: &str| {
            let there = app.instance(name).filter(|_| !all_anew && is_same(name, &self.settings, settings));
            there.cloned()
        };
        let mut added = app.health.registration();
        let instances =
            instances(settings, self.plugins, &mut added, |section| keep(&section.name), &mut mistakes);
        let read = Read::new(settings).map_err(|found| mistakes.extend(found)).ok();
        match read {
            Some(read) if mistakes.is_empty() => {
                Ok(Prepared { settings: settings.clone(), read, instances, added })
            }
            _ => Err(Mistakes::new(mistakes)),
        }
    }

    /// Brings it into force, at once for every request that begins from then on. Requests that run keep what they have; an
    /// instance that is gone ends with the last of them. Call it on the runtime that supervises.
    pub async fn apply(&mut self, prepared: Prepared) -> Reloaded {
        let Prepared { settings, read, instances, added } = prepared;
        let before = self.current.app();
        let mut reloaded = self.told(&settings);
        // The configuration may be the same, and a token's file not.
        reloaded.changed.extend(read.changes(&before).map(str::to_owned));
        reloaded.changed.sort();
        reloaded.changed.dedup();
        let stays = |instance: &Instance, there: &Instances| {
            there.get(&instance.name).is_some_and(|other| std::ptr::eq(&**other, instance))
        };
        let app = App::new(&settings, read, instances, Arc::clone(&before.process));
        let app = Arc::new(app);
        let gone: Vec<&Arc<Instance>> =
            before.instances.values().filter(|instance| !stays(instance, &app.instances)).collect();
        // Watched first, then asked: what its first request tells is heard.
        let names: Vec<String> = gone.iter().map(|instance| instance.name.clone()).collect();
        app.health.change(&names, added).await;
        self.current.0.store(Arc::clone(&app));
        app.reloads.note(true);
        for instance in gone {
            instance.gone.cancel();
            app.health.container().remove(&instance.name);
        }
        for instance in app.instances.values().filter(|instance| !stays(instance, &before.instances)) {
            drop(app.starter.begin(&app, instance));
        }
        self.settings = settings;
        reloaded
    }

    /// A reload was refused for a mistake.
    pub fn refused(&self) {
        self.current.process().reloads.note(false);
    }

    /// What changes and what would have to.
    fn told(&self, settings: &Settings) -> Reloaded {
        let changed = settings.changes(&self.settings).into_iter().filter(|key| is_live(key)).collect();
        let mut restart: Vec<String> =
            settings.changes(&self.first).into_iter().filter(|key| !is_live(key)).collect();
        if self.of_core(settings) != self.of_core(&self.first) {
            restart.push("health.critical".to_owned());
        }
        Reloaded { changed, restart }
    }

    /// The critical checks of the core, which are there from the start.
    fn of_core<'s>(&self, settings: &'s Settings) -> Vec<&'s String> {
        let snapshot = self.current.app().health.snapshot();
        let of_core = |listed: &&String| snapshot.find(&Scope::Core, listed).is_some();
        settings.health.critical.iter().filter(of_core).collect()
    }
}

fn is_live(key: &str) -> bool {
    LIVE.iter()
        .any(|live| key.strip_prefix(live).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_restart() {
        let check = |key: &str, expect| assert_eq!(is_live(key), expect, "{key}");
        check("auth.keys", true);
        check("providers.claude", true);
        check("routes", true);
        check("routes_of_another", false);
        check("server.body_limit", true);
        check("server.port", false);
        check("server", false);
        check("health.critical", true);
        check("health.profile", false);
        check("logging.level", false);
        check("translation.store_limit", false);
    }
}
