//! What is told to systemd, and when.

use std::fmt::Write;
use std::time::Duration;

use ccproxy_health::aggregate::{self, Verdict};
use ccproxy_health::{Health, Phase, Status, scrub};
use tokio::sync::watch::Receiver;
use tokio::sync::watch::error::RecvError;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::socket::Socket;

/// Time alone changes verdicts, and what could not be sent is to be sent again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Many checks make many snapshots; not each of them is worth a look.
const PACE: Duration = Duration::from_millis(50);
/// How much time is asked for at once, and how long before that is used up it is asked for again.
const EXTENSION: Duration = Duration::from_secs(15);
const RENEWAL: Duration = Duration::from_secs(10);
/// What the program may take to end after the deadline.
const MARGIN: Duration = Duration::from_secs(5);
/// Far enough for any shutdown, and no sum of times overflows.
const MAX_DEADLINE: Duration = Duration::from_secs(365 * 24 * 3600);
/// The longest `STATUS=`, in bytes.
const MAX_STATUS: usize = 512;

/// What systemd has been told.
#[derive(Debug, Clone, Default)]
struct Told {
    ready: bool,
    status: Option<Verdict>,
    stopping: bool,
    /// When the time asked for is to be renewed.
    renew: Option<Instant>,
}

pub(super) struct Follower {
    socket: Socket,
    health: Health,
    watchdog: Option<Duration>,
    deadline: Duration,
    /// When a shutdown has to be over.
    end: Option<Instant>,
    told: Told,
}

impl Follower {
    pub(super) fn new(
        socket: Socket,
        health: Health,
        watchdog: Option<Duration>,
        deadline: Duration,
    ) -> Self {
        let deadline = deadline.min(MAX_DEADLINE);
        Self { socket, health, watchdog, deadline, end: None, told: Told::default() }
    }

    pub(super) async fn run(mut self, stopping: CancellationToken, stop: CancellationToken) {
        let mut phase = self.health.watch_phase();
        let mut changes = self.health.changes();
        let mut watchdog = self.watchdog.map(half);
        loop {
            let over = *phase.borrow_and_update() == Phase::Stopped;
            changes.borrow_and_update();
            let looked = Instant::now();
            if self.end.is_none() && (over || stopping.is_cancelled()) {
                self.end = Some(Instant::now() + self.deadline);
            }
            self.tell();
            let shutting_down = self.end.is_some();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = stopping.cancelled(), if !shutting_down => {}
                // The senders belong to the health, which is held here: no receiver fails.
                _ = phase.changed() => {}
                _ = paced(&mut changes, looked) => {}
                () = next(watchdog.as_mut()) => self.prove_life(),
                () = sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Proof that the process makes progress, not merely that this thread does.
    fn prove_life(&mut self) {
        if lives(&self.health) {
            self.socket.send("WATCHDOG=1\n");
        }
    }

    /// Tells what systemd does not know yet, in one message.
    fn tell(&mut self) {
        let mut lines = String::new();
        let mut next = self.told.clone();
        if self.health.phase() == Phase::Ready && !next.ready && self.end.is_none() {
            next.ready = true;
            lines.push_str("READY=1\n");
        }
        if self.end.is_some() && !next.stopping {
            next.stopping = true;
            lines.push_str("STOPPING=1\n");
        }
        let verdict = verdict(&self.health);
        if next.status.as_ref().is_none_or(|told| differ(told, &verdict)) {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "STATUS={}", line(&verdict.text()));
            next.status = Some(verdict);
        }
        if let Some(time) = self.extension(Instant::now()) {
            next.renew = Some(Instant::now() + RENEWAL);
            let _ = writeln!(lines, "EXTEND_TIMEOUT_USEC={}", time.as_micros());
        }
        if !lines.is_empty() && self.socket.send(&lines) {
            self.told = next;
        }
    }

    /// How much time to ask for, if it is the moment to ask. A stalled process gets none.
    fn extension(&self, now: Instant) -> Option<Duration> {
        let left = self.end?.saturating_duration_since(now);
        let due = self.told.renew.is_none_or(|renew| now >= renew);
        (due && !left.is_zero() && lives(&self.health)).then(|| EXTENSION.min(left + MARGIN))
    }
}

/// Ticks twice in the time that systemd waits.
fn half(period: Duration) -> Interval {
    let mut tick = interval((period / 2).max(Duration::from_millis(1)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// The next change, but no sooner than a moment after the last look.
async fn paced(changes: &mut Receiver<()>, looked: Instant) -> Result<(), RecvError> {
    sleep_until(looked + PACE).await;
    changes.changed().await
}

async fn next(tick: Option<&mut Interval>) {
    match tick {
        Some(tick) => _ = tick.tick().await,
        None => std::future::pending().await,
    }
}

fn lives(health: &Health) -> bool {
    aggregate::live(health).status != Status::Fail
}

fn verdict(health: &Health) -> Verdict {
    let live = aggregate::live(health);
    if live.status == Status::Fail { live } else { aggregate::ready(health, &[]) }
}

/// Whether two verdicts name other troubles. Their texts count the seconds, which is no news.
fn differ(one: &Verdict, other: &Verdict) -> bool {
    let names = |verdict: &Verdict| -> Vec<String> {
        verdict.problems.iter().map(|problem| problem.about.clone()).collect()
    };
    (one.headline, one.more, names(one)) != (other.headline, other.more, names(other))
}

/// One line, without what should not leave the process.
fn line(text: &str) -> String {
    let mut line = scrub(text);
    line.truncate(line.floor_char_boundary(MAX_STATUS));
    line.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_short_line_without_secrets_and_keeps_names() {
        fn check(text: &str, expect: &str) {
            assert_eq!(line(text), expect);
        }
        check(
            "Service is not ready: claude/upstream: refused",
            "Service is not ready: claude/upstream: refused",
        );
        check("one\ntwo\u{7}", "one two ");
        check("open /etc/key.pem: denied", "open [path]: denied");
        check(&"ab ".repeat(300), &"ab ".repeat(300)[..MAX_STATUS]);
    }
}
