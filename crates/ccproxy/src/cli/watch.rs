//! Flags of the commands that tell what a proxy does.

use std::time::Duration;

use clap::{Args, ValueEnum};

const USAGE_HELP: &str = "\
Times are RFC 3339 (2027-01-31T18:00:00Z), dates, or spans back from now (15m, 24h, 7d); steps are in UTC.

Without --bucket there is a row for each of what --by names, with the requests over time beside it; with --bucket a row for each
step, too.

The proxy that runs is asked: at the management socket or port of the configuration, or else at its port. Where none runs, the
store of the configuration is read.

  ccproxy usage --since 7d --by model,key
  ccproxy usage --since 2027-01-01 --bucket day --csv > january.csv";

/// What was used.
#[derive(Debug, Args)]
#[command(after_long_help = USAGE_HELP)]
pub struct Usage {
    /// From when on
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub since: String,
    /// Up to when [default: now]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// What rows are made by: model, served_model, provider, key, operation, dialect, route, ending, fault, error, status
    #[arg(long, value_name = "LIST", default_value = "model")]
    pub by: String,
    /// A row for each step, too
    #[arg(long, value_name = "STEP", value_parser = ["minute", "hour", "day", "week", "month"])]
    pub bucket: Option<String>,
    /// Of exchanges of which this is so only, such as provider=claude or ending=failed; may be repeated
    #[arg(long = "where", value_name = "NAME=VALUE", value_parser = condition)]
    pub conditions: Vec<(String, String)>,
    /// Where the proxy is: http://HOST:PORT, https://HOST:PORT or unix:SOCKET [default: from the configuration]
    #[arg(long)]
    pub url: Option<String>,
    /// Print the answer of GET /api/usage
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV
    #[arg(long)]
    pub csv: bool,
}

fn condition(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as provider=claude")?;
    Ok((name.to_owned(), value.to_owned()))
}

const STATUS_HELP: &str = "\
Exit codes:
  0  the health is pass or warn
  1  it is not, or there is no answer in time
  2  the command line or the configuration is wrong";

/// How the proxy is, on one screen.
#[derive(Debug, Args)]
#[command(after_long_help = STATUS_HELP)]
pub struct Status {
    /// Where the proxy is: http://HOST:PORT, https://HOST:PORT or unix:SOCKET [default: from the configuration]
    #[arg(long)]
    pub url: Option<String>,
    /// How long to wait for each answer
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    pub timeout: Duration,
    /// With colours; `auto` means on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn timeout(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "expected a time such as 500ms or 5s".to_owned())
}

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

const TOP_HELP: &str = "\
Keys: q quits, p pauses, Tab and the arrows choose a table and a row, s sorts, / filters requests, t shows keys or models, ? tells
all of them.

With --json it prints an object each interval and leaves the terminal alone.";

/// What happens, as it happens.
#[derive(Debug, Args)]
#[command(after_long_help = TOP_HELP)]
pub struct Top {
    /// Where the proxy is: http://HOST:PORT, https://HOST:PORT or unix:SOCKET [default: from the configuration]
    #[arg(long)]
    pub url: Option<String>,
    /// How often it is looked, from 200ms to 1m
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = interval)]
    pub interval: Duration,
    /// Print one JSON object each interval
    #[arg(long)]
    pub json: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let bounds = Duration::from_millis(200)..=Duration::from_secs(60);
    let interval = humantime::parse_duration(text).ok().filter(|interval| bounds.contains(interval));
    interval.ok_or_else(|| "expected a time from 200ms to 1m, such as 2s".to_owned())
}
