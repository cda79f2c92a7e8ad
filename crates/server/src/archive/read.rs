//! What is asked of the store, on threads of their own: a few at a time, a few more that wait, and none for ever.

use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use ccproxy_store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{Archive, State};
use crate::error::Error;

/// So many questions are asked at once.
pub(super) const AT_A_TIME: usize = 4;
/// So many more wait for their turn.
pub(super) const WAITING: usize = 32;
/// How long a question may wait and take, all in all.
const PATIENCE: Duration = Duration::from_secs(10);

impl Archive {
    /// Asks the store, which may block as it likes.
    ///
    /// # Errors
    /// [`Error::Unkept`], [`Error::NoStore`], [`Error::StoreBusy`], [`Error::BadQuery`] and [`Error::StoreFailed`].
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.open()?;
        let deadline = Instant::now() + PATIENCE;
        let place = {
            let _waiting = self.waiting.try_acquire().map_err(|_| Error::StoreBusy)?;
            let place = timeout_at(deadline, Arc::clone(&self.places).acquire_owned()).await;
            place.map_err(|_| Error::StoreBusy)?.map_err(|_| Error::StoreFailed)?
        };
        let (tell, told) = oneshot::channel();
        let ask = move || {
            let result = work(&store);
            // The place first: whoever has the answer may ask again at once.
            drop((store, place));
            // Nobody waits any more: that is as well.
            let _ = tell.send(result);
        };
        // Not a runtime's own thread for what blocks: at its end, a runtime waits for those.
        if let Err(error) = Builder::new().name("store-read".to_owned()).spawn(ask) {
            tracing::error!(%error, "store_was_not_read");
            return Err(Error::StoreBusy);
        }
        match timeout_at(deadline, told).await {
            Ok(Ok(result)) => result.map_err(failed),
            Ok(Err(_)) => Err(Error::StoreFailed),
            Err(_) => Err(Error::StoreBusy),
        }
    }

    fn open(&self) -> Result<Store, Error> {
        let unavailable = |reason| Error::NoStore { reason };
        match &*self.state() {
            _ if self.options.is_none() => Err(Error::Unkept),
            State::Open(store, _) => Ok(store.clone()),
            State::Opening => Err(unavailable("it is being opened")),
            State::Closed => Err(unavailable("this process ends")),
            // The reason may name files, which its log and the check tell those who run the service.
            State::Missing(_) => Err(unavailable("the check store says why")),
        }
    }
}

/// What is wrong with a question is told; what is wrong with the store is for its log.
fn failed(error: StoreError) -> Error {
    match error {
        StoreError::Query(mistakes) => Error::BadQuery { mistakes },
        error => {
            tracing::error!(%error, "store_was_not_read");
            Error::StoreFailed
        }
    }
}
