//! What a client has spent, in windows of the calendar: the day, the week and the month.
//!
//! What this process has spent is kept apart from what is known of others (replicas, and this process before it was
//! restarted). Both only grow within a window, so news of either may come late, twice or out of order.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ccproxy_config::{Dollars, KeyLimits, Period};
use ccproxy_record::Cost;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Serialize;

use super::bucket::Level;
use super::{Limit, Refusal};

/// What a client has spent in the windows of now, in the order of [`Period::ALL`].
#[derive(Default)]
pub(super) struct Spending(Mutex<[Window; 3]>);

/// A window and what was spent in it, in billionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    /// By this process.
    pub(super) own: i64,
    /// Of that, what the other replicas know.
    told: i64,
    /// By others.
    others: i64,
}

/// One of no time, which is over.
impl Default for Window {
    fn default() -> Self {
        Self { start: Timestamp::MIN, end: Timestamp::MIN, own: 0, told: 0, others: 0 }
    }
}

/// How a client stands with a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Budget {
    /// What it is for.
    pub(crate) window: Period,
    /// How much it is.
    pub(crate) limit_usd: Cost,
    /// How much of it is spent, which may be more than all.
    pub(crate) spent_usd: Cost,
    /// When it is whole again.
    pub(crate) resets: Timestamp,
}

/// The window of a moment: when it began, and when it is over.
pub(super) fn around(period: Period, now: Timestamp) -> (Timestamp, Timestamp) {
    let day = TimeZone::UTC.to_datetime(now).date();
    let (first, length) = match period {
        Period::Day => (day, Span::new().days(1)),
        Period::Week => {
            let since = day.weekday().since(Weekday::Monday);
            (day.saturating_sub(Span::new().days(since)), Span::new().days(7))
        }
        Period::Month => (day.first_of_month(), Span::new().months(1)),
    };
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    let [start, end] = [first, first.saturating_add(length)].map(midnight);
    (start.unwrap_or(Timestamp::MIN), end.unwrap_or(Timestamp::MAX))
}

impl Window {
    fn spent(&self) -> i64 {
        self.own.saturating_add(self.others)
    }
}

impl Spending {
    /// The windows of now. A clock that was set back finds the window it has left.
    fn windows(&self, now: Timestamp) -> MutexGuard<'_, [Window; 3]> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (period, window) in Period::ALL.into_iter().zip(windows.iter_mut()) {
            if window.end <= now {
                let (start, end) = around(period, now);
                *window = Window { start, end, ..Window::default() };
            }
        }
        windows
    }

    /// This process has spent so much.
    pub(super) fn add(&self, now: Timestamp, cost: Cost) {
        for window in self.windows(now).iter_mut() {
            window.own = window.own.saturating_add(cost.nanos().max(0));
        }
    }

    /// Others have spent at least so much in the window that began then.
    pub(super) fn restore(&self, now: Timestamp, period: Period, since: Timestamp, cost: Cost) {
        if let Some(window) =
            self.windows(now).get_mut(period as usize).filter(|window| window.start == since)
        {
            window.others = window.others.max(cost.nanos());
        }
    }

    /// What the other replicas do not know, and what they do.
    pub(super) fn to_tell(&self, now: Timestamp) -> [Window; 3] {
        *self.windows(now)
    }

    /// Whether there is anything that the other replicas do not know.
    pub(super) fn is_untold(&self, now: Timestamp) -> bool {
        self.windows(now).iter().any(|window| window.own > window.told)
    }

    /// All replicas together have spent so much in the windows that were told.
    pub(super) fn learn(&self, now: Timestamp, told: &[Window; 3], totals: [i64; 3]) {
        for ((window, told), total) in self.windows(now).iter_mut().zip(told).zip(totals) {
            if window.start == told.start {
                window.told = window.told.max(told.own);
                window.others = window.others.max(total.saturating_sub(told.own));
            }
        }
    }

    /// Whether nothing is known.
    pub(super) fn is_blank(&self, now: Timestamp) -> bool {
        self.windows(now).iter().all(|window| window.spent() == 0)
    }

    /// How it stands with the budgets that are set.
    pub(super) fn budgets(&self, now: Timestamp, limits: &KeyLimits) -> Vec<Budget> {
        limits.budgets().filter_map(|(period, limit)| self.budget(now, period, limit)).collect()
    }

    fn budget(&self, now: Timestamp, period: Period, limit: Dollars) -> Option<Budget> {
        let window = self.windows(now).get(period as usize).copied()?;
        Some(Budget {
            window: period,
            limit_usd: Cost::from_nanos(i64::try_from(limit.nanos()).unwrap_or(i64::MAX)),
            spent_usd: Cost::from_nanos(window.spent()),
            resets: window.end,
        })
    }

    /// # Errors
    /// A budget is used up; of several that are, the one that takes longest to come back.
    pub(super) fn check(&self, now: Timestamp, limits: &KeyLimits) -> Result<(), Refusal> {
        let used_up = limits.budgets().filter_map(|(period, limit)| {
            let budget = self.budget(now, period, limit)?;
            let refusal = || Refusal { limit: Limit::Budget(limit, period), wait: budget.wait(now) };
            (budget.spent_usd >= budget.limit_usd).then(refusal)
        });
        used_up.max_by_key(|refusal| refusal.wait).map_or(Ok(()), Err)
    }

    /// What is left of the budget that has the smallest share left.
    pub(super) fn level(&self, now: Timestamp, limits: &KeyLimits) -> Option<Level> {
        let levels = limits.budgets().filter_map(|(period, limit)| {
            let budget = self.budget(now, period, limit)?;
            let left = budget.limit_usd.nanos().saturating_sub(budget.spent_usd.nanos());
            let remaining = u64::try_from(left).unwrap_or_default();
            Some(Level { limit: limit.nanos(), remaining, reset: budget.wait(now) })
        });
        levels.min_by(|one, other| one.share().total_cmp(&other.share()))
    }
}

