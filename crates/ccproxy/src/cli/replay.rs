//! `ccproxy replay`: the same request again.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

const HELP: &str = "\
Without --send a command of curl is printed, which asks the same again. Credentials are not kept in the folder: where the
client showed one, the command shows $CCPROXY_KEY, and --send takes it from there.

Exit codes:
  0  the command is printed, or the answer's status is below 400
  1  any other answer, or none
  2  the folder holds no whole request";

/// What to ask again, and where.
#[derive(Debug, Args)]
#[command(after_long_help = HELP)]
pub struct Replay {
    /// The folder of an exchange, below plugins.request-tracer.dir
    pub folder: PathBuf,
    /// Send it, and print the answer as it comes
    #[arg(long)]
    pub send: bool,
    /// Where the proxy is, http://HOST:PORT or https://HOST:PORT [default: from the configuration]
    #[arg(long)]
    pub url: Option<String>,
    /// How long to wait for the beginning of the answer
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}
