//! What has happened, on its way to those who follow it: the store, the plugins that are hooks, live pages.
//!
//! Each has a [`Lane`] of its own: a bounded queue that requests put events into without ever waiting, and a thread that takes
//! them out in batches. A lane that is full drops what comes next, for its own follower alone, and counts it.

mod followers;
mod lane;
mod thread;

use std::future::ready;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ccproxy_health::{Outcome, Spec, SpecError, check_fn};
use ccproxy_health_system::Watched;
use ccproxy_plugin_api::{Hook, Messages, Wants};
use ccproxy_record::{Event, Record, TraceId, Visit};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;

use lane::Lane;

/// How often health looks.
const EVERY: Duration = Duration::from_secs(1);
/// How many records a live page may be behind.
const LIVE: usize = 1024;
/// How many live pages there may be.
const READERS: usize = 64;
/// How often it is looked whether the threads have ended.
const POLL: Duration = Duration::from_millis(2);

/// Hands on what has happened.
pub(crate) struct Recorder {
    lanes: Box<[Arc<Lane>]>,
    wants: Wants,
    live: broadcast::Sender<Arc<Record>>,
    readers: Arc<Semaphore>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    begun: AtomicBool,
}

/// A lane, for people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LaneInfo {
    /// Who follows.
    pub(crate) name: String,
    /// How many events wait.
    pub(crate) queued: usize,
    /// How many may.
    pub(crate) capacity: usize,
    /// How many were dropped, for want of room or because they could not be taken.
    pub(crate) dropped: u64,
    /// Whether the last batch was refused, or what is done between batches fails.
    pub(crate) failing: bool,
}

impl Recorder {
    pub(crate) fn new(followers: Vec<(String, Arc<dyn Hook>)>) -> Self {
        let lanes: Box<[_]> =
            followers.into_iter().map(|(name, hook)| Arc::new(Lane::new(name, hook))).collect();
        let wants = lanes.iter().fold(Wants::default(), |wants, lane| wants.or(lane.wants));
        Self {
            lanes,
            wants,
            live: broadcast::Sender::new(LIVE),
            readers: Arc::new(Semaphore::new(READERS)),
            threads: Mutex::default(),
            begun: AtomicBool::new(false),
        }
    }

    /// What anybody wants to be told.
    pub(crate) fn wants(&self) -> Wants {
        self.wants
    }

    /// Whether somebody wants the record of an exchange that ends now.
    pub(crate) fn wants_exchanges(&self) -> bool {
        self.wants.exchanges || self.live.receiver_count() > 0
    }

    /// An exchange has ended.
    pub(crate) fn exchange(&self, record: Record) {
        let record = Arc::new(record);
        for lane in self.lanes.iter().filter(|lane| lane.wants.exchanges) {
            lane.put(Event::Exchange(Arc::clone(&record)));
        }
        if self.live.receiver_count() > 0 {
            // Whoever has gone meanwhile misses nothing.
            let _ = self.live.send(record);
        }
    }

    /// A request has been answered.
    pub(crate) fn visit(&self, visit: Visit) {
        let visit = Arc::new(visit);
        let wanted = |wants: Wants| if visit.probe { wants.probes } else { wants.visits };
        for lane in self.lanes.iter().filter(|lane| wanted(lane.wants)) {
            lane.put(Event::Visit(Arc::clone(&visit)));
        }
    }

    /// Whether somebody wants to keep a trace that begins here.
    pub(crate) fn samples(&self, trace: TraceId) -> bool {
        self.lanes.iter().any(|lane| lane.wants.traces && lane.hook.samples(trace))
    }

    /// Whoever follows the messages of this exchange.
    pub(crate) fn messages(&self, id: &str) -> Option<Arc<dyn Messages>> {
        let following = self.lanes.iter().filter(|lane| lane.wants.messages);
        followers::together(following.filter_map(|lane| lane.hook.messages(id)).collect())
    }

    /// The records to come, for one more reader; none where there are as many as there may be.
    pub(crate) fn live(&self) -> Option<(broadcast::Receiver<Arc<Record>>, OwnedSemaphorePermit)> {
        let place = Arc::clone(&self.readers).try_acquire_owned().ok()?;
        Some((self.live.subscribe(), place))
    }

    pub(crate) fn lanes(&self) -> impl Iterator<Item = LaneInfo> + '_ {
        self.lanes.iter().map(|lane| lane.info())
    }

    /// Starts the threads, once.
    ///
    /// # Errors
    /// That the machine gives none.
    pub(crate) fn start(&self) -> io::Result<()> {
        if self.begun.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        for lane in &self.lanes {
            let thread = thread::start(Arc::clone(lane))?;
            self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(())
    }

    /// Has everything taken that is queued, and ends the threads, until `deadline` at the latest.
    pub(crate) async fn finish(&self, deadline: Instant) {
        self.lanes.iter().for_each(|lane| lane.end());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let mut next = Instant::now();
        while threads.iter().any(|thread| !thread.is_finished()) && next < deadline {
            next += POLL;
            sleep_until(next).await;
        }
        for lane in self.lanes.iter().map(|lane| lane.info()).filter(|lane| lane.queued > 0) {
            tracing::error!(follower = lane.name, events = lane.queued, "events_are_lost");
        }
    }

    /// The check `records`: whether all who follow can keep up.
    pub(crate) fn check(self: &Arc<Self>) -> Result<Option<Watched>, SpecError> {
        if self.lanes.is_empty() {
            return Ok(None);
        }
        let (recorder, before) = (Arc::clone(self), AtomicU64::new(0));
        let check = check_fn(move || ready(recorder.outcome(&before)));
        Ok(Some((Spec::new("records")?.interval(EVERY).fall(1).rise(30), check)))
    }

    /// Whether anything was dropped since it was looked last, or is not taken. A request suffers from neither.
    fn outcome(&self, before: &AtomicU64) -> Outcome {
        let lanes: Vec<LaneInfo> = self.lanes().collect();
        let dropped: u64 = lanes.iter().map(|lane| lane.dropped).sum();
        let names = |of: &dyn Fn(&LaneInfo) -> bool| {
            let names: Vec<&str> =
                lanes.iter().filter(|lane| of(lane)).map(|lane| lane.name.as_str()).collect();
            names.join(", ")
        };
        if dropped > before.swap(dropped, Ordering::Relaxed) {
            let names = names(&|lane| lane.dropped > 0);
            return Outcome::warn(format!(
                "records are dropped for {names}; its log says why it cannot keep up"
            ))
            .observed(i64::try_from(dropped).unwrap_or(i64::MAX), "records");
        }
        let failing = names(&|lane| lane.failing);
        if failing.is_empty() {
            Outcome::pass().observed(i64::try_from(dropped).unwrap_or(i64::MAX), "records")
        } else {
            Outcome::warn(format!("{failing} takes no records for now; its log says why"))
        }
    }
}

/// As much of a text as a record keeps.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
