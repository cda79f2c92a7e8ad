//! One follower's queue.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

use ccproxy_plugin_api::{Hook, Wants};
use ccproxy_record::Event;
use crossbeam_queue::SegQueue;

use super::LaneInfo;

/// How many events a follower may be behind: what comes while a database restarts, at a few hundred bytes each.
pub(super) const CAPACITY: usize = 16 * 1024;

/// A follower, and what it has not seen yet.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) hook: Arc<dyn Hook>,
    pub(super) wants: Wants,
    queue: SegQueue<Event>,
    queued: AtomicUsize,
    dropped: AtomicU64,
    /// The last batch was refused.
    pub(super) failing: AtomicBool,
    /// What is done between batches fails.
    pub(super) pause_fails: AtomicBool,
    ending: AtomicBool,
    /// Its thread has been told that the queue fills up.
    called: AtomicBool,
    pub(super) thread: OnceLock<Thread>,
}

impl Lane {
    pub(super) fn new(name: String, hook: Arc<dyn Hook>) -> Self {
        Self {
            name,
            wants: hook.wants(),
            hook,
            queue: SegQueue::new(),
            queued: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            failing: AtomicBool::new(false),
            pause_fails: AtomicBool::new(false),
            ending: AtomicBool::new(false),
            called: AtomicBool::new(false),
            thread: OnceLock::new(),
        }
    }

    /// Queues an event, or drops it.
    pub(super) fn put(&self, event: Event) {
        let before = self.queued.fetch_add(1, Ordering::Relaxed);
        if before >= CAPACITY {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            self.drop_events(1);
            return;
        }
        self.queue.push(event);
        // Waking a thread costs more than the whole record, so it is not done for each.
        if before >= CAPACITY / 4 && !self.called.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Takes out at most so many events.
    pub(super) fn take(&self, most: usize, batch: &mut Vec<Event>) {
        self.called.store(false, Ordering::Relaxed);
        batch.extend(std::iter::from_fn(|| self.queue.pop()).take(most));
    }

    /// So many of the queued events are done with. Until then they count, as whoever stops waits for them.
    pub(super) fn done(&self, events: usize) {
        self.queued.fetch_sub(events, Ordering::Release);
    }

    pub(super) fn drop_events(&self, events: usize) {
        self.dropped.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// Nothing more will come.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(super) fn info(&self) -> LaneInfo {
        LaneInfo {
            name: self.name.clone(),
            queued: self.queued.load(Ordering::Acquire),
            capacity: CAPACITY,
            dropped: self.dropped.load(Ordering::Relaxed),
            failing: self.failing.load(Ordering::Relaxed) || self.pause_fails.load(Ordering::Relaxed),
        }
    }
}