impl Budget {
    fn wait(&self, now: Timestamp) -> Duration {
        self.resets.duration_since(now).try_into().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn cents(cents: i64) -> Cost {
        Cost::from_nanos(cents * 10_000_000)
    }

    fn day(dollars: u64) -> KeyLimits {
        KeyLimits {
            budget_per_day: Some(Dollars::from_nanos(dollars * 1_000_000_000)),
            ..KeyLimits::default()
        }
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        let check = |now: &str, period, start: &str, end: &str| {
            let midnight = |day: &str| at(&format!("{day}T00:00:00Z"));
            assert_eq!(around(period, at(now)), (midnight(start), midnight(end)), "{now} {period}");
        };
        check("2026-11-26T10:00:00Z", Period::Day, "2026-11-26", "2026-11-27");
        check("2026-11-26T00:00:00Z", Period::Day, "2026-11-26", "2026-11-27");
        check("2026-11-25T23:59:59.999Z", Period::Day, "2026-11-25", "2026-11-26");
        check("2026-11-26T10:00:00Z", Period::Week, "2026-11-23", "2026-11-30");
        check("2026-11-23T00:00:00Z", Period::Week, "2026-11-23", "2026-11-30");
        check("2026-11-29T23:00:00Z", Period::Week, "2026-11-23", "2026-11-30");
        check("2027-01-01T12:00:00Z", Period::Week, "2026-12-28", "2027-01-04");
        check("2026-12-31T12:00:00Z", Period::Month, "2026-12-01", "2027-01-01");
        check("2028-02-29T12:00:00Z", Period::Month, "2028-02-01", "2028-03-01");
        check("1969-12-31T12:00:00Z", Period::Month, "1969-12-01", "1970-01-01");
    }

    #[test]
    fn a_budget_is_used_up_until_its_window_is_over() {
        let spending = Spending::default();
        let limits = KeyLimits { budget_per_month: Some(Dollars::from_nanos(3_000_000_000)), ..day(1) };
        let noon = at("2026-11-26T12:00:00Z");
        spending.add(noon, cents(99));
        assert_eq!(spending.check(noon, &limits), Ok(()));
        spending.add(noon, cents(101));
        let refusal = spending.check(noon, &limits).unwrap_err();
        assert_eq!(
            refusal,
            Refusal {
                limit: Limit::Budget(Dollars::from_nanos(1_000_000_000), Period::Day),
                wait: Duration::from_secs(12 * 3600),
            }
        );
        assert_eq!(spending.level(noon, &limits).map(|level| level.remaining), Some(0));
        let told: Vec<_> =
            spending.budgets(noon, &limits).iter().map(|one| (one.window, one.spent_usd)).collect();
        assert_eq!(told, [(Period::Day, cents(200)), (Period::Month, cents(200))]);
        let tomorrow = noon + refusal.wait;
        assert_eq!(spending.check(tomorrow, &limits), Ok(()));
        // The month goes on.
        spending.add(tomorrow, cents(100));
        let refusal = spending.check(tomorrow, &limits).unwrap_err();
        assert!(matches!(refusal.limit, Limit::Budget(_, Period::Month)), "the longest wait is the true one");
        assert_eq!(refusal.wait, Duration::from_secs(4 * 24 * 3600));
        // A clock that is set back opens no new window.
        assert!(spending.check(noon, &limits).is_err());
    }

    #[test]
    fn others_are_learned_of_whenever_it_comes() {
        let noon = at("2026-11-26T12:00:00Z");
        let spent = |spending: &Spending| spending.budgets(noon, &day(1))[0].spent_usd;
        let spending = Spending::default();
        spending.add(noon, cents(10));
        assert!(spending.is_untold(noon));
        let told = spending.to_tell(noon);
        spending.add(noon, cents(5));
        spending.learn(noon, &told, [cents(30).nanos(); 3]);
        assert_eq!(spent(&spending), cents(35), "20 of others, 10 told, 5 not yet");
        assert!(spending.is_untold(noon));
        // An answer that is older, one that was given twice, and one of somebody who has forgotten.
        spending.learn(noon, &told, [cents(30).nanos(); 3]);
        spending.learn(noon, &told, [cents(12).nanos(); 3]);
        assert_eq!(spent(&spending), cents(35));
        let told = spending.to_tell(noon);
        spending.learn(noon, &told, [cents(35).nanos(); 3]);
        assert!(!spending.is_untold(noon));
        // What was told before midnight says nothing of the day after.
        let tomorrow = at("2026-11-27T00:00:00Z");
        spending.learn(tomorrow, &told, [cents(99).nanos(); 3]);
        assert_eq!(spending.budgets(tomorrow, &day(1))[0].spent_usd, cents(0));
    }

    #[test]
    fn what_was_spent_before_a_restart_is_restored() {
        let noon = at("2026-11-26T12:00:00Z");
        let spending = Spending::default();
        let restore = |since: &str, cost| spending.restore(noon, Period::Day, at(since), cost);
        restore("2026-11-25T00:00:00Z", cents(500));
        assert!(spending.is_blank(noon), "that was yesterday");
        restore("2026-11-26T00:00:00Z", cents(80));
        spending.add(noon, cents(10));
        assert_eq!(spending.budgets(noon, &day(1))[0].spent_usd, cents(90));
        assert!(!spending.is_blank(noon));
        // The replicas know of it, too: it is the same money.
        let told = spending.to_tell(noon);
        spending.learn(noon, &told, [cents(90).nanos(); 3]);
        assert_eq!(spending.budgets(noon, &day(1))[0].spent_usd, cents(90));
    }
}
