//! `/health/events`: what changes, as it does, in server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_health::{Health, Phase, Transition, report};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::command;
use super::reply::reply;
use crate::Body;

pub(super) const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
/// A silent stream gets a comment this often, so that nobody on the way takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The stream, which holds its place until the end.
pub(super) fn answer(
    health: &Health,
    headers: &HeaderMap,
    until: CancellationToken,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let last =
        headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.trim().parse().ok());
    let follower = Follower::new(health, last, until, place);
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(event)), follower))
    });
    let mut response = reply(StatusCode::OK, EVENT_STREAM, Bytes::new());
    *response.body_mut() = Body::stream(StreamBody::new(events));
    response
}

/// One listener.
struct Follower {
    transitions: broadcast::Receiver<Transition>,
    phases: watch::Receiver<Phase>,
    /// Events ready to be sent.
    pending: VecDeque<Bytes>,
    /// The number of the last transition told, or known to the listener from before.
    told: u64,
    over: bool,
    until: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// `last` is the number of the last transition that the listener has, if it has any.
    fn new(
        health: &Health,
        last: Option<u64>,
        until: CancellationToken,
        place: OwnedSemaphorePermit,
    ) -> Self {
        // Subscribed first: a transition between the two is in both, and told once.
        let transitions = health.subscribe();
        let mut phases = health.watch_phase();
        let remembered = health.events();
        let newest = remembered.last().map_or(0, |transition| transition.number);
        let now = *phases.borrow_and_update();
        let mut follower = Self {
            transitions,
            phases,
            pending: VecDeque::from([phase(now)]),
            told: newest,
            over: now == Phase::Stopped,
            until,
            _place: place,
        };
        if let Some(last) = last {
            // A number we have not reached is of the process before this one: then everything is new.
            follower.told = if last > newest { 0 } else { last };
            for transition in &remembered {
                follower.tell(transition);
            }
        }
        follower
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            tokio::select! {
                biased;
                received = self.transitions.recv() => match received {
                    Ok(transition) => self.tell(&transition),
                    // The next one's number says how many were lost.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => self.over = true,
                },
                changed = self.phases.changed() => {
                    let now = *self.phases.borrow_and_update();
                    self.over = changed.is_err() || now == Phase::Stopped;
                    self.pending.push_back(phase(now));
                }
                () = self.until.cancelled() => self.over = true,
                () = sleep(KEEP_ALIVE) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// Makes the events of a transition, unless it has been told; and of those missing before it.
    fn tell(&mut self, transition: &Transition) {
        let number = transition.number;
        let Some(lost) = number.checked_sub(self.told + 1) else { return };
        if lost > 0 {
            self.pending.push_back(format!("event: gap\ndata: {{\"lost\":{lost}}}\n\n").into());
        }
        let data = report::transition(transition);
        self.pending.push_back(format!("event: transition\nid: {number}\ndata: {data}\n\n").into());
        self.told = number;
    }
}

fn phase(phase: Phase) -> Bytes {
    format!("event: phase\ndata: {}\n\n", command::phase(phase)).into()
}
