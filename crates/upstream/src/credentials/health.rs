//! How the credentials of an instance stand, in words that hold no secret.

use std::time::{Duration, UNIX_EPOCH};

use ccproxy_health::{Outcome, Status};
use ccproxy_plugin_api::CredentialState;
use http::StatusCode;
use tokio::time::Instant;

use super::Credentials;
use super::member::Member;
use super::pool::Mark;

/// How one credential stands.
struct Standing {
    status: Status,
    /// Nothing of one that is simply good.
    text: Option<String>,
    /// Seconds until it ends, where it says so itself.
    left: Option<i64>,
}

impl Standing {
    fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: Some(text.into()), left: None }
    }
}

/// What health is told, at this second of Unix time.
pub(super) fn outcome(credentials: &Credentials, now: i64) -> Outcome {
    let alone = credentials.members.len() == 1;
    let standings: Vec<(&str, Standing)> = credentials
        .members
        .iter()
        .zip(credentials.marks())
        .map(|(member, mark)| (member.name.as_str(), standing(credentials, member, mark, alone, now)))
        .collect();
    match <[_; 1]>::try_from(standings) {
        Ok([(_, one)]) => {
            let outcome = Outcome { status: one.status, output: one.text, observed: None };
            match one.left {
                Some(left) => outcome.observed(left, "s"),
                None => outcome,
            }
        }
        Err(several) => together(&several),
    }
}

/// One is enough to serve; but whoever watches learns of each that is not as it should be.
fn together(standings: &[(&str, Standing)]) -> Outcome {
    let all = standings.len();
    let good = standings.iter().filter(|(_, it)| it.status == Status::Pass).count();
    let serving = standings.iter().any(|(_, it)| it.status != Status::Fail);
    let observed = i64::try_from(good).unwrap_or(i64::MAX);
    if good == all {
        return Outcome::pass().observed(observed, "credentials");
    }
    let mut text = format!("{good} of {all} credentials good");
    for (name, standing) in standings {
        if let Some(why) = &standing.text {
            text.push_str(&format!("; {name}: {why}"));
        }
    }
    let outcome = if serving { Outcome::warn(text) } else { Outcome::fail(text) };
    outcome.observed(observed, "credentials")
}

/// How a credential stands, for programs.
pub(super) fn state(credentials: &Credentials, member: &Member, mark: Mark, now: i64) -> CredentialState {
    let loaded = member.loaded();
    let good = loaded.as_ref().and_then(|loaded| loaded.good(Instant::now()));
    let cooling = good.and_then(|good| mark.cools_until(good.version, credentials.now()));
    let expiry = good.and_then(|good| good.expiry);
    let ended = expiry.is_some_and(|expiry| expiry.left(now) <= 0);
    CredentialState {
        name: member.name.clone(),
        usable: good.is_some_and(|good| !ended && mark.refusal(good.version).is_none()),
        rests: cooling.map(|until| until.saturating_sub(credentials.now())),
        expires: expiry.and_then(|expiry| {
            let seconds = u64::try_from(now.saturating_add(expiry.left(now))).ok()?;
            UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
        }),
    }
}

fn standing(credentials: &Credentials, member: &Member, mark: Mark, alone: bool, now: i64) -> Standing {
    let Some(loaded) = member.loaded() else {
        return Standing::new(Status::Warn, "the credential is still being read");
    };
    let problem = loaded.problem.as_deref();
    let Some(good) = loaded.good(Instant::now()) else {
        return Standing::new(Status::Fail, problem.unwrap_or("its token has ended"));
    };
    let left = good.expiry.map(|expiry| expiry.left(now));
    let cooling = mark.cools_until(good.version, credentials.now());
    let wait = cooling.map(|until| until.saturating_sub(credentials.now()).as_millis().div_ceil(1000));
    let short = good.expiry.is_some_and(|expiry| expiry.is_short(now));
    let standing = match (left, mark.refusal(good.version), wait) {
        (Some(..=0), ..) => Standing::new(Status::Fail, "the credential has expired"),
        (_, Some(status), wait) => Standing::new(Status::Warn, refused(status, wait.filter(|_| !alone))),
        // Whoever is alone is used all the same, and the rate limit has a component of its own.
        (_, None, Some(wait)) if !alone => {
            Standing::new(Status::Warn, format!("limited (HTTP 429), {}", cools(wait)))
        }
        _ => match problem {
            Some(problem) if loaded.has_failed() => Standing::new(
                Status::Warn,
                format!("cannot be read again, the last good one stays in use: {problem}"),
            ),
            Some(notice) => Standing::new(Status::Warn, notice),
            None => match left.filter(|_| short) {
                Some(left) => Standing::new(Status::Warn, format!("the credential expires in {left} s")),
                None => Standing { status: Status::Pass, text: None, left: None },
            },
        },
    };
    Standing { left, ..standing }
}

fn refused(status: StatusCode, wait: Option<u128>) -> String {
    let refused =
        format!("the provider refused the credential when it was last shown (HTTP {})", status.as_u16());
    match wait {
        Some(wait) => format!("{refused}, {}", cools(wait)),
        None => refused,
    }
}

fn cools(wait: u128) -> String {
    format!("cools down for {wait} s more")
}
