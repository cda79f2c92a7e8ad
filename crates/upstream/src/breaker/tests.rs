use proptest::prelude::*;

use super::*;

const NONE: Tally = Tally { total: 0, failed: 0 };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A machine opened by faults in a row at this second.
fn opened(second: u64) -> Machine {
    (0..FAULTS).fold(Machine::default(), |machine, _| machine.fault(at(second), NONE))
}

#[test]
fn faults_in_a_row_open_it() {
    let four = (1..FAULTS).fold(Machine::default(), |machine, _| machine.fault(at(0), NONE));
    assert_eq!(four.position(at(0)), Position::Closed);
    assert_eq!(four.fault(at(0), NONE).position(at(0)), Position::Open);
    assert_eq!(four.good(at(0)).fault(at(0), NONE).position(at(0)), Position::Closed, "no longer in a row");
}

#[test]
fn half_of_many_opens_it() {
    let check = |total, failed, expect| {
        let machine = Machine::default().fault(at(0), Tally { total, failed });
        assert_eq!(machine.position(at(0)), expect, "{failed} of {total}");
    };
    check(9, 9, Position::Closed);
    check(10, 4, Position::Closed);
    check(10, 5, Position::Open);
    check(1000, 499, Position::Closed);
    check(u32::MAX, u32::MAX, Position::Open);
}

#[test]
fn a_trial_decides() {
    let open = opened(100);
    assert_eq!(open.wait(at(104)), Some(at(6)));
    assert_eq!(open.admit(at(109)).1, Admission::Refused);
    assert_eq!(open.position(at(110)), Position::HalfOpen);
    let (trying, first) = open.admit(at(110));
    assert_eq!(first, Admission::Trial(Trial(at(110) + TRIAL)));
    assert_eq!(trying.admit(at(111)).1, Admission::Refused, "one at a time");
    let later = at(110) + TRIAL;
    assert_eq!(trying.admit(later).1, Admission::Trial(Trial(later + TRIAL)), "who tells nothing makes room");
    let closed = trying.good(at(112));
    assert_eq!(closed.position(at(112)), Position::Closed);
    // What failed before counts no more; faults in a row do.
    let one = closed.fault(at(113), Tally { total: 100, failed: 90 });
    assert_eq!(one.position(at(113)), Position::Closed);
    assert_eq!(closed.fault(at(172), Tally { total: 100, failed: 90 }).position(at(172)), Position::Open);
}

/// The trial that the machine admits at this second.
fn trial(machine: Machine, second: u64) -> (Machine, Trial) {
    match machine.admit(at(second)) {
        (machine, Admission::Trial(trial)) => (machine, trial),
        (_, other) => panic!("{other:?}"),
    }
}

#[test]
fn a_trial_that_told_nothing_is_given_back() {
    let (trying, first) = trial(opened(100), 110);
    let back = trying.give_back(at(111), first);
    assert_eq!(back.position(at(111)), Position::HalfOpen);
    let (again, second) = trial(back, 111);
    assert_eq!(again.give_back(at(112), first), again, "another holds it now");
    assert_ne!(again.give_back(at(112), second), again);
    let closed = again.good(at(112));
    assert_eq!(closed.give_back(at(112), second), closed, "it told what it had to");
    let open = again.fault(at(112), NONE);
    assert_eq!(open.give_back(at(112), second).wait(at(112)), Some(at(20)));
    let late = at(111) + TRIAL;
    assert_eq!(again.give_back(late, second), again, "it counts as lost already");
}

#[test]
fn the_pause_doubles_up_to_a_minute() {
    let (mut machine, mut now, mut pauses) = (opened(0), at(0), Vec::new());
    for _ in 0..5 {
        let wait = machine.wait(now).unwrap();
        pauses.push(wait.as_secs());
        now += wait;
        let (trying, admitted) = machine.admit(now);
        assert_ne!(admitted, Admission::Refused);
        machine = trying.fault(now, NONE);
    }
    assert_eq!(pauses, [10, 20, 40, 60, 60]);
    now += machine.wait(now).unwrap();
    let closed = machine.admit(now).0.good(now);
    let again = (0..FAULTS).fold(closed, |machine, _| machine.fault(now, NONE));
    assert_eq!(again.wait(now), Some(OPEN), "after a recovery it begins anew");
}

