use Status::{Fail, Pass, Warn};
use proptest::prelude::*;

use super::*;

fn run(limits: Thresholds, outcomes: &[Status]) -> Vec<State> {
    let mut tracked = Tracked::default();
    let next = |status: &Status| {
        tracked = step(tracked, *status, limits, Timestamp::UNIX_EPOCH).0;
        tracked.state
    };
    outcomes.iter().map(next).collect()
}

fn check(fall: u32, rise: u32, outcomes: &[Status], expect: &str) {
    let letter = |state: &State| match state {
        State::Unknown => '?',
        State::Pass => 'p',
        State::Warn => 'w',
        State::Fail => 'f',
    };
    let got: String = run(Thresholds { fall, rise }, outcomes).iter().map(letter).collect();
    assert_eq!(got, expect, "fall {fall}, rise {rise}, {outcomes:?}");
}

#[test]
fn steps() {
    check(3, 2, &[Pass, Fail, Fail, Fail, Pass, Pass], "pppffp");
    check(3, 2, &[Pass, Fail, Fail, Pass, Fail, Fail, Fail], "ppppppf");
    check(3, 2, &[Fail, Pass, Fail, Pass, Pass], "ffffp");
    check(3, 2, &[Pass, Warn, Warn, Fail, Fail, Fail], "pppwwf");
    check(3, 2, &[Fail, Warn, Warn, Pass, Pass], "ffwwp");
    check(2, 2, &[Warn, Fail, Pass, Fail, Fail], "wwwwf");
    check(1, 1, &[Pass, Fail, Warn, Pass], "pfwp");
    check(0, 0, &[Pass, Fail, Pass], "pfp");
}

#[test]
fn since_is_the_time_of_the_flip() {
    let limits = Thresholds { fall: 2, rise: 1 };
    let at = |second| Timestamp::from_second(second).unwrap();
    let (tracked, _) = step(Tracked::default(), Pass, limits, at(1));
    let (tracked, _) = step(tracked, Pass, limits, at(2));
    let (tracked, none) = step(tracked, Fail, limits, at(3));
    assert_eq!((tracked.since, none), (Some(at(1)), None));
    let (tracked, flip) = step(tracked, Fail, limits, at(4));
    assert_eq!(tracked.since, Some(at(4)));
    assert_eq!(flip, Some(Flip { from: State::Pass, to: State::Fail }));
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Pass), Just(Warn), Just(Fail)]
}

/// How many at the end of a slice satisfy a test.
fn tail(outcomes: &[Status], test: impl Fn(Status) -> bool) -> u32 {
    u32::try_from(outcomes.iter().rev().take_while(|status| test(**status)).count()).unwrap()
}

proptest! {
    #[test]
    fn never_flips_before_its_threshold(
        fall in 1u32..6, rise in 1u32..6, outcomes in prop::collection::vec(status(), 1..200)
    ) {
        let states = run(Thresholds { fall, rise }, &outcomes);
        for end in 1..states.len() {
            let (before, after, seen) = (states[end - 1], states[end], &outcomes[..=end]);
            match (before, after) {
                (State::Pass, State::Warn) => prop_assert!(tail(seen, |s| s != Pass) >= fall),
                (_, State::Fail) if before != State::Fail => prop_assert!(tail(seen, |s| s == Fail) >= fall),
                (State::Fail, State::Warn) => prop_assert!(tail(seen, |s| s != Fail) >= rise),
                (_, State::Pass) if before != State::Pass => prop_assert!(tail(seen, |s| s == Pass) >= rise),
                _ => prop_assert_eq!(before, after),
            }
        }
    }

    #[test]
    fn flips_when_its_threshold_is_reached(
        fall in 1u32..6, rise in 1u32..6, outcomes in prop::collection::vec(status(), 1..200)
    ) {
        let states = run(Thresholds { fall, rise }, &outcomes);
        for (end, state) in states.iter().enumerate() {
            let seen = &outcomes[..=end];
            if tail(seen, |s| s == Fail) >= fall { prop_assert_eq!(*state, State::Fail); }
            if tail(seen, |s| s == Pass) >= rise { prop_assert_eq!(*state, State::Pass); }
            prop_assert_ne!(*state, State::Unknown);
        }
    }

    #[test]
    fn alternating_never_flips_after_the_first(
        fall in 2u32..6, rise in 2u32..6, start in any::<bool>(), times in 1usize..500
    ) {
        let outcomes: Vec<Status> = (0..times).map(|n| if (n % 2 == 0) == start { Pass } else { Fail }).collect();
        let states = run(Thresholds { fall, rise }, &outcomes);
        prop_assert!(states.iter().all(|state| *state == states[0]));
    }

    #[test]
    fn a_flip_is_told_exactly_when_the_state_changes(outcomes in prop::collection::vec(status(), 1..200)) {
        let mut tracked = Tracked::default();
        for outcome in outcomes {
            let (after, flip) = step(tracked, outcome, Thresholds { fall: 2, rise: 2 }, Timestamp::UNIX_EPOCH);
            let expect = (after.state != tracked.state).then_some(Flip { from: tracked.state, to: after.state });
            prop_assert_eq!(flip, expect);
            tracked = after;
        }
    }
}
