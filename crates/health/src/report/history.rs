//! The transitions, as JSON.

use bytes::Bytes;
use serde::Serialize;

use super::{json, rfc3339};
use crate::{
    events::{REMEMBERED, Transition},
    health::Health,
    state::State,
};

#[derive(Serialize)]
struct Line<'a> {
    number: u64,
    time: String,
    component: &'a str,
    from: State,
    to: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of(transition: &'a Transition) -> Self {
        Self {
            number: transition.number,
            time: rfc3339(transition.time),
            component: &transition.component,
            from: transition.from,
            to: transition.to,
            reason: transition.reason.as_deref(),
        }
    }
}

/// `/health/history`: the last transitions, the newest last, and how many are remembered at most. It names what is
/// inside, so it is for those who may see that. Phases are no transitions: a phase is not a component's state.
pub fn history(health: &Health) -> Bytes {
    #[derive(Serialize)]
    struct History<'a> {
        transitions: Vec<Line<'a>>,
        remembered: usize,
    }
    let events = health.events();
    json(&History { transitions: events.iter().map(Line::of).collect(), remembered: REMEMBERED }).into()
}

/// One transition as one line of JSON, as [`history`] has it: the data of a server-sent event.
pub fn transition(transition: &Transition) -> String {
    json(&Line::of(transition))
}
