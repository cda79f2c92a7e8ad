//! The one writer: outcomes in, snapshots out.

use std::sync::{Arc, atomic::Ordering};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::{
    beat::BEAT,
    events::Transition,
    health::Inner,
    passive::{Receivers, Report},
    registration::Change,
    snapshot::Snapshot,
};

/// How many outcomes one snapshot may take up: a flood costs one publication per batch, not per outcome.
const BATCH: usize = 256;

pub(crate) struct Writer {
    inner: Arc<Inner>,
    receivers: Receivers,
    batch: Vec<Report>,
}

impl Writer {
    pub(crate) fn new(inner: Arc<Inner>, receivers: Receivers) -> Self {
        Self { inner, receivers, batch: Vec::with_capacity(BATCH) }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut tick = interval(BEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The lanes never close: `inner` itself holds a sender of each.
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = tick.tick() => self.inner.beats.writer.beat(),
                Some(change) = self.receivers.to_change.recv() => self.change(change),
                Some(report) = self.receivers.from_checks.recv() => self.publish(report),
                Some(report) = self.receivers.from_traffic.recv() => self.publish(report),
            }
        }
        self.inner.beats.writer.end();
    }

    /// Publishes one snapshot for this outcome and whatever else waits, those of checks first.
    fn publish(&mut self, first: Report) {
        let Receivers { from_checks, from_traffic, .. } = &mut self.receivers;
        let waiting = || from_checks.try_recv().or_else(|_| from_traffic.try_recv()).ok();
        self.batch.push(first);
        self.batch.extend(std::iter::from_fn(waiting).take(BATCH - 1));
        let mut next = Snapshot::clone(&self.inner.snapshot.load());
        for report in self.batch.drain(..) {
            // What is gone may still be told of: its last requests go on.
            let place = next.place(report.id);
            let Some(reading) = place.and_then(|place| next.readings.get_mut(place)) else { continue };
            let (mut after, flip) = reading.after(report.outcome, report.at, report.time);
            after.took = report.took.or(after.took);
            if let Some(flip) = flip {
                after.component.transitions.fetch_add(1, Ordering::Relaxed);
                self.inner.events.record(Transition {
                    number: 0,
                    time: report.time,
                    component: Arc::clone(&after.component.label),
                    from: flip.from,
                    to: flip.to,
                    reason: after.output.clone(),
                });
            }
            *reading = Arc::new(after);
        }
        self.inner.snapshot.store(Arc::new(next));
        self.inner.changes.send_replace(());
    }

    /// Publishes a snapshot in which components have come and gone.
    fn change(&mut self, change: Change) {
        let mut next = Snapshot::clone(&self.inner.snapshot.load());
        next.change(&change.gone, &change.added);
        self.inner.snapshot.store(Arc::new(next));
        self.inner.changes.send_replace(());
        self.inner.rescheduled.notify_one();
        // Nobody waiting is no error.
        let _ = change.done.send(());
    }
}
