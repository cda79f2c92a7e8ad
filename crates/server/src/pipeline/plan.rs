//! Whom to ask, and whom after that.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_config::Sticky;
use ccproxy_health::{Scope, State};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::resolve::Target;
use crate::admission::Gate;
use crate::app::{App, Instance, Shut, Traffic};
use crate::error::Error;

/// The targets of a request: the one to ask now, and those that are left.
pub(super) struct Plan {
    pub(super) target: Target,
    others: Vec<Target>,
    /// Every target is down; the least bad is asked all the same.
    pub(super) failing_open: bool,
    /// The route that lists them, if one does.
    pub(super) route: Option<Arc<str>>,
}

/// Why a target had better not be asked. The lesser is the better one to ask all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bad {
    /// As many requests as it may be asked at once are with it; there is a queue.
    Full,
    /// Its breaker is open for so long.
    Open(Duration),
    /// Health says that it is not reached.
    Unreached,
    /// It wants to be left alone for so long, and would say so again.
    Rests(Duration),
}

impl Plan {
    /// The same by the route of this name.
    pub(super) fn by(self, route: &Arc<str>) -> Self {
        Self { route: Some(Arc::clone(route)), ..self }
    }

    /// There is no other way to go, so nobody asks whether this one is good.
    pub(super) fn one(mut target: Target) -> Self {
        target.passage = Some(Traffic::lets(&target.instance.traffic));
        Self { target, others: Vec::new(), failing_open: false, route: None }
    }

    /// The first of these, in their order, that is neither down nor full; the least bad where all are. `instead` is for none.
    ///
    /// # Errors
    /// [`Error::CoolingDown`] if each of them has asked for a pause.
    pub(super) fn several(app: &App, mut targets: Vec<Target>, instead: Target) -> Result<Self, Error> {
        if targets.len() < 2 {
            return Ok(Self::one(targets.pop().unwrap_or(instead)));
        }
        if let Some(target) = take_good(app, &mut targets, None) {
            return Ok(Self { target, others: targets, failing_open: false, route: None });
        }
        let full = |target: &Target| target.instance.gate.as_ref().is_some_and(Gate::is_full);
        let badness = |target: &Target| {
            let otherwise = if full(target) { Bad::Full } else { Bad::Open(Duration::ZERO) };
            bad(app, target).unwrap_or(otherwise)
        };
        let least = targets.iter().enumerate().min_by_key(|(_, target)| badness(target));
        match least.map(|(at, target)| (at, badness(target))) {
            Some((_, Bad::Rests(wait))) => Err(Error::CoolingDown { wait }),
            Some((at, bad)) => {
                let target = targets.remove(at);
                Ok(Self { others: targets, failing_open: bad != Bad::Full, ..Self::one(target) })
            }
            None => Ok(Self::one(instead)),
        }
    }

    /// Whether there is anybody else to ask, good or not.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Goes on to the next target that is not down, if there is one.
    pub(super) fn go_on(&mut self, app: &App) -> bool {
        let next = take_good(app, &mut self.others, Some(&self.target.instance));
        next.map(|target| self.target = target).is_some()
    }

    /// Waits for the target's place, if it has no more than so many and none was free.
    ///
    /// # Errors
    /// [`Error::Overloaded`].
    pub(super) async fn enter(&mut self, app: &App, until: Instant) -> Result<(), Error> {
        let target = &mut self.target;
        if let (None, Some(gate)) = (&target.place, &target.instance.gate) {
            target.place = Some(app.admission.wait(gate, until).await?);
        }
        Ok(())
    }

    /// Stays with the same target, which has no other way to go.
    pub(super) fn stay(&mut self) {
        self.target.passage = Some(Traffic::lets(&self.target.instance.traffic));
    }
}

/// Takes the first that is good out of the list, with its passage and its place; at the instance that is `left`, the
/// request has one already.
fn take_good(app: &App, targets: &mut Vec<Target>, left: Option<&Arc<Instance>>) -> Option<Target> {
    let (at, place, passage) = targets.iter().enumerate().find_map(|(at, target)| {
        if bad(app, target).is_some() {
            return None;
        }
        let stays = left.is_some_and(|left| Arc::ptr_eq(left, &target.instance));
        let place = match &target.instance.gate {
            Some(gate) if !stays => Some(gate.try_enter()?),
            _ => None,
        };
        Some((at, place, Traffic::admits(&target.instance.traffic)?))
    })?;
    Some(Target { place, passage: Some(passage), ..targets.remove(at) })
}

fn bad(app: &App, target: &Target) -> Option<Bad> {
    let snapshot = app.health.snapshot();
    let unreached = || {
        let reading = snapshot.find(&Scope::plugin(target.instance.name.as_str()), "upstream")?;
        (reading.enabled() && reading.state() == State::Fail).then_some(Bad::Unreached)
    };
    match target.instance.traffic.shut() {
        Some(Shut::Rests(wait)) => Some(Bad::Rests(wait)),
        Some(Shut::Open(wait)) => Some(Bad::Open(wait)),
        None => unreached(),
    }
}

/// Where a request may name its session.
#[derive(Clone, Copy)]
pub(super) struct Session<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// The headers in which clients name their session: Claude Code, Codex, opencode.
const HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-claude-code-session-id"),
    HeaderName::from_static("session-id"),
    HeaderName::from_static("x-session-id"),
    HeaderName::from_static("x-session-affinity"),
];

/// The session that a client's headers name.
pub(super) fn named_session(headers: &HeaderMap) -> Option<&HeaderValue> {
    HEADERS.iter().find_map(|name| headers.get(name))
}

impl<'a> Session<'a> {
    /// The session's name, where one is asked for and told.
    pub(super) fn of(self, sticky: Option<Sticky>) -> Option<Cow<'a, [u8]>> {
        let by_header = || named_session(self.headers).map(|value| value.as_bytes().into());
        match sticky? {
            Sticky::Session => by_header(),
            Sticky::PromptCacheKey => {
                let key = ccproxy_wire::request::prompt_cache_key(self.body);
                key.map(|key| key.into_owned().into_bytes().into()).or_else(by_header)
            }
        }
    }
}
