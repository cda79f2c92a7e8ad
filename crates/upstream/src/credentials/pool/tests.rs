use ccproxy_config::PoolStrategy;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Gen;

use super::*;

const COOLDOWN: u64 = 60;

fn rules() -> Pool {
    Pool { failure_status_codes: vec![402, 529], ..Pool::default() }
}

fn second(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn news(shown: u64, status: u16, told: Option<u64>) -> News {
    News {
        version: 1,
        shown: second(shown),
        status: StatusCode::from_u16(status).unwrap(),
        told: told.map(second),
    }
}

/// The mark after these answers, each at its second.
fn after(heard: &[(u64, News)]) -> Mark {
    heard.iter().fold(Mark::default(), |mark, (at, news)| mark.after(&rules(), second(*at), news))
}

#[test]
fn how_long_one_cools_down() {
    let check = |heard: &[(u64, News)], now: u64, expect: Option<u64>| {
        let until = after(heard).cools_until(1, second(now));
        assert_eq!(until.map(|until| until.as_secs()), expect, "{heard:?} at {now}");
    };
    for status in [401, 403, 429] {
        check(&[(10, news(9, status, None))], 69, Some(10 + COOLDOWN));
        check(&[(10, news(9, status, None))], 70, None);
        check(&[(10, news(9, status, Some(5)))], 14, Some(15));
        check(&[(10, news(9, status, Some(0)))], 10, Some(11));
        check(&[(10, news(9, status, Some(1_000_000)))], 10, Some(3610));
    }
    check(&[(10, news(9, 200, None))], 10, None);
    check(&[(10, news(9, 500, None))], 10, None);
    // Three in a row, and neither with a success between them nor of different kinds.
    let failure = |at| (at, news(at - 1, 402, None));
    check(&[failure(10), failure(11)], 11, None);
    check(&[failure(10), failure(11), failure(12)], 12, Some(12 + COOLDOWN));
    check(&[failure(10), failure(11), (12, news(12, 200, None)), failure(13), failure(14)], 14, None);
    check(&[failure(10), (11, news(10, 500, None)), failure(12), failure(13)], 13, Some(13 + COOLDOWN));
    check(&[failure(10), (11, news(10, 529, None)), failure(12)], 12, Some(12 + COOLDOWN));
    // A shorter limit does not end a longer one; a success of a call that began later does, of an earlier one does not.
    check(&[(10, news(9, 429, Some(90))), (11, news(9, 429, Some(2)))], 50, Some(100));
    check(&[(10, news(9, 429, None)), (11, news(9, 200, None))], 11, Some(70));
    check(&[(10, news(9, 429, None)), (12, news(11, 200, None))], 12, None);
}

#[test]
fn another_secret_starts_afresh() {
    let mark = after(&[(10, news(9, 401, None))]);
    assert_eq!(mark.cools_until(2, second(11)), None);
    assert_eq!((mark.refusal(1), mark.refusal(2)), (Some(StatusCode::UNAUTHORIZED), None));
    let late = mark.after(&rules(), second(12), &News { version: 2, ..news(11, 200, None) });
    assert!(late.is_clear());
    assert_eq!(late.after(&rules(), second(13), &news(9, 401, None)), late, "nobody shows that one any more");
}

/// Which members are used one after the other, of those with a secret.
fn picks(strategy: PoolStrategy, state: &mut State, able: &[bool], now: u64, count: usize) -> Vec<usize> {
    let able = |index: usize| able[index].then_some(1);
    let mut next = || {
        let index = state.pick(strategy, second(now), able).unwrap();
        state.used(index, second(now));
        index
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn which_one_is_used() {
    let mut state = State::new(3);
    assert_eq!(picks(PoolStrategy::Failover, &mut state, &[true; 3], 0, 3), [0, 0, 0]);
    assert_eq!(picks(PoolStrategy::Failover, &mut state, &[false, true, true], 0, 2), [1, 1]);
    let mut state = State::new(3);
    assert_eq!(picks(PoolStrategy::RoundRobin, &mut state, &[true; 3], 0, 4), [0, 1, 2, 0]);
    assert_eq!(picks(PoolStrategy::RoundRobin, &mut state, &[true, false, true], 0, 3), [2, 0, 2]);
    let mut state = State::new(3);
    picks(PoolStrategy::LeastUsed, &mut state, &[true, false, false], 0, 4);
    picks(PoolStrategy::LeastUsed, &mut state, &[false, true, false], 0, 2);
    assert_eq!(picks(PoolStrategy::LeastUsed, &mut state, &[true; 3], 0, 5), [2, 2, 1, 2, 1]);
    // An hour later nobody knows of that any more, but for the order.
    picks(PoolStrategy::LeastUsed, &mut state, &[true, false, false], 3600, 1);
    assert_eq!(picks(PoolStrategy::LeastUsed, &mut state, &[true, true, false], 3600, 2), [1, 0]);

    let mut state = State::new(3);
    state.set_mark(0, after(&[(10, news(9, 429, Some(30)))]));
    assert_eq!(picks(PoolStrategy::Failover, &mut state, &[true; 3], 10, 1), [1]);
    state.set_mark(1, after(&[(10, news(9, 401, Some(20)))]));
    state.set_mark(2, after(&[(10, news(9, 429, Some(25)))]));
    assert_eq!(
        picks(PoolStrategy::Failover, &mut state, &[true; 3], 10, 2),
        [1, 1],
        "the one that is ready first"
    );
    assert_eq!(picks(PoolStrategy::Failover, &mut state, &[true, false, true], 10, 2), [2, 2]);
    assert_eq!(
        picks(PoolStrategy::Failover, &mut state, &[true; 3], 40, 2),
        [0, 0],
        "it comes back by itself"
    );
    assert_eq!(state.pick(PoolStrategy::Failover, second(10), |_| None), None);
    assert_eq!(State::new(0).pick(PoolStrategy::RoundRobin, second(10), |_| Some(1)), None);
}

fn strategies() -> impl Gen<Value = PoolStrategy> {
    prop_oneof![Just(PoolStrategy::Failover), Just(PoolStrategy::RoundRobin), Just(PoolStrategy::LeastUsed)]
}

/// One thing that happens: how long after the one before, to whom, what.
fn events() -> impl Gen<Value = Vec<(u64, usize, u16, Option<u64>, u64)>> {
    let status = prop_oneof![Just(200), Just(401), Just(403), Just(429), Just(402), Just(404), Just(500)];
    let told = prop_oneof![Just(None), (0_u64..10_000).prop_map(Some)];
    proptest::collection::vec((0_u64..40, 0_usize..4, status, told, 1_u64..4), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever happens: somebody is used as long as there is anybody, never one without a secret, and one that cools
    /// down only when all do, and then the first to be ready. Nobody is out for longer than an hour.
    #[test]
    fn somebody_is_used(strategy in strategies(), events in events(), able in proptest::array::uniform4(any::<bool>())) {
        let mut state = State::new(4);
        let mut now = Duration::ZERO;
        for (later, index, status, told, version) in events {
            now += second(later);
            let heard = News { version, shown: now.saturating_sub(second(later % 7)), ..news(0, status, told) };
            let before = state.mark(index);
            let mark = before.after(&rules(), now, &heard);
            state.set_mark(index, mark);
            if status == 401 && version >= before.version {
                prop_assert!(mark.cools_until(version, now).is_some(), "whoever is refused cools down");
            }
            let able = |index: usize| able[index].then_some(3);
            let until = |index: usize| state.mark(index).cools_until(3, now);
            let picked = state.pick(strategy, now, able);
            let all: Vec<usize> = (0..4).filter(|index| able(*index).is_some()).collect();
            match picked {
                None => prop_assert!(all.is_empty()),
                Some(index) => {
                    prop_assert!(able(index).is_some());
                    prop_assert_eq!(until(index), all.iter().map(|other| until(*other)).min().unwrap());
                    state.used(index, now);
                }
            }
            for index in 0..4 {
                prop_assert_eq!(state.mark(index).cools_until(3, now + LONGEST), None);
            }
        }
    }

    /// A bad answer never shortens a cooldown, and hearing one twice is hearing it once but for failures.
    #[test]
    fn a_cooldown_only_grows(events in events()) {
        let mut mark = Mark { version: 1, ..Mark::default() };
        let mut now = Duration::ZERO;
        for (later, _, status, told, _) in events {
            now += second(later);
            let heard = News { shown: now, ..news(0, status, told) };
            let next = mark.after(&rules(), now, &heard);
            match verdict(&rules(), heard.status) {
                Verdict::Good => prop_assert!(next.is_clear()),
                Verdict::Nothing => prop_assert_eq!(next, mark),
                Verdict::Bad => {
                    prop_assert!(next.until >= mark.until && next.until > now);
                    prop_assert_eq!(next.after(&rules(), now, &heard), next);
                }
                Verdict::Failure => prop_assert!(next.until >= mark.until),
            }
            mark = next;
        }
    }
}
