//! `event_loop`: how late tasks get their turn.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use ccproxy_health::{ComponentType, Health, Outcome, Spec, SpecError, Status, check_fn};

use crate::Watched;
use crate::measure::too_much;

const WARN: Duration = Duration::from_millis(250);

/// Where the check finds the heartbeats: checks are made before the health that holds them.
///
/// Whoever made it keeps it while the service runs. The check holds it weakly, or the health would hold itself.
#[derive(Debug, Clone, Default)]
pub struct Lags(Arc<OnceLock<Health>>);

impl Lags {
    /// Names the health whose heartbeats count. The first one named stays.
    pub fn of(&self, health: Health) {
        let _ = self.0.set(health);
    }
}

pub(crate) fn check(lags: &Lags) -> Result<Watched, SpecError> {
    let spec = Spec::new("event_loop")?
        .measurement("lag")?
        .component_type(ComponentType::System)
        .interval(Duration::from_secs(2))
        .jitter(0.0)
        .fall(1)
        .rise(2);
    let health: Weak<OnceLock<Health>> = Arc::downgrade(&lags.0);
    let check = check_fn(move || {
        let lags = health.upgrade().and_then(|health| health.get().map(Health::lags));
        async { lags.map_or_else(|| Outcome::warn("nobody listens to the heartbeats"), |lags| judge(&lags)) }
    });
    Ok((spec, check))
}

fn judge(lags: &[(Arc<str>, Duration)]) -> Outcome {
    let Some((name, worst)) = lags.iter().max_by_key(|(_, lag)| *lag) else { return Outcome::pass() };
    let millis = worst.as_micros() as f64 / 1000.0;
    // However late, it is no fail: a loop that makes no progress at all is for liveness to tell.
    let outcome = match too_much(millis, WARN.as_millis() as f64, f64::INFINITY) {
        Status::Pass => Outcome::pass(),
        _ => Outcome::warn(format!("tasks of {name} had to wait {millis:.0} ms for their turn")),
    };
    outcome.observed(millis, "ms")
}

#[cfg(test)]
mod tests {
    use ccproxy_health::{Builder, Identity, Scope, Value};
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::*;

    #[test]
    fn the_worst_counts_and_never_fails() {
        let check = |lags: &[(&str, u64)], expect: Outcome| {
            let lags: Vec<_> =
                lags.iter().map(|(name, ms)| (Arc::from(*name), Duration::from_millis(*ms))).collect();
            assert_eq!(judge(&lags), expect, "{lags:?}");
        };
        let warn = |name, ms| Outcome::warn(format!("tasks of {name} had to wait {ms} ms for their turn"));
        check(&[], Outcome::pass());
        check(&[("main runtime", 0), ("worker 0", 249)], Outcome::pass().observed(249.0, "ms"));
        check(&[("main runtime", 3), ("worker 0", 250)], warn("worker 0", 250).observed(250.0, "ms"));
        check(&[("main runtime", 60_000)], warn("main runtime", 60_000).observed(60_000.0, "ms"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_heart_is_seen_and_the_health_does_not_hold_itself() {
        let lags = Lags::default();
        let (spec, check) = super::check(&lags).unwrap();
        let mut builder = Builder::new(Identity::new("1", "s", "S"));
        let heart = builder.heart("worker 0");
        builder.check(Scope::Core, spec, Arc::clone(&check));
        let health = builder.build();
        assert_eq!(check.run().await, Outcome::warn("nobody listens to the heartbeats"));
        lags.of(health.clone());
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        health.start(&tasks, stop.clone());
        // The worker's heart does not beat: 100 ms are its due, the rest is lag.
        tokio::time::sleep(Duration::from_millis(800)).await;
        let outcome = check.run().await;
        assert_eq!(outcome.status, Status::Warn);
        let observed = outcome.observed.unwrap();
        assert!(matches!(observed.value, Value::Float(ms) if (650.0..=800.0).contains(&ms)), "{observed:?}");
        assert_eq!(
            outcome.output.unwrap(),
            format!("tasks of worker 0 had to wait {} ms for their turn", {
                let Value::Float(ms) = observed.value else { panic!("not a float") };
                ms
            })
        );
        stop.cancel();
        heart.beat_until(stop).await;
        tasks.close();
        tasks.wait().await;
        drop((lags, health));
        assert_eq!(check.run().await, Outcome::warn("nobody listens to the heartbeats"));
    }
}
