//! When a credential ends, where it says so itself, as a JSON Web Token does.
//!
//! Nothing is verified: that is the provider's business. Nothing but the two times is taken from the token.

use serde::Deserialize;

/// Without a time of issue, a token is short of time when it has less than this many seconds.
const SHORT: i64 = 600;
/// A token of known lifetime is short of time in its last tenth, but not later than this many seconds from its end.
const LEAST: i64 = 300;

/// When a token was issued and when it ends, in seconds of Unix time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expiry {
    end: i64,
    issued: Option<i64>,
}

impl Expiry {
    /// Reads the times of a token; none if it is no JSON Web Token, or one without an end.
    pub(crate) fn of(token: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Claims {
            exp: f64,
            iat: Option<f64>,
        }
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let claims: Claims = serde_json::from_slice(&base64url(payload)?).ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
        let whole = |time: f64| time as i64;
        Some(Self { end: whole(claims.exp), issued: claims.iat.map(whole) })
    }

    /// Seconds left; negative when it has ended.
    pub(crate) fn left(self, now: i64) -> i64 {
        self.end.saturating_sub(now)
    }

    /// Whether it should have been replaced by now.
    pub(crate) fn is_short(self, now: i64) -> bool {
        let limit = match self.issued {
            Some(issued) => {
                let lifetime = self.end.saturating_sub(issued);
                // A token of a few minutes is not short of time from its first moment on.
                (lifetime / 10).max(LEAST).min(lifetime / 2)
            }
            None => SHORT,
        };
        self.left(now) < limit
    }
}

/// Decodes base64 in the alphabet for URLs, without padding, as tokens have it.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.extend(u8::try_from((bits >> held) & 0xff));
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // {"sub":"me","iat":1000,"exp":5000}
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsImlhdCI6MTAwMCwiZXhwIjo1MDAwfQ.c2lnbmF0dXJl";

    #[test]
    fn what_is_a_token() {
        let check = |text: &str, expect| assert_eq!(Expiry::of(text), expect, "{text}");
        check(TOKEN, Some(Expiry { end: 5000, issued: Some(1000) }));
        // {"exp":1.5e9}
        check("x.eyJleHAiOjEuNWU5fQ.y", Some(Expiry { end: 1_500_000_000, issued: None }));
        check("sk-ant-api03-abc", None);
        check("a.b.c", None);
        // {"sub":"me"}
        check("x.eyJzdWIiOiJtZSJ9.y", None);
        check("x.eyJleHAiOjEuNWU5fQ==.y", None);
        check("x.eyJleHAiOjEuNWU5fQ.y.z", None);
        check("", None);
    }

    #[test]
    fn short_of_time() {
        let check = |issued, end, now, expect| {
            let expiry = Expiry { end, issued };
            assert_eq!((expiry.left(now), expiry.is_short(now)), expect, "{issued:?} {end} {now}");
        };
        check(None, 1000, 400, (600, false));
        check(None, 1000, 401, (599, true));
        check(None, 1000, 2000, (-1000, true));
        // A day: its last tenth.
        check(Some(0), 86_400, 77_760, (8640, false));
        check(Some(0), 86_400, 77_761, (8639, true));
        // Half an hour: five minutes.
        check(Some(0), 1800, 1500, (300, false));
        check(Some(0), 1800, 1501, (299, true));
        // Five minutes: the half of it.
        check(Some(0), 300, 150, (150, false));
        check(Some(0), 300, 151, (149, true));
    }
}
