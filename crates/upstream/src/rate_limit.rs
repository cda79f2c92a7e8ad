//! What providers' answers tell of their rate limits. Which headers a provider sends, its plugin knows.

use std::time::Duration;

use ccproxy_plugin_api::Room;
use http::StatusCode;
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use jiff::Timestamp;

/// What Anthropic limits. `unified` is a subscription's limit as a whole, followed by its windows.
const ANTHROPIC: [&str; 7] =
    ["requests", "tokens", "input-tokens", "output-tokens", "unified", "unified-5h", "unified-7d"];
/// What OpenAI limits, and whoever follows it.
const OPENAI: [&str; 2] = ["requests", "tokens"];

/// Anthropic's headers: `anthropic-ratelimit-tokens-remaining` and the like.
#[must_use]
pub fn anthropic(headers: &HeaderMap) -> Option<Room> {
    read(headers, "anthropic-ratelimit-", &ANTHROPIC, |name| name.rsplit_once('-'))
}

/// OpenAI's headers: `x-ratelimit-remaining-tokens` and the like.
#[must_use]
pub fn openai(headers: &HeaderMap) -> Option<Room> {
    read(headers, "x-ratelimit-", &OPENAI, |name| name.split_once('-').map(|(field, limit)| (limit, field)))
}

/// When an answer with HTTP 429 or another error lets us come again: what it asks for, or when its scarcest limit has
/// room again.
#[must_use]
pub fn ready_in(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let limit = || anthropic(headers).or_else(|| openai(headers))?.resets_in;
    retry_after(headers).or_else(|| (status == StatusCode::TOO_MANY_REQUESTS).then(limit)?)
}

/// How long an answer asks us to wait: milliseconds, as OpenAI has it, seconds, or the time of a date.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get("retry-after-ms").and_then(|millis| millis.to_str().ok()?.trim().parse().ok());
    if let Some(wait) = millis.and_then(|millis: f64| Duration::try_from_secs_f64(millis / 1e3).ok()) {
        return Some(wait);
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(until(date, Timestamp::now()))
}

/// What the headers say of one limit.
#[derive(Clone, Copy, Default)]
struct Told<'a> {
    limit: Option<f64>,
    remaining: Option<f64>,
    /// 0 to 1.
    used: Option<f64>,
    rejected: bool,
    reset: Option<&'a str>,
}

impl Told<'_> {
    fn percent(&self) -> Option<u8> {
        let share = match (self.rejected, self.limit, self.remaining, self.used) {
            (true, ..) => 0.0,
            (_, Some(limit), Some(remaining), _) if limit > 0.0 => remaining / limit,
            (.., Some(used)) => 1.0 - used,
            _ => return None,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
        let percent = (share * 100.0 + 1e-6).clamp(0.0, 100.0) as u8;
        Some(percent)
    }
}

/// One look at every header, as most are none of ours; the scarcest of the limits found.
fn read<const N: usize>(
    headers: &HeaderMap,
    prefix: &str,
    limits: &[&'static str; N],
    split: impl Fn(&str) -> Option<(&str, &str)>,
) -> Option<Room> {
    let mut told = [Told::default(); N];
    for (name, value) in headers {
        let Some((limit, field)) = name.as_str().strip_prefix(prefix).and_then(&split) else { continue };
        let at = limits.iter().position(|known| *known == limit);
        if let Some(told) = at.and_then(|at| told.get_mut(at)) {
            note(told, field, value);
        }
    }
    let rooms = limits.iter().zip(&told).filter_map(|(limit, told)| Some((told.percent()?, *limit, told)));
    let (percent, limit, told) = rooms.min_by_key(|(percent, ..)| *percent)?;
    let resets_in = told.reset.and_then(|text| reset(text, Timestamp::now()));
    Some(Room { limit, percent, resets_in })
}

fn note<'a>(told: &mut Told<'a>, field: &str, value: &'a HeaderValue) {
    let Ok(text) = value.to_str() else { return };
    let number = || text.parse().ok().filter(|number: &f64| number.is_finite());
    match field {
        "limit" => told.limit = number(),
        "remaining" => told.remaining = number(),
        "utilization" => told.used = number(),
        "reset" => told.reset = Some(text),
        "status" => told.rejected = text == "rejected",
        _ => {}
    }
}

/// A moment in RFC 3339 or as Unix time, or a time to wait such as `6m0s`.
fn reset(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(at) = text.parse() {
        return Some(until(at, now));
    }
    if let Ok(seconds) = text.parse() {
        return Some(until(Timestamp::from_second(seconds).ok()?, now));
    }
    wait(text)
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    at.duration_since(now).try_into().unwrap_or_default()
}