#[test]
fn while_it_is_open_nothing_is_learnt() {
    let open = opened(0);
    assert_eq!(open.good(at(5)), open, "a late success");
    assert_eq!(open.fault(at(5), NONE), open, "a late failure");
    // Traffic that had no other way to go is the trial, once the pause is over.
    assert_eq!(open.good(at(10)).position(at(10)), Position::Closed);
    assert_eq!(open.fault(at(10), NONE).wait(at(10)), Some(at(20)));
}

#[test]
fn all_threads_see_one() {
    let breaker = Breaker::default();
    assert_eq!(breaker.admits(at(0)), Admission::Free);
    assert_eq!(breaker.good(at(0)), None);
    let told: Vec<_> = (0..FAULTS + 1).map(|_| breaker.fault(at(0), NONE)).collect();
    assert_eq!(told, [None, None, None, None, Some(Position::Open), None]);
    assert_eq!(breaker.admits(at(9)), Admission::Refused);
    let Admission::Trial(trial) = breaker.admits(at(10)) else { panic!("it is half-open") };
    assert_eq!(breaker.admits(at(10)), Admission::Refused);
    breaker.give_back(at(10), trial);
    assert!(matches!(breaker.admits(at(10)), Admission::Trial(_)));
    assert_eq!(breaker.good(at(11)), Some(Position::Closed));
    assert_eq!(breaker.admits(at(11)), Admission::Free);
    assert_eq!(breaker.machine().position(at(11)), Position::Closed);
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Ask,
    Good,
    Fault(Tally),
}

fn event() -> impl Strategy<Value = Event> {
    let tally = (0..100_u32, 0..100_u32)
        .prop_map(|(total, failed)| Event::Fault(Tally { total, failed: failed.min(total) }));
    prop_oneof![Just(Event::Ask), Just(Event::Good), tally]
}

proptest! {
    /// Whatever happens and whenever: it opens only for a reason, never for longer than a minute, half-open it lets
    /// one through for each trial's time, and good exchanges close it in the end.
    #[test]
    fn whatever_happens(events in prop::collection::vec((event(), 0..40_u64), 0..200)) {
        let (mut machine, mut now) = (Machine::default(), at(0));
        let (mut row, mut trial) = (0, None::<Duration>);
        for (event, later) in events {
            now += at(later);
            let before = machine.position(now);
            match event {
                Event::Ask => {
                    let (next, admission) = machine.admit(now);
                    let admitted = admission != Admission::Refused;
                    prop_assert_eq!(admitted, match before {
                        Position::Closed => true,
                        Position::Open => false,
                        Position::HalfOpen => trial.is_none_or(|begun| now >= begun + TRIAL),
                    });
                    if before == Position::HalfOpen && admitted {
                        trial = Some(now);
                    }
                    machine = next;
                }
                Event::Good => {
                    machine = machine.good(now);
                    row = 0;
                    prop_assert!(before == Position::Open || machine.position(now) == Position::Closed);
                }
                Event::Fault(tally) => {
                    machine = machine.fault(now, tally);
                    row += 1;
                    let opens = before == Position::Closed && machine.position(now) == Position::Open;
                    let many = tally.total >= ENOUGH && tally.percent() >= SHARE;
                    prop_assert!(!opens || row >= FAULTS || many);
                    prop_assert!(row < FAULTS || machine.position(now) != Position::Closed);
                }
            }
            prop_assert!(machine.wait(now).unwrap_or_default() <= LONGEST);
            if machine.position(now) != Position::HalfOpen {
                trial = None;
            }
        }
        let later = now + LONGEST + TRIAL;
        let (trying, admitted) = machine.admit(later);
        prop_assert!(admitted != Admission::Refused);
        prop_assert_eq!(trying.good(later), Machine { closed_at: trying.good(later).closed_at, ..Machine::default() });
    }
}
