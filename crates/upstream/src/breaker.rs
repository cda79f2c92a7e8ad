//! A breaker: keeps traffic away from an upstream that fails, and lets one exchange try it now and then.
//!
//! [`Machine`] is pure: the moment and what was heard in, the machine after it out. [`Breaker`] holds one for all
//! threads; while all goes well it costs one atomic load to ask and one to tell.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Faults in a row that open it.
const FAULTS: u32 = 5;
/// So many exchanges of the last minute, at least, of which …
const ENOUGH: u32 = 10;
/// … this percentage failed, open it, too.
const SHARE: u32 = 50;
/// How long the failures of one minute count.
const WINDOW: Duration = Duration::from_secs(60);
/// How long it stays open at first; twice as long each time the trial fails …
const OPEN: Duration = Duration::from_secs(10);
/// … and no longer than this.
const LONGEST: Duration = Duration::from_secs(60);
/// A trial that has told nothing for so long makes room for another: its client may have gone.
const TRIAL: Duration = Duration::from_secs(30);

/// The trial of a half-open breaker. Whoever holds it gives it back at the end; what it has told by then counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial(
    /// When it counts as lost, which no other trial shares.
    Duration,
);

/// Whether an exchange may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, as any other.
    Free,
    /// It may, alone.
    Trial(Trial),
    /// It may not.
    Refused,
}

/// How an upstream's breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Traffic passes.
    Closed,
    /// Traffic goes elsewhere, if there is an elsewhere.
    Open,
    /// One exchange may try.
    HalfOpen,
}

/// What is heard of the exchanges of the last minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Exchanges in all.
    pub total: u32,
    /// Those in which the upstream was at fault.
    pub failed: u32,
}

impl Tally {
    /// The share that failed, in whole percent, rounded down; 0 of none.
    #[must_use]
    pub fn percent(self) -> u32 {
        let percent = u64::from(self.failed) * 100 / u64::from(self.total.max(1));
        u32::try_from(percent).unwrap_or(100)
    }
}

/// The state machine. Moments are times since some origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    position: Position,
    faults: u32,
    /// Open: until when. Half-open: when the trial counts as lost.
    until: Duration,
    /// How long it is open, this time or the next.
    pause: Duration,
    /// When it was last closed again; the failures before are an old story.
    closed_at: Option<Duration>,
}

impl Default for Machine {
    fn default() -> Self {
        Self { position: Position::Closed, faults: 0, until: Duration::ZERO, pause: OPEN, closed_at: None }
    }
}

impl Machine {
    /// How it stands at a moment: what has been open for long enough is half-open.
    #[must_use]
    pub fn position(&self, now: Duration) -> Position {
        match self.position {
            Position::Open if now >= self.until => Position::HalfOpen,
            position => position,
        }
    }

    /// How long it stays open from this moment on; nothing if it is not open.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        (self.position(now) == Position::Open).then(|| self.until.saturating_sub(now))
    }

    /// Whether an exchange may pass that has another way to go, and the machine after it has been let through.
    #[must_use]
    pub fn admit(self, now: Duration) -> (Self, Admission) {
        match self.position {
            Position::Closed => (self, Admission::Free),
            _ if now < self.until => (self, Admission::Refused),
            _ => {
                let until = now.saturating_add(TRIAL);
                let next = Self { position: Position::HalfOpen, until, ..self };
                (next, Admission::Trial(Trial(until)))
            }
        }
    }

    /// The machine after its trial, begun by an [admission](Self::admit) and named by its deadline, came to nothing:
    /// another may try at once. A trial that was decided, or is no longer the last one, changes nothing.
    #[must_use]
    pub fn give_back(self, now: Duration, Trial(until): Trial) -> Self {
        let held = self.position == Position::HalfOpen && self.until == until && now < until;
        if held { Self { until: now, ..self } } else { self }
    }

    /// The machine after an exchange in which the upstream did its part.
    #[must_use]
    pub fn good(self, now: Duration) -> Self {
        match self.position(now) {
            Position::Closed => Self { faults: 0, ..self },
            // It began before the breaker opened, or had no other way to go: one of many is no recovery.
            Position::Open => self,
            Position::HalfOpen => Self { closed_at: Some(now), ..Self::default() },
        }
    }

    /// The machine after an exchange in which the upstream was at fault. `tally` counts that one, too.
    #[must_use]
    pub fn fault(self, now: Duration, tally: Tally) -> Self {
        match self.position(now) {
            Position::Open => self,
            Position::HalfOpen => Self { pause: (self.pause * 2).min(LONGEST), ..self }.opened(now),
            Position::Closed => {
                let next = Self { faults: self.faults.saturating_add(1), ..self };
                let own = self.closed_at.is_none_or(|at| now.saturating_sub(at) >= WINDOW);
                let half = own && tally.total >= ENOUGH && tally.percent() >= SHARE;
                if next.faults >= FAULTS || half { next.opened(now) } else { next }
            }
        }
    }

    fn opened(self, now: Duration) -> Self {
        Self { position: Position::Open, until: now.saturating_add(self.pause), ..self }
    }

    /// Whether nothing but a fault could change it.
    fn is_calm(&self) -> bool {
        self.position == Position::Closed && self.faults == 0
    }
}

/// Closed, and the last exchange was good.
const CALM: u8 = 0;
/// Closed, after a fault.
const UNEASY: u8 = 1;
const NOT_CLOSED: u8 = 2;

/// One machine for all threads.
#[derive(Debug, Default)]
pub struct Breaker {
    /// What the machine comes to, to be read without its lock.
    brief: AtomicU8,
    machine: Mutex<Machine>,
}

impl Breaker {
    /// Whether an exchange may pass that has another way to go. If so in half-open position, it is the trial.
    pub fn admits(&self, now: Duration) -> Admission {
        if self.brief.load(Ordering::Relaxed) != NOT_CLOSED {
            return Admission::Free;
        }
        self.change(|machine| machine.admit(now)).1
    }

    /// Takes a trial back whose exchange is over. If it told nothing, another may try at once.
    pub fn give_back(&self, now: Duration, trial: Trial) {
        self.change(|machine| (machine.give_back(now, trial), ()));
    }

    /// Hears of an exchange in which the upstream did its part; gives the new position, if it is another.
    pub fn good(&self, now: Duration) -> Option<Position> {
        if self.brief.load(Ordering::Relaxed) == CALM {
            return None;
        }
        self.change(|machine| (machine.good(now), ())).0
    }

    /// Hears of an exchange in which the upstream was at fault, counted in `tally`; gives the new position, if it is
    /// another.
    pub fn fault(&self, now: Duration, tally: Tally) -> Option<Position> {
        self.change(|machine| (machine.fault(now, tally), ())).0
    }

    /// The machine as it is.
    pub fn machine(&self) -> Machine {
        *self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, step: impl FnOnce(Machine) -> (Machine, T)) -> (Option<Position>, T) {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, told) = step(*machine);
        let before = std::mem::replace(&mut *machine, next).position;
        let brief = match next.position {
            Position::Closed if next.is_calm() => CALM,
            Position::Closed => UNEASY,
            Position::Open | Position::HalfOpen => NOT_CLOSED,
        };
        self.brief.store(brief, Ordering::Relaxed);
        ((next.position != before).then_some(next.position), told)
    }
}

#[cfg(test)]
mod tests;
