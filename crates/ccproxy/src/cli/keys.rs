//! `ccproxy keys`: what to do about keys.

use std::path::PathBuf;
use std::time::Duration;

use ccproxy_config::{Dollars, Moment};
use clap::{Args, Subcommand};

/// What to do about keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a random key and print it, once. It goes into the file of keys (`auth.key_file`); without one, the lines are
    /// printed that make it known to the proxy.
    Create(Create),
    /// Read a key from stdin and print its hash.
    Hash,
    /// List the keys, those of the configuration included; nothing of it lets in anybody.
    List {
        /// The file of keys [default: auth.key_file of the configuration]
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make a key of the file good for nothing.
    Revoke {
        /// The key's name
        name: String,
        /// The file of keys [default: auth.key_file of the configuration]
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
    },
    /// Make another key for a name of the file, and print it, once.
    Rotate(Rotate),
}

/// Flags of `keys create`.
#[derive(Debug, Args)]
pub struct Create {
    /// What the key is called in logs
    pub name: String,
    /// The file of keys; it is made if it is not there [default: auth.key_file of the configuration]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// A model that the key is good for, as a pattern with `*`; may be repeated [default: all]
    #[arg(long, value_name = "PATTERN")]
    pub model: Vec<String>,
    /// A provider instance that the key is good for; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    pub provider: Vec<String>,
    /// Requests a minute; 0 means any number [default: limits.keys of the configuration, as for the next six]
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<u64>,
    /// Tokens a minute, input and output together
    #[arg(long, value_name = "N")]
    pub tokens_per_minute: Option<u64>,
    /// Requests at a time
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,
    /// Streams at a time
    #[arg(long, value_name = "N")]
    pub streams: Option<u32>,
    /// US dollars a day, by the calendar in UTC, such as 12.50
    #[arg(long, value_name = "DOLLARS")]
    pub budget_per_day: Option<Dollars>,
    /// US dollars a week, from Monday on
    #[arg(long, value_name = "DOLLARS")]
    pub budget_per_week: Option<Dollars>,
    /// US dollars a month
    #[arg(long, value_name = "DOLLARS")]
    pub budget_per_month: Option<Dollars>,
    /// When the key ceases to be good: a date, a time such as 2027-01-31T18:00:00Z, or a duration from now such as 90days
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub expires: Option<Moment>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Flags of `keys rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The key's name
    pub name: String,
    /// How long the old key stays good
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub grace: Duration,
    /// The file of keys [default: auth.key_file of the configuration]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn moment(text: &str) -> Result<Moment, String> {
    let moment = text.parse::<Moment>().map_err(|error| error.to_string());
    moment.or_else(|error| {
        let wait =
            humantime::parse_duration(text).map_err(|_| format!("{error}, or a duration such as 90days"))?;
        Ok(Moment::now().after(wait))
    })
}
