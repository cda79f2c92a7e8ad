//! What a client's headers tell it of its limits, in the words of its vendor.
//!
//! A provider's own headers stay where they leave the client less than we do: the tighter limit is the one to know.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ccproxy_wire::Family;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::bucket::Level;
use super::{Account, Refusal};

/// A limit, what is left of it, and when all of it is there again.
type Names = [HeaderName; 3];

const fn name(text: &'static str) -> HeaderName {
    HeaderName::from_static(text)
}

const OPENAI_REQUESTS: Names = [
    name("x-ratelimit-limit-requests"),
    name("x-ratelimit-remaining-requests"),
    name("x-ratelimit-reset-requests"),
];
const OPENAI_TOKENS: Names = [
    name("x-ratelimit-limit-tokens"),
    name("x-ratelimit-remaining-tokens"),
    name("x-ratelimit-reset-tokens"),
];
const ANTHROPIC_REQUESTS: Names = [
    name("anthropic-ratelimit-requests-limit"),
    name("anthropic-ratelimit-requests-remaining"),
    name("anthropic-ratelimit-requests-reset"),
];
const ANTHROPIC_TOKENS: Names = [
    name("anthropic-ratelimit-tokens-limit"),
    name("anthropic-ratelimit-tokens-remaining"),
    name("anthropic-ratelimit-tokens-reset"),
];
const UNIFIED_STATUS: HeaderName = name("anthropic-ratelimit-unified-status");
const UNIFIED_RESET: HeaderName = name("anthropic-ratelimit-unified-reset");
const UNIFIED_CLAIM: HeaderName = name("anthropic-ratelimit-unified-representative-claim");

impl Account {
    /// Adds what there is to tell to an answer's headers.
    pub(crate) fn tell(&self, family: Family, refusal: Option<Refusal>, headers: &mut HeaderMap) {
        let now = self.now();
        let limits = &self.limits;
        let requests = limits.requests_per_minute.map(|most| self.ledger.requests.level(now, most));
        let tokens = limits.tokens_per_minute.map(|most| self.ledger.tokens.level(now, most));
        let names = match family {
            Family::Anthropic => [ANTHROPIC_REQUESTS, ANTHROPIC_TOKENS],
            Family::OpenAi => [OPENAI_REQUESTS, OPENAI_TOKENS],
        };
        let clock = SystemTime::now();
        for (level, names) in [requests, tokens].into_iter().zip(names) {
            if let Some(level) = level {
                put(level, names, reset(family, clock, level.reset), headers);
            }
        }
        let budget = self.ledger.spending.level(Timestamp::now(), limits);
        let claims = [("requests", requests), ("tokens", tokens), ("budget", budget)];
        if family == Family::Anthropic && !headers.contains_key(&UNIFIED_STATUS) {
            unified(claims, refusal.filter(Refusal::is_rate), clock, headers);
        }
    }
}

fn put(level: Level, [limit, remaining, reset]: Names, until: String, headers: &mut HeaderMap) {
    let theirs = headers.get(&remaining).and_then(|left| left.to_str().ok()?.trim().parse::<u64>().ok());
    if theirs.is_some_and(|theirs| theirs <= level.remaining) {
        return;
    }
    headers.insert(limit, HeaderValue::from(level.limit));
    headers.insert(remaining, HeaderValue::from(level.remaining));
    headers.extend(HeaderValue::try_from(until).ok().map(|until| (reset, until)));
}

/// Anthropic tells a moment, OpenAI a duration.
fn reset(family: Family, clock: SystemTime, wait: Duration) -> String {
    match family {
        Family::Anthropic => {
            let moment = Timestamp::from_second(seconds(clock, wait).try_into().unwrap_or(i64::MAX));
            moment.unwrap_or(Timestamp::MAX).to_string()
        }
        Family::OpenAi => go_duration(wait),
    }
}

