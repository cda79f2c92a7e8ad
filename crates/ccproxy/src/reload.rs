//! Reading the configuration again: on SIGHUP, on `POST /reload`, and when its files have changed.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_health::{Health, Scope};
use ccproxy_health_system::Aside;
use ccproxy_server::{Bound, ReloadOrder, ReloadOutcome, Reloaded, Reloader};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::commands::service_manager::ServiceManager;
use crate::commands::signals::Hangups;
use crate::failure::Failure;
use crate::watch::{Files, NAME, Prints};

/// How often the files are looked at. Reading them is cheap, works with every way of changing a file (a rename, a symbolic
/// link that moves as in a ConfigMap, a network file system), and says what is in them, not that something has happened.
const LOOK: Duration = Duration::from_secs(2);

/// Who reads the configuration again, one time after the other.
pub(crate) struct Reloading {
    files: Arc<Files>,
    reloader: Reloader,
    orders: mpsc::Receiver<ReloadOrder>,
    hangups: Hangups,
    health: Health,
    aside: Aside,
}

impl Reloading {
    /// None where somebody reloads already.
    pub(crate) fn new(files: Arc<Files>, bound: &mut Bound, hangups: Hangups) -> Option<Self> {
        let (reloader, orders) = bound.reloading()?;
        Some(Self { files, reloader, orders, hangups, health: bound.health(), aside: Aside::default() })
    }

    /// Waits for reasons to reload until it is dropped.
    pub(crate) async fn run(mut self, manager: &ServiceManager) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            tokio::select! {
                () = self.hangups.next() => {
                    // Everything of it is in the log.
                    let _ = self.reload("SIGHUP", manager).await;
                }
                Some(order) = self.orders.recv() => order.answer(self.reload("POST /reload", manager).await),
                _ = look.tick(), if self.reloader.settings().reload.watch => {
                    let news = self.news().await;
                    // Half a file is one that is still being written: the same has to be there twice.
                    if news.is_some() && news == seen {
                        let _ = self.reload("the file has changed", manager).await;
                    }
                    seen = news;
                }
            }
        }
    }

    async fn news(&self) -> Option<Prints> {
        let files = Arc::clone(&self.files);
        // Where the file system does not answer, the check says so.
        self.aside.run(move || files.news()).await.ok().flatten()
    }

    /// Reads, builds, and brings into force what was built; or leaves everything as it is.
    async fn reload(&mut self, reason: &str, manager: &ServiceManager) -> ReloadOutcome {
        manager.reloading();
        let (files, reloader) = (Arc::clone(&self.files), self.reloader.clone());
        let read = spawn_blocking(move || {
            let (prints, settings) = files.read();
            (prints, settings.and_then(|settings| Ok(reloader.prepare(&settings)?)))
        });
        let (prints, prepared) = read.await.unwrap_or_else(|_| {
            let broken = Failure::Usage("building from it broke off; the log says where".to_owned());
            (self.files.news().unwrap_or_default(), Err(broken))
        });
        let result = match prepared {
            Ok(prepared) => Ok(self.reloader.apply(prepared).await),
            Err(failure) => {
                self.reloader.refused();
                Err(failure)
            }
        };
        let outcome = self.files.settle(prints, result.as_ref());
        self.health.reporter(&Scope::Core, NAME).into_iter().for_each(|it| it.report(outcome.clone()));
        manager.reloaded();
        told(reason, result)
    }
}

/// Logs what it has come to, names only.
fn told(reason: &str, result: Result<Reloaded, Failure>) -> ReloadOutcome {
    match &result {
        Ok(Reloaded { changed, restart }) => {
            tracing::info!(reason, changed = changed.join(", "), "configuration_reloaded");
            if !restart.is_empty() {
                tracing::warn!(keys = restart.join(", "), "configuration_takes_a_restart");
            }
        }
        Err(failure) => {
            let mistakes = failure.lines();
            mistakes.iter().for_each(|mistake| tracing::error!(mistake, "configuration_mistake"));
            tracing::error!(reason, mistakes = mistakes.len(), "configuration_not_reloaded");
        }
    }
    result.map_err(|failure| failure.lines())
}
