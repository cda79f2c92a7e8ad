//! The state machine of one component: a pure step with hysteresis both ways.

use jiff::Timestamp;
use serde::Serialize;

use crate::check::Status;

/// What is known of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing has been heard of it yet. Neither good nor bad.
    #[default]
    Unknown,
    /// It works.
    Pass,
    /// It works, with something to say.
    Warn,
    /// It does not work.
    Fail,
}

impl State {
    /// The state as a verdict, unless nothing is known.
    pub const fn status(self) -> Option<Status> {
        match self {
            Self::Unknown => None,
            Self::Pass => Some(Status::Pass),
            Self::Warn => Some(Status::Warn),
            Self::Fail => Some(Status::Fail),
        }
    }

    /// `unknown`, `pass`, `warn` or `fail`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl From<Status> for State {
    fn from(status: Status) -> Self {
        match status {
            Status::Pass => Self::Pass,
            Status::Warn => Self::Warn,
            Status::Fail => Self::Fail,
        }
    }
}

/// How many outcomes in a row it takes to change a mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Outcomes in a row that are worse, to get worse.
    pub fall: u32,
    /// Outcomes in a row that are better, to get better.
    pub rise: u32,
}

/// A state, since when, and how many outcomes in a row speak for and against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tracked {
    /// What is known.
    pub state: State,
    /// When the state was entered; none while it is unknown.
    pub since: Option<Timestamp>,
    /// Passes in a row.
    pub passes: u32,
    /// Outcomes in a row that were not a fail.
    pub not_fails: u32,
    /// Outcomes in a row that were not a pass.
    pub not_passes: u32,
    /// Fails in a row.
    pub fails: u32,
}

impl Tracked {
    /// How many outcomes in a row, the last included, say what the last one says.
    pub const fn consecutive(&self) -> u32 {
        match (self.passes, self.fails) {
            // Warnings in a row end at whichever is nearer, the last pass or the last fail.
            (0, 0) if self.not_passes < self.not_fails => self.not_passes,
            (0, 0) => self.not_fails,
            (0, fails) => fails,
            (passes, _) => passes,
        }
    }
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flip {
    /// What it was.
    pub from: State,
    /// What it is.
    pub to: State,
}

/// One step: what an outcome makes of a state.
///
/// There are two latches, "not passing" and "failing". Each closes after `fall` outcomes in a row for it and opens
/// after `rise` in a row against it. So `fall` outcomes that are not a pass leave pass: for fail when all of them
/// were fails, for warn otherwise; and `rise` passes return to pass.
///
/// The first outcome of all is believed at once: there is no older truth it could contradict.
///
/// ```
/// use ccproxy_health::{state::{step, Thresholds, Tracked}, State, Status};
/// let limits = Thresholds { fall: 2, rise: 2 };
/// let at = Default::default();
/// let (one, flip) = step(Tracked::default(), Status::Pass, limits, at);
/// assert_eq!(flip.map(|flip| flip.to), Some(State::Pass));
/// let (two, flip) = step(one, Status::Fail, limits, at);
/// assert_eq!((two.state, flip), (State::Pass, None));
/// let (three, _) = step(two, Status::Fail, limits, at);
/// assert_eq!(three.state, State::Fail);
/// ```
pub fn step(before: Tracked, outcome: Status, limits: Thresholds, at: Timestamp) -> (Tracked, Option<Flip>) {
    let count = |speaks: bool, so_far: u32| if speaks { so_far.saturating_add(1) } else { 0 };
    let mut after = Tracked {
        passes: count(outcome == Status::Pass, before.passes),
        not_fails: count(outcome != Status::Fail, before.not_fails),
        not_passes: count(outcome != Status::Pass, before.not_passes),
        fails: count(outcome == Status::Fail, before.fails),
        ..before
    };
    let latch = |closed: bool, for_it: u32, against: u32| {
        if closed { against < limits.rise.max(1) } else { for_it >= limits.fall.max(1) }
    };
    after.state = if before.state == State::Unknown {
        outcome.into()
    } else if latch(before.state == State::Fail, after.fails, after.not_fails) {
        State::Fail
    } else if latch(before.state != State::Pass, after.not_passes, after.passes) {
        State::Warn
    } else {
        State::Pass
    };
    if after.state == before.state {
        return (after, None);
    }
    after.since = Some(at);
    (after, Some(Flip { from: before.state, to: after.state }))
}

#[cfg(test)]
mod tests;
