//! What an issuer answers.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::credentials::source::Lasts;

/// A token of which the issuer does not say how long it is good is renewed after this long.
const UNSAID: Duration = Duration::from_secs(1800);
/// No token is taken to be good for longer.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// A token is renewed when a tenth of its life is left, but not later and not sooner than this …
const LEAST: Duration = Duration::from_secs(30);
const MOST: Duration = Duration::from_secs(300);

/// What an issuer may say of a refusal (RFC 6749, section 5.2).
const ERRORS: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

pub(super) struct Token {
    pub(super) access_token: SecretString,
    pub(super) expires_in: Option<Duration>,
    pub(super) refresh_token: Option<SecretString>,
}

impl Token {
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            access_token: String,
            token_type: Option<String>,
            /// A number of seconds, which some write as a string.
            #[serde(borrow)]
            expires_in: Option<&'a RawValue>,
            refresh_token: Option<String>,
        }
        let fields: Fields<'_> = serde_json::from_slice(body)
            .map_err(|_| "answered what holds no access token: check token_url".to_owned())?;
        if fields.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err("gives tokens of a type other than Bearer, which cannot be used here".to_owned());
        }
        let seconds = fields.expires_in.and_then(|raw| raw.get().trim_matches('"').parse().ok());
        Ok(Self {
            access_token: fields.access_token.into(),
            expires_in: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            refresh_token: fields.refresh_token.filter(|token| !token.is_empty()).map(Into::into),
        })
    }
}

/// When a token is to be renewed and when it ends, that was asked for at a moment.
pub(super) fn lasts(begun: Instant, expires_in: Option<Duration>) -> Lasts {
    let Some(life) = expires_in else {
        return Lasts::Token { renew: begun + UNSAID, end: begun + LONGEST };
    };
    let life = life.clamp(Duration::from_secs(1), LONGEST);
    let left = (life / 10).clamp(LEAST, MOST).min(life / 2);
    Lasts::Token { renew: begun + (life - left), end: begun + life }
}

/// The reason of a refusal, if it is one that we know.
pub(super) fn error(body: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Fields {
        error: String,
    }
    let said = serde_json::from_slice::<Fields>(body).ok()?.error;
    ERRORS.into_iter().find(|known| *known == said)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn tokens() {
        let check = |body: &str, expect: Result<(&str, Option<f64>, Option<&str>), &str>| {
            let token = Token::read(body.as_bytes());
            let got = token.as_ref().map(|token| {
                let refresh = token.refresh_token.as_ref().map(ExposeSecret::expose_secret);
                (token.access_token.expose_secret(), token.expires_in.map(|life| life.as_secs_f64()), refresh)
            });
            match (got, expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect, "{body}"),
                (Err(error), Err(text)) => assert!(error.contains(text), "{body}: {error}"),
                (got, expect) => panic!("{body}: {got:?}, {expect:?}"),
            }
        };
        check(
            r#"{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r","x":[1]}"#,
            Ok(("a", Some(3600.0), Some("r"))),
        );
        check(r#"{"access_token":"a","token_type":"Bearer","expires_in":"60"}"#, Ok(("a", Some(60.0), None)));
        check(r#"{"access_token":"a","expires_in":-1,"refresh_token":""}"#, Ok(("a", None, None)));
        check(r#"{"access_token":"a","expires_in":null}"#, Ok(("a", None, None)));
        check(r#"{"access_token":"a","token_type":"DPoP"}"#, Err("other than Bearer"));
        check(r#"{"token":"a"}"#, Err("holds no access token"));
        check("<html>", Err("holds no access token"));
    }

    #[tokio::test(start_paused = true)]
    async fn when_to_renew() {
        let begun = Instant::now();
        let check = |life: f64, renew: f64, end: f64| {
            let Lasts::Token { renew: at, end: over } = lasts(begun, Some(Duration::from_secs_f64(life)))
            else {
                panic!("a token is one")
            };
            assert_eq!(((at - begun).as_secs_f64(), (over - begun).as_secs_f64()), (renew, end), "{life}");
        };
        check(36_000.0, 35_700.0, 36_000.0);
        check(1800.0, 1620.0, 1800.0);
        check(120.0, 90.0, 120.0);
        check(10.0, 5.0, 10.0);
        check(0.0, 0.5, 1.0);
        check(1e15, LONGEST.as_secs_f64() - 300.0, LONGEST.as_secs_f64());
        assert_eq!(lasts(begun, None), Lasts::Token { renew: begun + UNSAID, end: begun + LONGEST });
    }

    #[test]
    fn refusals() {
        let check = |body: &str, expect| assert_eq!(error(body.as_bytes()), expect, "{body}");
        check(r#"{"error":"invalid_grant","error_description":"hush"}"#, Some("invalid_grant"));
        check(r#"{"error":"hush"}"#, None);
        check(r#"{"error":{"message":"x"}}"#, None);
        check("", None);
    }
}
