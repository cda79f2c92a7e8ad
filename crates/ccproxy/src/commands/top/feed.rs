//! What is heard of the proxy.

use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::Record;
use serde::Deserialize;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::commands::api::{Api, ApiError};
use crate::commands::health::verdict::Verdict;
use crate::commands::told::figures::{Overview, Provider, Providers};

/// A stream that has ended is asked for again after this long.
const AGAIN: Duration = Duration::from_secs(1);

/// Something new.
pub(super) enum News {
    /// How things stand.
    Look(Box<Look>),
    /// The proxy does not tell.
    Trouble(String),
    /// An exchange has ended.
    Record(Arc<Record>),
    /// So many records were not told, as we are too slow.
    Missed(u64),
}

/// How things stand at a moment.
pub(super) struct Look {
    /// Since the beginning.
    pub(super) at: Duration,
    pub(super) health: Verdict,
    pub(super) overview: Overview,
    pub(super) providers: Vec<Provider>,
}

/// Begins to listen, until the set is dropped.
pub(super) fn start(api: Api, every: Duration, begun: Instant, tell: &Sender<News>, tasks: &mut JoinSet<()>) {
    let api = Arc::new(api);
    tasks.spawn(look(Arc::clone(&api), every, begun, tell.clone()));
    tasks.spawn(follow(api, tell.clone()));
}

async fn look(api: Arc<Api>, every: Duration, begun: Instant, tell: Sender<News>) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let news = match Box::pin(once(&api, begun)).await {
            Ok(look) => News::Look(Box::new(look)),
            Err(error) => News::Trouble(error.to_string()),
        };
        if tell.send(news).await.is_err() {
            return;
        }
    }
}

async fn once(api: &Api, begun: Instant) -> Result<Look, ApiError> {
    let (health, overview, providers) =
        tokio::join!(api.health(), api.get("/api/overview"), api.get::<Providers>("/api/providers"));
    Ok(Look { at: begun.elapsed(), health, overview: overview?, providers: providers?.providers })
}

async fn follow(api: Arc<Api>, tell: Sender<News>) {
    #[derive(Deserialize)]
    struct Dropped {
        dropped: u64,
    }
    loop {
        if let Ok(mut events) = api.events("/api/requests/live").await {
            while let Some((name, data)) = events.next().await {
                let news = match name.as_str() {
                    "request" => {
                        serde_json::from_str(&data).ok().map(|record| News::Record(Arc::new(record)))
                    }
                    "dropped" => {
                        serde_json::from_str(&data).ok().map(|Dropped { dropped }| News::Missed(dropped))
                    }
                    _ => None,
                };
                if let Some(news) = news
                    && tell.send(news).await.is_err()
                {
                    return;
                }
            }
        }
        sleep(AGAIN).await;
    }
}
