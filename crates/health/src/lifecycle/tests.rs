use super::*;
use crate::testing::builder;

#[tokio::test]
async fn the_last_gate_makes_ready_and_no_step_leads_back() {
    let mut builder = builder();
    builder.gate("config loaded").gate("storage open");
    let health = builder.build();
    assert_eq!(health.phase(), Phase::Starting);
    assert!(health.open_gate("config loaded") && !health.open_gate("no such gate"));
    assert_eq!(health.phase(), Phase::Starting);
    let changed = health.phase_changed();
    assert!(health.open_gate("storage open"));
    assert_eq!((health.phase(), changed.await), (Phase::Ready, Phase::Ready));
    let (drained, stopped) = (health.phase_changed(), health.clone());
    stopped.drain();
    assert_eq!(drained.await, Phase::Draining);
    health.open_gate("storage open");
    assert_eq!(health.phase(), Phase::Draining);
    health.stop();
    health.drain();
    assert_eq!(health.phase(), Phase::Stopped);
}

#[test]
fn no_gates_means_ready_and_a_drain_may_come_before() {
    assert_eq!(builder().build().phase(), Phase::Ready);
    let mut starting = builder();
    starting.gate("never");
    let health = starting.build();
    health.drain();
    assert!(health.open_gate("never"));
    assert_eq!(health.phase(), Phase::Draining);
}

#[test]
fn an_operators_drain_can_be_taken_back_and_a_shutdown_cannot() {
    let mut gated = builder();
    gated.gate("storage open");
    let health = gated.build();
    assert!(!health.undrain(), "nothing to take back");
    assert!(health.take_out() && !health.take_out());
    health.open_gate("storage open");
    assert_eq!(health.phase(), Phase::Draining);
    assert!(health.undrain());
    assert_eq!(health.phase(), Phase::Ready);
    assert!(health.take_out());
    health.drain();
    assert!(!health.undrain() && !health.take_out());
    assert_eq!(health.phase(), Phase::Draining);
}
