//! An exchange's stay at an instance.

use std::sync::Arc;

use ccproxy_upstream::breaker::Trial;

use super::traffic::Traffic;

/// An exchange goes to an instance, and is counted there for as long as this is kept.
///
/// If the exchange was the trial of a half-open breaker and told nothing of the upstream (no call was made, or the
/// client left at once), the next one may try instead.
pub(crate) struct Passage {
    traffic: Arc<Traffic>,
    trial: Option<Trial>,
}

impl Passage {
    pub(super) fn begin(traffic: &Arc<Traffic>, trial: Option<Trial>) -> Self {
        traffic.begin();
        Self { traffic: Arc::clone(traffic), trial }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.traffic.end();
        if let Some(trial) = self.trial.take() {
            self.traffic.give_back(trial);
        }
    }
}
