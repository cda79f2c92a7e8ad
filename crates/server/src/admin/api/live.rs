//! `GET /api/requests/live`: each exchange as it ends, in server-sent events; or each of those that are asked for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use ccproxy_health_server::Pages;
use ccproxy_record::Record;
use ccproxy_store::Filter;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Uri};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use super::query::Query;
use super::{Answer, told};
use crate::app::App;
use crate::error::Error;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// A silent stream gets a comment this often, so that nobody on the way takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// The stream, which holds its place among the readers until its end.
pub(in crate::admin) async fn live(
    State(app): State<Arc<App>>,
    Extension(door): Extension<Pages>,
    method: Method,
    uri: Uri,
) -> Answer {
    let mut query = Query::filtered(&uri, &[]);
    let filter = query.filter();
    query.end()?;
    if method == Method::HEAD {
        return Ok(told(EVENT_STREAM, Vec::new()));
    }
    let (records, place) = app.recorder.live().ok_or(Error::TooManyReaders)?;
    let reader = Reader { records, filter, over: Box::pin(door.over()), greeted: false, _place: place };
    let events = stream::unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let mut response = Response::new(axum::body::Body::from_stream(events));
    response.headers_mut().insert(CONTENT_TYPE, EVENT_STREAM);
    Ok(response)
}

/// One who follows.
struct Reader {
    records: Receiver<Arc<Record>>,
    /// Which of them are told.
    filter: Filter,
    /// The door's streams are to end.
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            // Whoever waits for the first byte learns that everything from now on will be told.
            return Some(COMMENT);
        }
        let silence = sleep(KEEP_ALIVE);
        tokio::pin!(silence);
        loop {
            tokio::select! {
                biased;
                received = self.records.recv() => match received {
                    Ok(record) if self.filter.matches(&record) => return Some(event(&record)),
                    Ok(_) => {}
                    // Nobody knows which these were.
                    Err(RecvError::Lagged(lost)) => return Some(dropped(lost)),
                    Err(RecvError::Closed) => return None,
                },
                () = &mut self.over => return None,
                () = &mut silence => return Some(COMMENT),
            }
        }
    }
}

fn event(record: &Record) -> Bytes {
    // A record has nothing that JSON cannot say.
    let data = serde_json::to_string(record).unwrap_or_default();
    format!("event: request\ndata: {data}\n\n").into()
}

fn dropped(lost: u64) -> Bytes {
    format!("event: dropped\ndata: {{\"dropped\":{lost}}}\n\n").into()
}
