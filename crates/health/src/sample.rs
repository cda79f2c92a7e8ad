//! The numbers behind the components, for whoever draws curves of them.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    check::{Status, Value},
    health::Inner,
    snapshot::{Runs, Seen, Standing},
    spec::Scope,
    state::State,
};

/// One component in numbers, at the moment it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The page it belongs to.
    pub scope: Scope,
    /// Its name. Not unique: several measurements may share it.
    pub name: Arc<str>,
    /// Its id, as pages have it.
    pub id: Arc<str>,
    /// What is measured, if that has a name of its own.
    pub measurement: Option<Arc<str>>,
    /// The state as the state machine left it.
    pub state: State,
    /// How it looks now, staleness included.
    pub status: Status,
    /// Why the two may differ.
    pub standing: Standing,
    /// Whether readiness depends on it.
    pub critical: bool,
    /// Whether the operator wants it watched.
    pub enabled: bool,
    /// How often it changed its state.
    pub transitions: u64,
    /// How many outcomes there have been of each kind, those of real traffic included.
    pub runs: Runs,
    /// When the last pass was taken, in seconds since 1970.
    pub last_success: Option<f64>,
    /// How long the last run took.
    pub last_duration: Option<Duration>,
    /// The last measured value, if it is a number (yes is 1, no is 0), and its unit.
    pub observed: Option<(f64, String)>,
}

impl Sample {
    pub(crate) fn all(inner: &Inner) -> Vec<Self> {
        inner.snapshot.load().view(Instant::now()).map(Self::of).collect()
    }

    fn of(seen: Seen<'_>) -> Self {
        let (reading, spec) = (seen.reading, seen.reading.spec());
        let number = |value: &Value| match value {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            Value::Text(_) => None,
        };
        let seconds = |time: Timestamp| time.as_microsecond() as f64 / 1e6;
        Self {
            scope: reading.scope().clone(),
            name: Arc::clone(&spec.name),
            id: Arc::clone(&spec.component_id),
            measurement: spec.measurement.clone(),
            state: reading.state(),
            status: seen.status,
            standing: seen.standing,
            critical: reading.critical(),
            enabled: reading.enabled(),
            transitions: reading.transitions(),
            runs: reading.runs(),
            last_success: reading.last_success().map(seconds),
            last_duration: reading.took(),
            observed: reading.observed().and_then(|seen| Some((number(&seen.value)?, seen.unit.clone()))),
        }
    }
}

#[cfg(test)]
mod tests;
