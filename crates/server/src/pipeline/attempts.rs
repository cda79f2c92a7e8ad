//! Step 3: ask, and where that fails ask again, as long as nothing of an answer has gone to the client.
//!
//! Another target is asked at once, the same one after a pause, both at most [`Retry::attempts`] times in all and within
//! the failing instance's budget. Whether it makes sense, the failure itself says ([`Verdict`]).

use std::time::Duration;

use ccproxy_config::Retry;
use ccproxy_plugin_api::{Answer, Call, CallError};
use ccproxy_upstream::retry::{self, Verdict};
use ccproxy_wire::{Dialect, Operation};
use tower::retry::budget::Budget;

use super::account::Exchange;
use super::adapt::{self, Answered, Asked};
use super::plan::Plan;
use super::resolve::Target;
use super::{call, opening, stored};
use crate::app::{App, Instance};
use crate::error::Error;

/// How an attempt ended: as the client will see it if it was the last.
type Attempt = Result<Answer, CallError>;

/// Asks until there is an answer that is none of a failure, or until nothing is left to try.
pub(super) async fn ask(
    app: &App,
    asked: Asked<'_>,
    plan: &mut Plan,
    exchange: &mut Exchange,
) -> Result<(Answer, Answered), Error> {
    let retry = &app.limits.retry;
    let mut repeated = 0;
    plan.target.instance.repeats.deposit();
    loop {
        exchange.target(plan);
        let (mut call, answered) = prepare(app, asked, &plan.target)?;
        exchange.calls(&mut call);
        let dialect = stream_dialect(call.operation);
        let instance = std::sync::Arc::clone(&plan.target.instance);
        let mut attempt = exchange.hears(call::call(&instance, call).await);
        let may_go_on = exchange.attempts() < retry.attempts && !exchange.client_has_left();
        let mut verdict = judge(&attempt);
        if let (Ok(answer), None, Some(dialect), true) =
            (&attempt, verdict, dialect, may_go_on && plan.has_others())
            && opening::may_fail(answer)
        {
            (attempt, verdict) = opening::look(attempt, dialect, &instance, app.limits.sse_keep_alive).await;
        }
        let pause = match verdict.filter(|_| may_go_on) {
            Some(verdict) => next(app, plan, verdict, retry, &mut repeated),
            None => None,
        };
        let Some(pause) = pause else { return Ok((attempt?, answered)) };
        tell(exchange, &instance, &attempt, plan, pause);
        call::given_up(&instance, attempt).await;
        tokio::time::sleep(pause).await;
    }
}

/// The call of a target, and what its answer needs.
fn prepare(app: &App, asked: Asked<'_>, target: &Target) -> Result<(Call, Answered), Error> {
    let resolved = match asked.operation {
        Operation::Responses => stored::resolve(app, target, asked)?,
        _ => None,
    };
    let body = resolved.as_ref().map_or(asked.body, |resolved| &*resolved.body);
    let (call, mut answered) = adapt::call(Asked { body, ..asked }, target, app.limits.strict_translation)?;
    if let (Some(resolved), Answered::Translated(translation)) = (resolved, &mut answered) {
        resolved.tell(translation);
    }
    Ok((call, answered))
}

/// What the attempt itself says of another.
fn judge(attempt: &Attempt) -> Option<Verdict> {
    match attempt {
        Ok(answer) => retry::of_status(answer.status(), answer.headers()),
        Err(error) => Some(retry::of_error(error.kind())),
    }
}

/// Points the plan at whom to ask next and gives the pause before; `None` if nobody is.
fn next(app: &App, plan: &mut Plan, verdict: Verdict, retry: &Retry, repeated: &mut u32) -> Option<Duration> {
    let instance = std::sync::Arc::clone(&plan.target.instance);
    let (same, wait) = match verdict {
        Verdict::Final => return None,
        Verdict::Elsewhere => (false, None),
        Verdict::Credential(_) if instance.provider.another_credential() => {
            return instance.repeats.withdraw().then(|| {
                plan.stay();
                Duration::ZERO
            });
        }
        Verdict::Credential(wait) => (wait.is_some(), wait),
        Verdict::Passing(wait) => (true, wait),
    };
    let pause = wait.unwrap_or_default().max(backoff(retry, *repeated));
    let may_stay = same && pause <= retry.max_wait;
    if !(plan.has_others() || may_stay) || !instance.repeats.withdraw() {
        return None;
    }
    if plan.go_on(app) {
        return Some(Duration::ZERO);
    }
    may_stay.then(|| {
        *repeated += 1;
        plan.stay();
        pause
    })
}

/// A random part of what doubles with each repetition: clients that failed together do not come back together.
fn backoff(retry: &Retry, repeated: u32) -> Duration {
    let most = retry.backoff.saturating_mul(2_u32.saturating_pow(repeated)).min(retry.max_wait);
    most.mul_f64(fastrand::f64())
}

fn tell(exchange: &Exchange, failed: &Instance, attempt: &Attempt, plan: &Plan, pause: Duration) {
    let status = attempt.as_ref().ok().map(|answer| answer.status().as_u16());
    let error = attempt.as_ref().err().map(tracing::field::display);
    let (instance, next) = (failed.name.as_str(), plan.target.instance.name.as_str());
    let pause_ms = pause.as_millis();
    tracing::info!(id = exchange.id().as_str(), instance, status, error, next, pause_ms, "asking_again");
}

/// The dialect whose events a stream has. Legacy completions stream as Chat Completions do.
pub(super) fn stream_dialect(operation: Operation) -> Option<Dialect> {
    match operation {
        Operation::Completions => Some(Dialect::Chat),
        operation => operation.dialect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retry = Retry { backoff: Duration::from_millis(100), ..Retry::default() };
        let longest = |repeated| (0..1000).map(|_| backoff(&retry, repeated)).max().unwrap_or_default();
        let check = |repeated, millis: u64| {
            let (got, most) = (longest(repeated), Duration::from_millis(millis));
            assert!(got <= most && got > most / 2, "{got:?} of {most:?}");
        };
        check(0, 100);
        check(1, 200);
        check(4, 1600);
        check(10, 2000);
        check(u32::MAX, 2000);
    }
}
