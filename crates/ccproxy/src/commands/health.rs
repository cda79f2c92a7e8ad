//! `ccproxy health`: the probe for images that hold no other.

mod ask;
mod place;
mod told;
pub(super) mod verdict;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use humantime::format_duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::cli::Health;
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::print;
use place::Place;
use verdict::Verdict;

/// Between two questions while waiting.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn health(flags: &Health, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let verdict = match place::find(flags, file, context) {
        Ok(place) => run(&place, flags)?,
        // Docker reserves the exit code 2, so what is wrong here is not healthy, whoever is to blame.
        Err(failure) => Verdict::unknown(None, failure.to_string()),
    };
    print(&if flags.json { told::json(&verdict) } else { told::text(&verdict) })?;
    Ok(if verdict.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(place: &Place, flags: &Health) -> Result<Verdict, Failure> {
    super::block_on(async {
        match flags.wait {
            Some(most) => until_healthy(place, flags.timeout, most).await,
            None => once(place, flags.timeout).await,
        }
    })
}

async fn once(place: &Place, limit: Duration) -> Verdict {
    match timeout(limit, ask::get(place)).await {
        Ok(Ok((status, body))) => Verdict::read(place, status, &body),
        Ok(Err(reason)) => Verdict::unknown(Some(place), reason),
        Err(_) => Verdict::unknown(Some(place), format!("no answer within {}", format_duration(limit))),
    }
}

/// Asks again and again. When the time is over, the last whole answer stands.
async fn until_healthy(place: &Place, limit: Duration, most: Duration) -> Verdict {
    let end = Instant::now() + most;
    let mut last = None;
    while let Ok(verdict) = timeout_at(end, once(place, limit)).await {
        if verdict.is_healthy() || Instant::now() + PAUSE >= end {
            return verdict;
        }
        last = Some(verdict);
        sleep(PAUSE).await;
    }
    last.unwrap_or_else(|| {
        Verdict::unknown(Some(place), format!("no answer within {}", format_duration(most)))
    })
}
