//! What the connections share: scripts that wait for a request, and requests that came.

use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::record::{End, Recorded};
use super::script::Script;

#[derive(Default)]
struct Inner {
    scripts: Vec<Script>,
    requests: Vec<Recorded>,
    /// Counts resets, so that a request of an earlier time does not end one of the present.
    era: u64,
    log: Option<File>,
}

/// Names a recorded request.
#[derive(Clone, Copy)]
pub(super) struct Number {
    era: u64,
    index: usize,
}

#[derive(Default)]
pub(super) struct State {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

impl State {
    pub(super) fn new(log: Option<File>) -> Self {
        Self { inner: Mutex::new(Inner { log, ..Inner::default() }), changed: watch::Sender::default() }
    }

    pub(super) fn push(&self, script: Script) {
        self.lock().scripts.push(script);
    }

    /// The first waiting script that fits, or the usual answer.
    pub(super) fn take_script(&self, path: &str) -> Script {
        let mut inner = self.lock();
        let Some(at) = inner.scripts.iter().position(|script| script.fits(path)) else {
            return Script::default();
        };
        match inner.scripts.get_mut(at) {
            Some(script) if script.times > 1 => {
                script.times -= 1;
                script.clone()
            }
            _ => inner.scripts.remove(at),
        }
    }

    pub(super) fn record(&self, request: Recorded) -> Number {
        let mut inner = self.lock();
        if let Some(log) = &mut inner.log {
            let _ = writeln!(log, "{}", request.to_log());
        }
        inner.requests.push(request);
        let number = Number { era: inner.era, index: inner.requests.len() - 1 };
        drop(inner);
        self.changed.send_replace(());
        number
    }

    pub(super) fn finish(&self, number: Number, end: End) {
        let mut inner = self.lock();
        if inner.era == number.era
            && let Some(request) = inner.requests.get_mut(number.index)
        {
            request.end = end;
        }
        drop(inner);
        self.changed.send_replace(());
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    pub(super) fn reset(&self) {
        let mut inner = self.lock();
        inner.scripts.clear();
        inner.requests.clear();
        inner.era += 1;
    }

    /// Waits until `done` holds of the recorded requests.
    pub(super) async fn until(&self, done: impl Fn(&[Recorded]) -> bool) {
        let mut changed = self.changed.subscribe();
        while !done(&self.lock().requests) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