/// `1s`, `6m0s`, `120ms`, `2m59.56s`.
fn wait(mut text: &str) -> Option<Duration> {
    let mut seconds = 0.0;
    while !text.is_empty() {
        let (number, rest) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
        let (unit, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        text = rest;
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn the_scarcest_counts() {
        let check = |lines: &[(&'static str, &str)], expect: Option<(&str, u8)>| {
            let room = anthropic(&headers(lines)).or_else(|| openai(&headers(lines)));
            assert_eq!(room.map(|room| (room.limit, room.percent)), expect, "{lines:?}");
        };
        check(&[("content-type", "application/json")], None);
        check(
            &[
                ("anthropic-ratelimit-requests-limit", "1000"),
                ("anthropic-ratelimit-requests-remaining", "999"),
                ("anthropic-ratelimit-input-tokens-limit", "80000"),
                ("anthropic-ratelimit-input-tokens-remaining", "4000"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-01-01T00:00:00Z"),
            ],
            Some(("input-tokens", 5)),
        );
        check(&[("anthropic-ratelimit-requests-remaining", "1")], None);
        check(
            &[("anthropic-ratelimit-tokens-limit", "0"), ("anthropic-ratelimit-tokens-remaining", "0")],
            None,
        );
        check(
            &[("anthropic-ratelimit-tokens-limit", "x"), ("anthropic-ratelimit-tokens-remaining", "1")],
            None,
        );
        check(
            &[
                ("anthropic-ratelimit-unified-status", "allowed"),
                ("anthropic-ratelimit-unified-5h-utilization", "0.93"),
                ("anthropic-ratelimit-unified-7d-utilization", "0.4"),
            ],
            Some(("unified-5h", 7)),
        );
        check(&[("anthropic-ratelimit-unified-status", "rejected")], Some(("unified", 0)));
        check(
            &[
                ("x-ratelimit-limit-requests", "60"),
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-limit-tokens", "150000"),
                ("x-ratelimit-remaining-tokens", "149984"),
            ],
            Some(("requests", 98)),
        );
        check(
            &[("x-ratelimit-limit-tokens", "1"), ("x-ratelimit-remaining-tokens", "2")],
            Some(("tokens", 100)),
        );
    }

    #[test]
    fn when_there_is_more() {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let check = |text: &str, expect: Option<f64>| {
            assert_eq!(reset(text, now).map(|wait| wait.as_secs_f64()), expect, "{text}");
        };
        check("2026-01-01T00:01:30Z", Some(90.0));
        check("2025-12-31T00:00:00Z", Some(0.0));
        check(&(now.as_second() + 7).to_string(), Some(7.0));
        check("1s", Some(1.0));
        check("6m0s", Some(360.0));
        check("120ms", Some(0.12));
        check("1h0m30.5s", Some(3630.5));
        check("soon", None);
        check("5 parsecs", None);
        check("", None);
        check("-1s", None);
        check("99999999999999999999h", None);
    }

    #[test]
    fn when_to_come_again() {
        let check = |text: &str, expect: Option<u64>| {
            let wait = retry_after(&headers(&[("retry-after", text)]));
            assert_eq!(wait.map(|wait| wait.as_secs()), expect, "{text}");
        };
        check("17", Some(17));
        check(" 0 ", Some(0));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
        check("never", None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn when_a_limit_is_over() {
        let check = |status: u16, lines: &[(&'static str, &str)], expect: Option<u64>| {
            let wait = ready_in(StatusCode::from_u16(status).unwrap(), &headers(lines));
            assert_eq!(wait.map(|wait| wait.as_millis()), expect.map(u128::from), "{status} {lines:?}");
        };
        let limit = [
            ("x-ratelimit-limit-tokens", "100"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ];
        check(429, &[("retry-after", "2"), ("retry-after-ms", "1500.5")], Some(1500));
        check(429, &[("retry-after", "2"), ("retry-after-ms", "soon")], Some(2000));
        check(429, &limit, Some(360_000));
        check(429, &[&limit[..], &[("retry-after", "2")]].concat(), Some(2000));
        check(401, &limit, None);
        check(403, &[("retry-after", "2")], Some(2000));
        let anthropic =
            [("anthropic-ratelimit-unified-status", "rejected"), ("anthropic-ratelimit-unified-reset", "1")];
        check(429, &anthropic, Some(0));
        check(429, &[], None);
    }
}