/// The second, since the epoch, by which so much time has passed.
fn seconds(clock: SystemTime, wait: Duration) -> u64 {
    ceil((clock + wait).duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Whole seconds, and never earlier.
pub(crate) fn ceil(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A duration as OpenAI writes it: `850ms`, `6s`, `1m5s`.
fn go_duration(wait: Duration) -> String {
    if wait < Duration::from_secs(1) {
        return format!("{}ms", wait.as_nanos().div_ceil(1_000_000));
    }
    match (ceil(wait) / 60, ceil(wait) % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}

/// Claude Code shows these: how it stands with the limit that has the least left of it.
fn unified(
    claims: [(&'static str, Option<Level>); 3],
    refusal: Option<Refusal>,
    clock: SystemTime,
    headers: &mut HeaderMap,
) {
    let refused = refusal.and_then(|refusal| refusal.limit.claim());
    let known = claims.into_iter().filter_map(|(claim, level)| Some((claim, level?)));
    let told = known.filter(|(claim, _)| refused.is_none_or(|refused| refused == *claim));
    let Some((claim, level)) = told.min_by(|(_, one), (_, other)| one.share().total_cmp(&other.share()))
    else {
        return;
    };
    let (status, wait) = match refusal {
        Some(refusal) => ("rejected", refusal.wait),
        None if level.share() < 0.1 => ("allowed_warning", level.reset),
        None => ("allowed", level.reset),
    };
    headers.insert(UNIFIED_STATUS, HeaderValue::from_static(status));
    headers.insert(UNIFIED_RESET, HeaderValue::from(seconds(clock, wait)));
    headers.insert(UNIFIED_CLAIM, HeaderValue::from_static(claim));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |millis: u64, expect: &str| {
            assert_eq!(go_duration(Duration::from_millis(millis)), expect);
        };
        check(0, "0ms");
        check(17, "17ms");
        check(1000, "1s");
        check(59_001, "1m0s");
        check(65_000, "1m5s");
        check(3_600_000, "60m0s");
        assert_eq!(go_duration(Duration::from_micros(1)), "1ms");
    }

    #[test]
    fn the_tighter_limit_is_told() {
        let level = Level { limit: 60, remaining: 10, reset: Duration::from_secs(50) };
        let check = |theirs: Option<&'static str>, expect: &str| {
            let mut headers = HeaderMap::new();
            headers.extend(theirs.map(|left| (OPENAI_REQUESTS[1].clone(), HeaderValue::from_static(left))));
            put(level, OPENAI_REQUESTS, "50s".to_owned(), &mut headers);
            assert_eq!(headers[&OPENAI_REQUESTS[1]], expect);
            assert_eq!(headers.len() == 3, expect == "10");
        };
        check(None, "10");
        check(Some("11"), "10");
        check(Some("9"), "9");
        check(Some("?"), "10");
    }

    #[test]
    fn the_unified_headers_are_about_the_limit_that_is_nearest() {
        let level = |limit, remaining| Level { limit, remaining, reset: Duration::from_secs(50) };
        let clock = UNIX_EPOCH + Duration::from_secs(1000);
        let refusal = Refusal { limit: super::super::Limit::Tokens(100), wait: Duration::from_millis(1500) };
        let check = |claims: [Option<Level>; 3], refusal, expect: [&str; 3]| {
            let mut headers = HeaderMap::new();
            let [requests, tokens, budget] = claims;
            let claims = [("requests", requests), ("tokens", tokens), ("budget", budget)];
            unified(claims, refusal, clock, &mut headers);
            assert_eq!(
                [UNIFIED_STATUS, UNIFIED_RESET, UNIFIED_CLAIM].map(|name| headers[name].clone()),
                expect
            );
        };
        check([Some(level(60, 59)), None, None], None, ["allowed", "1050", "requests"]);
        check([Some(level(60, 30)), Some(level(100, 60)), None], None, ["allowed", "1050", "requests"]);
        check([Some(level(60, 30)), Some(level(100, 5)), None], None, ["allowed_warning", "1050", "tokens"]);
        check(
            [Some(level(60, 30)), None, Some(level(25_000_000_000, 1))],
            None,
            ["allowed_warning", "1050", "budget"],
        );
        check([Some(level(60, 0)), Some(level(100, 1)), None], Some(refusal), ["rejected", "1002", "tokens"]);
        check([None, Some(level(100, 0)), None], Some(refusal), ["rejected", "1002", "tokens"]);
    }
}
