//! `certificate`: how long the server's certificate is still good, and whether a newer one could be taken.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccproxy_health::{Outcome, Spec, SpecError, Status, check_fn};

use crate::Watched;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Nobody needs to know of the end earlier than this, however long the certificate is good.
const SOON: i64 = 14 * DAY;
/// The last tenth of the time that it is good for is for its renewal.
const LAST_PART: i64 = 10;

/// What there is to know of the certificate in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// When it begins to be good, in seconds since 1970.
    pub from: i64,
    /// When it ends to be good, in seconds since 1970.
    pub until: i64,
    /// Why what is in its files is not what is in use.
    pub problem: Option<String>,
}

/// A check of the certificate that `current` tells of, which must not block; there may be none yet.
///
/// # Errors
/// None: the name is a valid one.
pub fn certificate<F>(current: F) -> Result<Watched, SpecError>
where
    F: Fn() -> Option<Certificate> + Send + Sync + 'static,
{
    let spec = Spec::new("certificate")?.interval(Duration::from_secs(5)).jitter(0.0).fall(1).rise(1);
    let check = check_fn(move || {
        let outcome = match current() {
            Some(certificate) => certificate.judge(now()),
            None => Outcome::warn("none has been read yet"),
        };
        std::future::ready(outcome)
    });
    Ok((spec, check))
}

/// A clock before 1970 is one of 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Certificate {
    fn judge(&self, now: i64) -> Outcome {
        let left = self.until.saturating_sub(now);
        let soon = (self.until.saturating_sub(self.from) / LAST_PART).min(SOON);
        let (status, text) = if now < self.from {
            (
                Status::Fail,
                Some(format!("it is not good yet, but in {}", long(self.from.saturating_sub(now)))),
            )
        } else if left <= 0 {
            (Status::Fail, Some(format!("it expired {} ago; renew it", long(left.saturating_neg()))))
        } else if left <= soon {
            (Status::Warn, Some(format!("it expires in {}; renew it", long(left))))
        } else {
            (Status::Pass, None)
        };
        let status = if self.problem.is_some() { status.max(Status::Warn) } else { status };
        let texts: Vec<String> = text.into_iter().chain(self.problem.clone()).collect();
        let outcome = Outcome { status, ..Outcome::pass() }
            .observed((left as f64 / DAY as f64 * 10.0).round() / 10.0, "days");
        if texts.is_empty() { outcome } else { outcome.output(texts.join("; ")) }
    }
}

/// A time in the largest unit that it has two of.
fn long(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "s"),
        120..7200 => (seconds / MINUTE, "min"),
        7200..172_800 => (seconds / HOUR, "h"),
        _ => (seconds / DAY, "days"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_told_in_time() {
        // It began at 0; now is so many days (or a part of one) before its end.
        let check = |life: i64, left: i64, expect: Outcome, days: f64| {
            let certificate = Certificate { from: 0, until: life, problem: None };
            assert_eq!(certificate.judge(life - left), expect.observed(days, "days"), "{left} of {life}");
        };
        check(365 * DAY, 15 * DAY, Outcome::pass(), 15.0);
        check(365 * DAY, 14 * DAY, Outcome::warn("it expires in 14 days; renew it"), 14.0);
        check(90 * DAY, 10 * DAY, Outcome::pass(), 10.0);
        check(90 * DAY, 9 * DAY, Outcome::warn("it expires in 9 days; renew it"), 9.0);
        check(DAY, 3 * HOUR, Outcome::pass(), 0.1);
        check(DAY, 2 * HOUR, Outcome::warn("it expires in 2 h; renew it"), 0.1);
        check(DAY, 0, Outcome::fail("it expired 0 s ago; renew it"), 0.0);
        check(DAY, -3 * DAY, Outcome::fail("it expired 3 days ago; renew it"), -3.0);
        check(DAY, DAY + 150, Outcome::fail("it is not good yet, but in 2 min"), 1.0);
    }

    #[test]
    fn what_is_wrong_with_a_newer_one_is_told_beside_it() {
        let problem = Some("the new key is none".to_owned());
        let certificate = Certificate { from: 0, until: 100 * DAY, problem };
        let check = |now, expect: Outcome| {
            assert_eq!(Outcome { observed: None, ..certificate.judge(now) }, expect);
        };
        check(DAY, Outcome::warn("the new key is none"));
        check(95 * DAY, Outcome::warn("it expires in 5 days; renew it; the new key is none"));
        check(105 * DAY, Outcome::fail("it expired 5 days ago; renew it; the new key is none"));
    }
}
