//! How much the provider still lets us do, as its last answers told.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ccproxy_health::Outcome;
use ccproxy_plugin_api::Room;

/// Less than this, in percent, is scarce.
const SCARCE: u8 = 10;
/// How long a limit counts whose end the provider does not tell.
const UNTOLD: Duration = Duration::from_secs(30);
/// Nobody's limit lasts longer.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The last word of the provider on its limits.
#[derive(Debug, Default)]
pub(super) struct RateLimit(Mutex<Option<Told>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// HTTP 429: nothing passes until then.
    Refused { until: Duration },
    /// So much is left until then.
    Left { limit: &'static str, percent: u8, until: Duration },
}

impl RateLimit {
    /// Notes what an answer told. A refusal counts until its time is over, or an answer tells otherwise. Gives whether
    /// it is a refusal where none was before.
    pub(super) fn note(&self, now: Duration, room: Option<Room>, refused: Option<Option<Duration>>) -> bool {
        let until = |wait: Option<Duration>| now + wait.unwrap_or(UNTOLD).min(LONGEST);
        let told = match (refused, room) {
            (Some(wait), room) => {
                Told::Refused { until: until(wait.or(room.and_then(|room| room.resets_in))) }
            }
            (None, Some(Room { limit, percent, resets_in })) => {
                Told::Left { limit, percent, until: until(resets_in) }
            }
            (None, None) => return false,
        };
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(told);
        let is_refusal = |told: Option<Told>| matches!(told, Some(Told::Refused { .. }));
        is_refusal(Some(told)) && !is_refusal(before)
    }

    /// What is limited, what is left of it in percent, and for how long that counts; none if the provider has told nothing
    /// that still counts.
    pub(super) fn left(&self, now: Duration) -> Option<(&'static str, u8, Duration)> {
        let told = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let (limit, percent, until) = match told {
            Told::Refused { until } => ("requests", 0, until),
            Told::Left { limit, percent, until } => (limit, percent, until),
        };
        (until > now).then(|| (limit, percent, until.saturating_sub(now)))
    }

    /// What health is told; scarce is degraded, and never worse. Nothing while the provider has told nothing. That a
    /// scarcity is over is told once; that there is room, only while there is traffic that uses it.
    pub(super) fn outcome(&self, now: Duration, traffic: bool) -> Option<Outcome> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = (*slot)?;
        let seconds = |until: Duration| until.saturating_sub(now).as_secs_f64().ceil();
        Some(match told {
            Told::Refused { until } | Told::Left { until, percent: ..SCARCE, .. } if now >= until => {
                *slot = None;
                Outcome::pass()
            }
            Told::Refused { until } => {
                let text = format!("the provider limits our rate (HTTP 429) for {} s more", seconds(until));
                Outcome::warn(text).observed(0, "percent")
            }
            Told::Left { limit, percent: percent @ ..SCARCE, until } => {
                let text = format!("{percent} percent of {limit} left; more in {} s", seconds(until));
                Outcome::warn(text).observed(u32::from(percent), "percent")
            }
            Told::Left { .. } if !traffic => return None,
            Told::Left { percent, .. } => Outcome::pass().observed(u32::from(percent), "percent"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scarce_until_there_is_more() {
        let second = Duration::from_secs;
        let limit = RateLimit::default();
        let check =
            |now, expect: Option<Outcome>| assert_eq!(limit.outcome(second(now), true), expect, "{now}");
        let room =
            |percent, wait: Option<u64>| Room { limit: "tokens", percent, resets_in: wait.map(second) };
        let left = |percent: i32, more: &str| {
            Outcome::warn(format!("{percent} percent of tokens left; more in {more}"))
                .observed(percent, "percent")
        };
        check(0, None);
        limit.note(second(0), None, None);
        check(0, None);
        limit.note(second(0), Some(room(10, None)), None);
        check(1000, Some(Outcome::pass().observed(10, "percent")));
        assert_eq!(limit.outcome(second(1000), false), None);
        limit.note(second(0), Some(room(9, Some(60))), None);
        check(10, Some(left(9, "50 s")));
        assert_eq!(limit.outcome(second(10), false), Some(left(9, "50 s")), "with or without traffic");
        check(60, Some(Outcome::pass()));
        check(60, None);
        limit.note(second(60), Some(room(0, None)), None);
        check(60, Some(left(0, "30 s")));
        check(90, Some(Outcome::pass()));
        limit.note(second(90), Some(room(50, None)), Some(Some(second(20))));
        let refused = "the provider limits our rate (HTTP 429) for 15 s more";
        check(95, Some(Outcome::warn(refused).observed(0, "percent")));
        check(110, Some(Outcome::pass()));
        limit.note(second(110), Some(room(0, Some(7))), Some(None));
        check(
            116,
            Some(
                Outcome::warn("the provider limits our rate (HTTP 429) for 1 s more").observed(0, "percent"),
            ),
        );
        limit.note(second(116), Some(room(80, None)), None);
        check(116, Some(Outcome::pass().observed(80, "percent")));
        limit.note(second(116), None, Some(Some(Duration::MAX)));
        assert!(limit.outcome(second(117), false).unwrap().output.unwrap().contains("429"));
    }
}
