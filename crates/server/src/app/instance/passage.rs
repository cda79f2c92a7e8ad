//! An exchange's leave to pass the breaker.

use std::sync::Arc;

use ccproxy_upstream::breaker::{Admission, Trial};

use super::traffic::Traffic;

/// The breaker has let an exchange through.
///
/// It is kept for as long as the exchange goes on. If the exchange was the trial of a half-open breaker and told
/// nothing of the upstream (no call was made, or the client left at once), the next one may try instead.
#[derive(Default)]
pub(crate) struct Passage(Option<(Arc<Traffic>, Trial)>);

impl Passage {
    /// None where the breaker refuses.
    pub(super) fn of(traffic: &Arc<Traffic>, admission: Admission) -> Option<Self> {
        match admission {
            Admission::Free => Some(Self(None)),
            Admission::Trial(trial) => Some(Self(Some((Arc::clone(traffic), trial)))),
            Admission::Refused => None,
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if let Some((traffic, trial)) = self.0.take() {
            traffic.give_back(trial);
        }
    }
}
