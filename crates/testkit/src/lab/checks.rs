//! The checks that are added.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use ccproxy_health::{Check, Outcome, Spec, SpecError, check_fn};

type Checks = Vec<(Spec, Arc<dyn Check>)>;

/// What the critical check `switch` says next.
#[derive(Debug, Default)]
pub(super) struct Switch(AtomicU8);

impl Switch {
    pub(super) fn pass(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(super) fn warn(&self) {
        self.0.store(1, Ordering::Relaxed);
    }

    pub(super) fn fail(&self) {
        self.0.store(2, Ordering::Relaxed);
    }

    fn outcome(&self) -> Outcome {
        match self.0.load(Ordering::Relaxed) {
            0 => Outcome::pass(),
            1 => Outcome::warn("switched to warn"),
            _ => Outcome::fail("switched to fail"),
        }
    }
}

/// The check behind the switch: critical, and seen within a moment of being switched.
pub(super) fn switched(switch: &Arc<Switch>) -> Result<(Spec, Arc<dyn Check>), SpecError> {
    let spec = Spec::new("switch")?
        .interval(Duration::from_millis(50))
        .timeout(Duration::from_secs(1))
        .jitter(0.0)
        .fall(1)
        .rise(1)
        .critical(true);
    let switch = Arc::clone(switch);
    let check = check_fn(move || {
        let outcome = switch.outcome();
        async move { outcome }
    });
    Ok((spec, check))
}

/// Checks that never end.
pub(super) fn hung(count: u32) -> Result<Checks, SpecError> {
    let one = |i: u32| {
        let spec = Spec::new(&format!("hung-{i}"))?;
        let spec = spec.interval(Duration::from_secs(1)).timeout(Duration::from_millis(500));
        Ok((spec, check_fn(std::future::pending)))
    };
    (0..count).map(one).collect()
}

/// Checks that pass.
pub(super) fn passing(count: u32) -> Result<Checks, SpecError> {
    let one = |i: u32| Ok((Spec::new(&format!("component-{i}"))?, check_fn(|| async { Outcome::pass() })));
    (0..count).map(one).collect()
}
