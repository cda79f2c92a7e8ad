//! `GET /api/requests/live`: records as they are made, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use ccproxy_record::Record;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::sleep;

use super::parameters::Parameters;
use crate::app::App;
use crate::error::Error;

/// So many may watch at once.
const READERS: usize = 64;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The places of those who watch.
pub(crate) struct Readers(Arc<Semaphore>);

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READERS)))
    }
}

/// Somebody who watches, until the listener closes.
struct Reader {
    records: broadcast::Receiver<Arc<Record>>,
    app: Arc<App>,
    _place: OwnedSemaphorePermit,
}

pub(super) fn live(app: Arc<App>, mut parameters: Parameters) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        let filter = parameters.filter();
        parameters.end()?;
        let place = Arc::clone(&app.live.0).try_acquire_owned().map_err(|_| Error::StoreBusy)?;
        let reader = Reader { records: app.recorder.live(), app, _place: place };
        let events = stream::unfold(reader, move |mut reader| {
            let filter = filter.clone();
            async move {
                loop {
                    let next = tokio::select! {
                        next = reader.records.recv() => next,
                        () = reader.app.closed() => return None,
                        () = sleep(KEEP_ALIVE) => return Some((Ok(comment("keep-alive")), reader)),
                    };
                    match next {
                        Ok(record) if !filter.matches(&record) => {}
                        next => return Some((Ok::<_, Infallible>(event(next)?), reader)),
                    }
                }
            }
        });
        // The head goes out at once: until the first record, the reader would not know that it is heard.
        let opening = stream::once(async { Ok(comment("live")) });
        let sse = Sse::new(opening.chain(events));
        Ok(sse.into_response())
    })
}

fn comment(text: &str) -> Event {
    Event::default().comment(text)
}

fn event(next: Result<Arc<Record>, RecvError>) -> Option<Event> {
    match next {
        Ok(record) => Event::default().event("request").json_data(&*record).ok(),
        Err(RecvError::Lagged(dropped)) => {
            Some(Event::default().event("dropped").data(format!("{{\"dropped\":{dropped}}}")))
        }
        Err(RecvError::Closed) => None,
    }
}
