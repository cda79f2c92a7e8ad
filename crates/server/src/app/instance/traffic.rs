//! What real traffic tells of an instance, on its way to health and to the breaker.
//!
//! An exchange costs a few atomics here. Health hears of them at most every [`EVERY`], whatever the traffic; a
//! [pulse](Traffic::pulse) brings what has grown older up to date.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use ccproxy_health::{Check, Outcome, Reporter};
use ccproxy_plugin_api::Room;
use ccproxy_upstream::breaker::{Breaker, Position, Tally};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::latency::Latency;
use super::reach::Reach;
use super::room::RateLimit;
use super::window::Window;

/// How often traffic publishes what was measured of it.
const EVERY: Duration = Duration::from_millis(100);
/// With fewer exchanges than this in a minute, their failures are no share of anything.
const ENOUGH: u32 = 5;
/// From this percentage of failures on an instance is degraded …
const WARN: u32 = 10;
/// … and from this it has failed.
const FAIL: u32 = 50;

/// How an exchange went, as far as the provider is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It did its part.
    Good,
    /// It, or the way to it, is at fault; why.
    Fault(Cow<'static, str>),
}

/// Where an instance's measures are told.
pub(crate) struct Reporters {
    pub(crate) upstream: Reporter,
    pub(crate) errors: Reporter,
    pub(crate) latency: Reporter,
    pub(crate) rate_limit: Reporter,
}

/// What real traffic tells of an instance.
pub(crate) struct Traffic {
    origin: Instant,
    reach: Reach,
    window: Window,
    latency: Latency,
    rate_limit: RateLimit,
    /// When the room is asked for again, in milliseconds since the origin.
    room_again: AtomicU64,
    breaker: Breaker,
    told: Told,
    /// The last fault, for the text.
    fault: Mutex<Cow<'static, str>>,
    slow: Duration,
}

/// What is told now and then, and when it may be told again.
struct Told {
    errors: Reporter,
    latency: Reporter,
    rate_limit: Reporter,
    breaker: OnceLock<Reporter>,
    /// Milliseconds since the origin.
    again: AtomicU64,
}

impl Traffic {
    pub(crate) fn new(reporters: Reporters, slow: Duration) -> Self {
        let Reporters { upstream, errors, latency, rate_limit } = reporters;
        Self {
            origin: Instant::now(),
            reach: Reach::new(upstream),
            window: Window::default(),
            latency: Latency::default(),
            rate_limit: RateLimit::default(),
            room_again: AtomicU64::new(0),
            breaker: Breaker::default(),
            told: Told { errors, latency, rate_limit, breaker: OnceLock::new(), again: AtomicU64::new(0) },
            fault: Mutex::default(),
            slow,
        }
    }

    /// Where the breaker's turns are told, known once its check is registered.
    pub(crate) fn tell_breaker(&self, reporter: Reporter) {
        // The first stays.
        let _ = self.told.breaker.set(reporter);
    }

    /// Whether the breaker lets an exchange through that has another way to go.
    pub(crate) fn admits(&self) -> bool {
        self.breaker.admits(self.now())
    }

    /// An HTTP answer has begun: the upstream is reached, whatever it says. The room that its headers tell is asked for
    /// now and then, as reading them costs more than all the rest here.
    pub(crate) fn answered(&self, room: impl FnOnce() -> Option<Room>) {
        let now = self.now();
        self.reach.tell(now, Outcome::pass());
        if millis(now) >= self.room_again.load(Ordering::Relaxed) {
            self.room_again.store(millis(now + EVERY), Ordering::Relaxed);
            self.rate_limit.note(now, room(), None);
        }
    }

    /// The upstream has answered that it limits our rate, for so long if it said so.
    pub(crate) fn limited(&self, room: Option<Room>, wait: Option<Duration>) {
        let now = self.now();
        self.reach.tell(now, Outcome::pass());
        self.rate_limit.note(now, room, Some(wait));
        self.publish(now);
    }

    /// There was no HTTP answer.
    pub(crate) fn unreached(&self, why: &'static str) {
        self.reach.tell(self.now(), Outcome::fail(why));
    }

    /// An exchange has ended: told once of each.
    pub(crate) fn ended(&self, verdict: Verdict, first_byte: Option<Duration>) {
        let now = self.now();
        let turned = match verdict {
            Verdict::Good => {
                self.window.count(now, false);
                self.breaker.good(now)
            }
            Verdict::Fault(why) => {
                self.window.count(now, true);
                *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = why;
                self.breaker.fault(now, self.window.tally(now))
            }
        };
        if let Some(first_byte) = first_byte {
            self.latency.note(first_byte);
        }
        if let (Some(_), Some(reporter)) = (turned, self.told.breaker.get()) {
            reporter.report(self.position(now));
        }
        if millis(now) >= self.told.again.load(Ordering::Relaxed) {
            self.publish(now);
        }
    }

