//! `ccproxy status`: how the proxy is, on one screen.

mod page;

use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use serde::Serialize;

use super::api::{Api, ApiError, Candidates};
use super::health::verdict::Verdict;
use super::told::figures::{Figures, Overview, Provider, Providers, Usage};
use super::told::paint::{Paint, width};
use crate::cli::Status;
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::print;

pub(super) fn status(flags: &Status, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let (candidates, _) = Candidates::find(flags.url.as_deref(), flags.timeout, file, context)?;
    let standing = super::block_on(async {
        match candidates.first().await {
            Ok(api) => Box::pin(Standing::of(&api)).await,
            Err(error) => Standing::none(Verdict::none(None, error.to_string())),
        }
    })?;
    let text = if flags.json {
        format!("{}\n", serde_json::to_string(&standing).unwrap_or_default())
    } else {
        let paint = Paint::new(flags.color, &context.env);
        page::text(&standing, paint, width(&context.env))
    };
    print(&text)?;
    Ok(if standing.health.is_healthy() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that is shown.
#[derive(Serialize)]
struct Standing {
    health: Verdict,
    overview: Option<Overview>,
    traffic: Option<Traffic>,
    providers: Vec<Provider>,
    /// What could not be had, and why.
    missing: Vec<String>,
}

/// What exchanges of late came to.
#[derive(Serialize)]
struct Traffic {
    last_5m: Figures,
    last_24h: Figures,
    /// Since midnight in UTC.
    today_usd: Option<f64>,
    /// Of today: exchanges without a known price.
    today_unpriced: u64,
    /// Null, as that of today, where no price is known.
    last_7d_usd: Option<f64>,
    /// Of the last seven days: exchanges without a known price.
    last_7d_unpriced: u64,
}

impl Standing {
    fn none(health: Verdict) -> Self {
        Self { health, overview: None, traffic: None, providers: Vec::new(), missing: Vec::new() }
    }

    async fn of(api: &Api) -> Self {
        let mut missing = Vec::new();
        let mut note = |error: ApiError| {
            let error = error.to_string();
            if !missing.contains(&error) {
                missing.push(error);
            }
        };
        let (health, overview, traffic, providers) =
            tokio::join!(api.health(), api.get("/api/overview"), Traffic::of(api), api.get("/api/providers"));
        let overview = overview.map_err(&mut note).ok();
        let traffic = traffic.map_err(&mut note).ok();
        let providers: Providers = providers.map_err(&mut note).unwrap_or_default();
        Self { health, overview, traffic, providers: providers.providers, missing }
    }
}

impl Traffic {
    async fn of(api: &Api) -> Result<Self, ApiError> {
        let today = Timestamp::now().to_string().chars().take(10).collect::<String>();
        let total = async |since: &str| {
            let usage = api.get::<Usage>(&format!("/api/usage?since={since}")).await;
            usage.map(|usage| usage.total)
        };
        let (last_5m, last_24h) = (total("5m").await?, total("24h").await?);
        let (today, week) = (total(&today).await?, total("7d").await?);
        Ok(Self {
            last_5m,
            last_24h,
            today_usd: today.cost_usd,
            today_unpriced: today.unpriced,
            last_7d_usd: week.cost_usd,
            last_7d_unpriced: week.unpriced,
        })
    }
}
