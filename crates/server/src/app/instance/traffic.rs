//! What real traffic tells of an instance, on its way to health and to the breaker.
//!
//! An exchange costs a few atomics here. Whatever the traffic, health hears of the measures every [`EVERY`] and when a
//! rate limit begins, and of whether the upstream is reached as often as [`Reach`] has it; a [pulse](Traffic::pulse)
//! brings what has grown older up to date.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ccproxy_health::{Outcome, Reporter};
use ccproxy_plugin_api::Room;
use ccproxy_upstream::breaker::{Admission, Breaker, Position, Tally, Trial};
use tokio::time::Instant;

use super::latency::Latency;
use super::load::Load;
use super::passage::Passage;
use super::reach::Reach;
use super::room::RateLimit;
use super::window::Window;

/// How often traffic publishes what was measured of it.
pub(super) const EVERY: Duration = Duration::from_millis(100);
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

/// Why an instance had better not be asked, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shut {
    /// Its provider limits our rate, or has asked for a pause.
    Rests(Duration),
    /// Its breaker is open.
    Open(Duration),
}

impl Shut {
    /// For how long.
    pub(crate) fn wait(self) -> Duration {
        match self {
            Self::Rests(wait) | Self::Open(wait) => wait,
        }
    }
}

/// How an instance stands, for people.
pub(crate) struct Standing {
    /// `closed`, `open` or `half_open`.
    pub(crate) breaker: &'static str,
    /// Requests under way.
    pub(crate) running: usize,
    /// To the first byte, once there was one.
    pub(crate) latency: Option<Duration>,
    /// The provider's scarcest limit, what is left of it in percent, and until when that counts.
    pub(crate) room: Option<(&'static str, u8, Duration)>,
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
    load: Load,
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
    /// One at a time measures and tells: out of order, what was measured first would undo what was measured last.
    order: Mutex<()>,
}

impl Traffic {
    pub(crate) fn new(reporters: Reporters, slow: Duration) -> Self {
        let Reporters { upstream, errors, latency, rate_limit } = reporters;
        Self {
            origin: Instant::now(),
            reach: Reach::new(upstream),
            window: Window::default(),
            latency: Latency::default(),
            load: Load::default(),
            rate_limit: RateLimit::default(),
            room_again: AtomicU64::new(0),
            breaker: Breaker::default(),
            told: Told {
                errors,
                latency,
                rate_limit,
                breaker: OnceLock::new(),
                again: AtomicU64::new(0),
                order: Mutex::default(),
            },
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
    pub(crate) fn admits(self: &Arc<Self>) -> Option<Passage> {
        match self.breaker.admits(self.now()) {
            Admission::Free => Some(Passage::begin(self, None)),
            Admission::Trial(trial) => Some(Passage::begin(self, Some(trial))),
            Admission::Refused => None,
        }
    }

    /// Lets an exchange through that has no other way to go.
    pub(crate) fn lets(self: &Arc<Self>) -> Passage {
        Passage::begin(self, None)
    }

    pub(super) fn begin(&self) {
        self.load.begin();
    }

    pub(super) fn end(&self) {
        self.load.end();
    }

    /// What choosing this instance would cost, compared with others.
    pub(crate) fn cost(&self) -> f64 {
        self.load.cost(self.now(), self.latency.average())
    }

    /// The provider has asked to be left alone for so long.
    pub(crate) fn rest(&self, wait: Duration) {
        self.load.rest(self.now(), wait);
    }

    /// How long the provider wants to be left alone, or how long its breaker is open.
    pub(crate) fn shut(&self) -> Option<Shut> {
        let now = self.now();
        let open = || self.breaker.machine().wait(now).map(Shut::Open);
        self.load.rests(now).map(Shut::Rests).or_else(open)
    }

    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        let now = self.now();
        Standing {
            breaker: match self.breaker.machine().position(now) {
                Position::Closed => "closed",
                Position::Open => "open",
                Position::HalfOpen => "half_open",
            },
            running: self.load.running(),
            latency: Some(self.latency.average()).filter(|latency| !latency.is_zero()),
            room: self.rate_limit.left(now),
        }
    }

    /// The exchange that was the breaker's trial is over.
    pub(super) fn give_back(&self, trial: Trial) {
        self.breaker.give_back(self.now(), trial);
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
        if self.rate_limit.note(now, room, Some(wait)) {
            self.publish();
        } else {
            self.publish_if_due(now);
        }
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
            self.load.noted(now);
        }
        if let (Some(_), Some(reporter)) = (turned, self.told.breaker.get()) {
            let _alone = self.told.alone();
            reporter.report(self.position(self.now()));
        }
        self.publish_if_due(now);
    }

    /// The client has left without an answer after waiting so long. A wait that is no longer than usual says nothing of
    /// the provider; one that is counts for the latency, and beyond what the operator calls slow it is a fault.
    pub(crate) fn abandoned(&self, waited: Duration) {
        let slow = waited > self.slow;
        let latency = (slow || self.latency.is_exceeded_by(waited)).then_some(waited);
        if slow {
            return self.ended(Verdict::Fault("no answer before the client gave up".into()), latency);
        }
        if let Some(waited) = latency {
            self.latency.note(waited);
            self.publish_if_due(self.now());
        }
    }

    /// What there is to do now and then: while a minute has exchanges in it, the passive components are told what has
    /// become of their measures; after that they hear nothing, and are idle. Gives how the breaker stands.
    pub(crate) fn pulse(&self) -> Outcome {
        self.publish();
        self.position(self.now())
    }

    /// Tells health what was measured, if it is time, and no other thread has just taken that on.
    fn publish_if_due(&self, now: Duration) {
        let again = self.told.again.load(Ordering::Relaxed);
        let next = millis(now + EVERY);
        let mine = || self.told.again.compare_exchange(again, next, Ordering::Relaxed, Ordering::Relaxed);
        if millis(now) >= again && mine().is_ok() {
            self.publish();
        }
    }

    /// Tells health what was measured.
    fn publish(&self) {
        let _alone = self.told.alone();
        let now = self.now();
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

impl Told {
    fn alone(&self) -> MutexGuard<'_, ()> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