    /// Tells health what was measured.
    fn publish(&self, now: Duration) {
        self.told.again.store(millis(now + EVERY), Ordering::Relaxed);
        let tally = self.window.tally(now);
        if tally.total > 0 {
            self.told.errors.report(self.errors(tally));
            self.latency.outcome(self.slow).into_iter().for_each(|outcome| self.told.latency.report(outcome));
        }
        let room = self.rate_limit.outcome(now, tally.total > 0);
        room.into_iter().for_each(|outcome| self.told.rate_limit.report(outcome));
    }

    fn errors(&self, tally: Tally) -> Outcome {
        let Tally { total, failed } = tally;
        let percent = tally.percent();
        let text = || {
            let why = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            format!("{failed} of the last minute's {total} exchanges failed; the last one: {why}")
        };
        let outcome = match percent {
            _ if total < ENOUGH => Outcome::pass(),
            FAIL.. => Outcome::fail(text()),
            WARN.. => Outcome::warn(text()),
            _ => Outcome::pass(),
        };
        outcome.observed(percent, "percent")
    }

    /// How the breaker stands.
    fn position(&self, now: Duration) -> Outcome {
        let machine = self.breaker.machine();
        match machine.position(now) {
            Position::Closed => Outcome::pass(),
            Position::HalfOpen => Outcome::warn("one exchange may try the upstream again"),
            Position::Open => {
                let wait = machine.wait(now).unwrap_or_default().as_secs_f64().ceil();
                Outcome::fail(format!("routes go around the upstream, which is tried again in {wait} s"))
            }
        }
    }

    fn now(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// The check of the breaker, which looks at memory only. It is the pulse as well: while a minute has exchanges in it,
/// the passive components are told what has become of their measures, and after that they hear nothing, and are idle.
impl Check for Traffic {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        let now = self.now();
        self.publish(now);
        Box::pin(std::future::ready(self.position(now)))
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use ccproxy_health::{Builder, Identity, Scope, Spec, Status};

    use super::*;

    fn traffic() -> Traffic {
        let mut health = Builder::new(Identity::new("1", "test", "Test"));
        let mut reporter = |name| health.passive(Scope::plugin("claude"), Spec::new(name).unwrap());
        let reporters = Reporters {
            upstream: reporter("upstream"),
            errors: reporter("errors"),
            latency: reporter("latency"),
            rate_limit: reporter("rate_limit"),
        };
        Traffic::new(reporters, Duration::from_secs(30))
    }

    fn fault() -> Verdict {
        Verdict::Fault("it was on fire".into())
    }

    #[tokio::test(start_paused = true)]
    async fn the_share_of_faults() {
        let traffic = traffic();
        let check = |verdict: Verdict, times: u32, status, percent: u32| {
            (0..times).for_each(|_| traffic.ended(verdict.clone(), None));
            let outcome = traffic.errors(traffic.window.tally(traffic.now()));
            assert_eq!((outcome.status, outcome.observed), {
                (status, Outcome::pass().observed(percent, "percent").observed)
            });
        };
        check(fault(), 4, Status::Pass, 100);
        check(fault(), 1, Status::Fail, 100);
        check(Verdict::Good, 5, Status::Fail, 50);
        check(Verdict::Good, 1, Status::Warn, 45);
        check(Verdict::Good, 39, Status::Warn, 10);
        check(Verdict::Good, 1, Status::Pass, 9);
        tokio::time::advance(Duration::from_secs(60)).await;
        check(fault(), 1, Status::Pass, 100);
        check(fault(), 4, Status::Fail, 100);
        let text = traffic.errors(traffic.window.tally(traffic.now())).output.unwrap();
        assert_eq!(text, "5 of the last minute's 5 exchanges failed; the last one: it was on fire");
    }

    #[tokio::test(start_paused = true)]
    async fn the_breaker_as_health_sees_it() {
        let traffic = traffic();
        assert_eq!(traffic.run().await, Outcome::pass());
        (0..5).for_each(|_| traffic.ended(fault(), None));
        assert!(!traffic.admits());
        let text = "routes go around the upstream, which is tried again in 10 s";
        assert_eq!(traffic.run().await, Outcome::fail(text));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(traffic.run().await.status, Status::Warn);
        assert!(traffic.admits() && !traffic.admits());
        traffic.ended(Verdict::Good, None);
        assert_eq!(traffic.run().await, Outcome::pass());
    }
}
