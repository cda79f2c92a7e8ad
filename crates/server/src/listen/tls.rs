//! TLS on the main port: what connections are served with, and the task that takes a new certificate.

mod files;
mod handshake;
#[cfg(test)]
mod tests;
mod validity;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use blake3::Hash;
use ccproxy_config::{Mistake, Place, ServerTls, Settings};
use ccproxy_health_system::{Aside, Certificate};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use files::{Contents, Ready, Unfit};
pub(super) use handshake::shake_hands;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate of the main port.
pub(crate) struct Tls {
    settings: ServerTls,
    /// Where each key was set.
    places: [(&'static str, Place); 3],
    current: ArcSwapOption<Ready>,
    /// Why what is in the files is not what is in use.
    problem: ArcSwapOption<String>,
}

impl Tls {
    /// Where TLS is wanted. Nothing is read yet.
    pub(crate) fn new(whole: &Settings) -> Option<Arc<Self>> {
        let settings = whole.server.tls.clone()?;
        let places = files::KEYS.map(|key| (key, whole.place(&format!("server.tls.{key}"))));
        let (current, problem) = (ArcSwapOption::empty(), ArcSwapOption::empty());
        Some(Arc::new(Self { settings, places, current, problem }))
    }

    /// Reads the files for the first time.
    pub(super) fn load(&self) -> Result<(), Mistake> {
        let ready = Contents::read(&self.settings).and_then(|contents| contents.prepare());
        self.current.store(Some(Arc::new(ready.map_err(|unfit| self.mistake(&unfit))?)));
        if files::is_open_to_all(&self.settings.key) {
            tracing::warn!(file = %self.settings.key.display(), "everybody_on_this_machine_can_read_the_tls_key");
        }
        Ok(())
    }

    fn mistake(&self, unfit: &Unfit) -> Mistake {
        let place = self.places.iter().find(|(key, _)| *key == unfit.key);
        let place = place.map_or(Place::Default, |(_, place)| place.clone());
        Mistake::new(place, format!("server.tls.{}", unfit.key), unfit.to_string())
    }

    /// What a new connection is served with.
    fn acceptor(&self) -> Option<TlsAcceptor> {
        self.current.load().as_ref().map(|ready| TlsAcceptor::from(Arc::clone(&ready.config)))
    }

    /// What health is told.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        let current = self.current.load();
        let validity = current.as_ref()?.validity;
        let problem = self.problem.load().as_deref().cloned();
        Some(Certificate { from: validity.from, until: validity.until, problem })
    }

    /// Takes what is new in the files until `stop` is cancelled. The files are read beside the runtime, all of them, since
    /// neither times nor names tell whether they have changed: Kubernetes swaps a directory far behind them.
    pub(super) async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let look = async {
            let (aside, mut doubted) = (Aside::default(), None);
            loop {
                sleep(LOOK).await;
                let tls = Arc::clone(&self);
                // A file system that does not answer is no reason to say anything: the old certificate is there.
                if let Ok(now) = aside.run(move || tls.look(doubted)).await {
                    doubted = now;
                }
            }
        };
        stop.run_until_cancelled(look).await;
    }

    /// Looks once. Gives what was of no use, which is believed when it is still the same at the next look: files are
    /// written one after the other.
    fn look(&self, doubted: Option<Hash>) -> Option<Hash> {
        let read = Contents::read(&self.settings);
        let print = match &read {
            Ok(contents) => contents.print(),
            Err(unfit) => blake3::hash(unfit.to_string().as_bytes()),
        };
        let Err(unfit) = read.and_then(|contents| self.take(&contents, print)) else {
            self.problem.store(None);
            return None;
        };
        let known = self.problem.load();
        let problem =
            format!("what is new in the file of server.tls.{} cannot be used: {}", unfit.key, unfit.wrong);
        if doubted == Some(print) && known.as_deref() != Some(&problem) {
            tracing::error!(error = %unfit, "new_tls_certificate_refused");
            self.problem.store(Some(Arc::new(problem)));
        }
        Some(print)
    }

    /// Takes the contents if they are others than those in use.
    fn take(&self, contents: &Contents<'_>, print: Hash) -> Result<(), Unfit> {
        if self.current.load().as_ref().is_some_and(|current| current.print == print) {
            return Ok(());
        }
        let ready = contents.prepare()?;
        if !ready.validity.holds(now()) {
            return Err(contents.not_now());
        }
        self.current.store(Some(Arc::new(ready)));
        tracing::info!("new_tls_certificate_taken");
        Ok(())
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
