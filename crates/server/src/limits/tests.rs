use tokio::time::advance;

use super::*;

fn account(ledgers: &Ledgers, name: &str, limits: KeyLimits) -> Account {
    Account { ledger: ledgers.ledger(name), limits, origin: ledgers.origin, shared: None }
}

fn usage(tokens: u64) -> Usage {
    Usage { input: Some(tokens / 2), output: Some(tokens - tokens / 2), ..Usage::default() }
}

#[tokio::test(start_paused = true)]
async fn requests_come_back_when_it_is_said() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits { requests_per_minute: Some(6), ..KeyLimits::default() };
    let ci = account(&ledgers, "ci", limits);
    for _ in 0..6 {
        drop(ci.admit(false).await.ok().unwrap());
    }
    let refused = ci.admit(false).await.err().unwrap();
    assert_eq!(refused, Refusal { limit: Limit::Requests(6), wait: Duration::from_secs(10) });
    assert!(account(&ledgers, "other", limits).admit(false).await.is_ok(), "each has its own");
    advance(refused.wait - Duration::from_millis(1)).await;
    assert!(ci.admit(false).await.is_err());
    advance(Duration::from_millis(1)).await;
    assert!(ci.admit(false).await.is_ok());
    // The keys are read anew; the ledger is the same, and what is left is a share of the new limit.
    let more = KeyLimits { requests_per_minute: Some(60), ..limits };
    let refused = account(&ledgers, "ci", more).admit(false).await.err().unwrap();
    assert_eq!(refused.wait, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn tokens_may_be_overdrawn_once() {
    let ledgers = Ledgers::new(None);
    let limits =
        KeyLimits { tokens_per_minute: Some(600), requests_per_minute: Some(60), ..KeyLimits::default() };
    let ci = account(&ledgers, "ci", limits);
    assert!(ci.admit(false).await.is_ok());
    ci.charge(&usage(599), None);
    assert!(ci.admit(false).await.is_ok(), "one is left");
    ci.charge(&usage(901), None);
    let refused = ci.admit(false).await.err().unwrap();
    assert_eq!(refused, Refusal { limit: Limit::Tokens(600), wait: Duration::from_millis(90_100) });
    advance(refused.wait).await;
    assert!(ci.admit(false).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn places_are_given_back() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits { concurrency: Some(2), streams: Some(1), ..KeyLimits::default() };
    let ci = account(&ledgers, "ci", limits);
    let stream = ci.admit(true).await.ok().unwrap();
    assert_eq!(ci.admit(true).await.err().unwrap().limit, Limit::Streams(1));
    let whole = ci.admit(false).await.ok().unwrap();
    assert_eq!(ci.admit(false).await.err().unwrap().limit, Limit::Concurrency(2));
    drop(stream);
    let stream = ci.admit(true).await.ok().unwrap();
    drop((stream, whole));
    assert_eq!(ci.ledger.running.load(Ordering::Relaxed), 0);
    assert_eq!(ci.ledger.streams.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_costs_nothing() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits { requests_per_minute: Some(6), concurrency: Some(1), ..KeyLimits::default() };
    let ci = account(&ledgers, "ci", limits);
    let first = ci.admit(false).await.ok().unwrap();
    for _ in 0..10 {
        assert!(ci.admit(false).await.is_err());
    }
    drop(first);
    for _ in 0..5 {
        drop(ci.admit(false).await.ok().unwrap());
    }
    assert_eq!(ci.admit(false).await.err().unwrap().limit, Limit::Requests(6));
}

#[tokio::test(start_paused = true)]
async fn ledgers_that_say_nothing_are_let_go() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits { requests_per_minute: Some(6), ..KeyLimits::default() };
    let used = account(&ledgers, "used", limits);
    for _ in 0..6 {
        drop(used.admit(false).await);
    }
    (1..MANY).for_each(|n| drop(ledgers.ledger(&n.to_string())));
    drop(used);
    ledgers.ledger("one more");
    assert_eq!(ledgers.by_name.read().unwrap().len(), 2, "what was used and the new one");
    assert!(account(&ledgers, "used", limits).admit(false).await.is_err(), "what was used is not forgotten");
}

fn dollars(dollars: i64) -> Cost {
    Cost::from_nanos(dollars * 1_000_000_000)
}

#[tokio::test]
async fn budgets_are_charged_at_the_end_and_outlive_the_keys() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits { budget_per_month: Some("5".parse().unwrap()), ..KeyLimits::default() };
    let ci = account(&ledgers, "ci", limits);
    let (one, other) = (ci.admit(false).await.ok().unwrap(), ci.admit(true).await.ok().unwrap());
    assert_eq!(ledgers.standing(Some("ci"), &limits).1, 2);
    ci.charge(&usage(10), Some(dollars(4)));
    ci.charge(&usage(10), None);
    assert!(ci.admit(false).await.is_ok(), "what has no price counts as nothing");
    ci.charge(&usage(10), Some(dollars(4)));
    let refused = ci.admit(false).await.err().unwrap();
    assert_eq!(refused.limit, Limit::Budget("5".parse().unwrap(), Period::Month));
    assert_eq!(refused.limit.to_string(), "5 USD per month");
    assert!(refused.is_rate() && refused.wait <= Duration::from_secs(31 * 24 * 3600));
    assert!(account(&ledgers, "other", limits).admit(false).await.is_ok(), "each has its own");
    drop((ci, one, other));
    // The keys are read anew, with more.
    let more = KeyLimits { budget_per_month: Some("9".parse().unwrap()), ..KeyLimits::default() };
    assert!(account(&ledgers, "ci", more).admit(false).await.is_ok());
    let (budgets, running) = ledgers.standing(Some("ci"), &more);
    let [budget] = budgets.as_slice() else { panic!("{budgets:?}") };
    assert_eq!(
        (budget.window, budget.spent_usd, budget.limit_usd, running),
        (Period::Month, dollars(8), dollars(9), 0)
    );
    assert!(budget.resets > Timestamp::now());
}

#[tokio::test]
async fn what_was_spent_before_a_restart_counts() {
    let ledgers = Ledgers::new(None);
    let limits = KeyLimits {
        budget_per_day: Some("3".parse().unwrap()),
        budget_per_week: Some("7".parse().unwrap()),
        ..KeyLimits::default()
    };
    // At midnight another window may begin, of which nothing is known.
    let windows = Ledgers::windows();
    for (period, since) in windows {
        let spent = if period == Period::Day { 2 } else { 6 };
        ledgers.restore(period, since, [(Some("ci".to_owned()), dollars(spent)), (None, dollars(50))]);
    }
    if windows != Ledgers::windows() {
        return;
    }
    let ci = account(&ledgers, "ci", limits);
    assert!(ci.admit(false).await.is_ok());
    ci.charge(&usage(1), Some(dollars(1)));
    let refused = ci.admit(false).await.err().unwrap();
    let spent = |budgets: Vec<Budget>| budgets.into_iter().map(|budget| budget.spent_usd).collect::<Vec<_>>();
    assert!(matches!(refused.limit, Limit::Budget(_, Period::Week | Period::Day)));
    assert_eq!(spent(ledgers.standing(Some("ci"), &limits).0), [dollars(3), dollars(7)]);
    assert!(account(&ledgers, "", limits).admit(false).await.is_err(), "all who have no named key");
}
