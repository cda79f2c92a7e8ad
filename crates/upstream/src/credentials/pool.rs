//! Which credential of a pool is shown next, and how long one that was refused or limited stays out of use.
//!
//! Everything here is pure: the moment and what was heard in, the state after it out. Moments are times since some
//! origin.

use std::time::Duration;

use ccproxy_config::{Pool, PoolStrategy};
use http::StatusCode;

/// Bounds of what a provider may tell, for a limit that is over at once would not lead to another credential, and one
/// that lasts for days is worth a look now and then.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);
/// In this time the calls that count for [`PoolStrategy::LeastUsed`] lose half their weight.
const HALF_LIFE: Duration = Duration::from_secs(60);

/// What an answer says of the credential that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is good.
    Good,
    /// It shall not be shown for a while.
    Bad,
    /// It may be bad; several of these in a row say so.
    Failure,
    /// Nothing.
    Nothing,
}

/// An answer to a call that showed a credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct News {
    /// The version of the secret that was shown.
    pub(super) version: u64,
    /// When it was shown.
    pub(super) shown: Duration,
    pub(super) status: StatusCode,
    /// How long the answer asks us to wait.
    pub(super) told: Option<Duration>,
}

/// What is held against a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// The version of the secret that it is about. Against another one nothing is held.
    version: u64,
    /// The status of the last answer that cooled it down.
    status: Option<StatusCode>,
    /// Failures in a row that have not cooled it down yet.
    failures: u32,
    /// When something was last held against it.
    made: Duration,
    /// Until when it cools down.
    until: Duration,
}

/// What an answer says under these rules.
pub(super) fn verdict(rules: &Pool, status: StatusCode) -> Verdict {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => Verdict::Bad,
        _ if rules.failure_status_codes.contains(&status.as_u16()) => Verdict::Failure,
        // Whoever fails has not come so far as to look at a credential.
        _ if status.is_server_error() => Verdict::Nothing,
        _ => Verdict::Good,
    }
}

impl Mark {
    /// The mark after an answer.
    #[must_use]
    pub(super) fn after(self, rules: &Pool, now: Duration, news: &News) -> Self {
        if news.version < self.version {
            return self;
        }
        let mark = if news.version > self.version {
            Self { version: news.version, ..Self::default() }
        } else {
            self
        };
        let failures = mark.failures.saturating_add(1);
        match verdict(rules, news.status) {
            Verdict::Bad => mark.cooled(rules, now, news),
            Verdict::Failure if failures >= rules.max_failures => mark.cooled(rules, now, news),
            Verdict::Failure => Self { failures, made: now, ..mark },
            // One that was shown before knows nothing of what has happened since.
            Verdict::Good if news.shown >= mark.made => Self { version: mark.version, ..Self::default() },
            Verdict::Good | Verdict::Nothing => mark,
        }
    }

    fn cooled(self, rules: &Pool, now: Duration, news: &News) -> Self {
        let wait = news.told.unwrap_or(rules.cooldown).clamp(SHORTEST, LONGEST);
        let until = self.until.max(now.saturating_add(wait));
        Self { status: Some(news.status), failures: 0, made: now, until, ..self }
    }

    /// Until when this version of the secret cools down, if it does.
    pub(super) fn cools_until(&self, version: u64, now: Duration) -> Option<Duration> {
        (self.version == version && now < self.until).then_some(self.until)
    }

    /// Whether this version of the secret was refused and has not been good since.
    pub(super) fn refusal(&self, version: u64) -> Option<StatusCode> {
        let refused = |status: &StatusCode| *status != StatusCode::TOO_MANY_REQUESTS;
        self.status.filter(|status| self.version == version && refused(status))
    }

    pub(super) fn is_clear(&self) -> bool {
        *self == Self { version: self.version, ..Self::default() }
    }
}

/// What is known of the members of a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct State {
    members: Vec<Standing>,
    /// Whose turn it is when one follows the other.
    turn: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Standing {
    mark: Mark,
    /// Calls of late, as much as they weighed at `used_at`.
    calls: f64,
    used_at: Duration,
}

impl Standing {
    fn calls(&self, now: Duration) -> f64 {
        let halves = now.saturating_sub(self.used_at).as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.calls * (-halves).exp2()
    }
}

impl State {
    pub(super) fn new(members: usize) -> Self {
        Self { members: vec![Standing::default(); members], turn: 0 }
    }

    pub(super) fn mark(&self, index: usize) -> Mark {
        self.members.get(index).map(|standing| standing.mark).unwrap_or_default()
    }

    pub(super) fn set_mark(&mut self, index: usize, mark: Mark) {
        if let Some(standing) = self.members.get_mut(index) {
            standing.mark = mark;
        }
    }

    pub(super) fn is_clear(&self) -> bool {
        self.members.iter().all(|standing| standing.mark.is_clear())
    }

    /// The member to use. `able` gives the version of a member's secret, and none for one that has none. One that cools
    /// down is used when all do: the one that is ready first.
    pub(super) fn pick(
        &self,
        strategy: PoolStrategy,
        now: Duration,
        able: impl Fn(usize) -> Option<u64>,
    ) -> Option<usize> {
        let count = self.members.len();
        let from = if strategy == PoolStrategy::RoundRobin { self.turn } else { 0 };
        let all = (0..count).map(|step| (from + step) % count);
        let all = all.filter_map(|index| Some((index, self.members.get(index)?, able(index)?)));
        let until = |mark: &Mark, version| mark.cools_until(version, now);
        let ready = all.clone().filter(|(_, it, version)| until(&it.mark, *version).is_none());
        let first = match strategy {
            PoolStrategy::Failover | PoolStrategy::RoundRobin => ready.map(|(index, ..)| index).next(),
            PoolStrategy::LeastUsed => {
                let least =
                    ready.min_by(|(_, one, _), (_, other, _)| one.calls(now).total_cmp(&other.calls(now)));
                least.map(|(index, ..)| index)
            }
        };
        first.or_else(|| Some(all.min_by_key(|(_, it, version)| until(&it.mark, *version))?.0))
    }

    /// The state after a member was used.
    pub(super) fn used(&mut self, index: usize, now: Duration) {
        self.turn = (index + 1) % self.members.len().max(1);
        if let Some(standing) = self.members.get_mut(index) {
            *standing = Standing { calls: standing.calls(now) + 1.0, used_at: now, ..*standing };
        }
    }
}

#[cfg(test)]
mod tests;
