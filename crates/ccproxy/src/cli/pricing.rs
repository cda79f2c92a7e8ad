//! `ccproxy pricing`: what to know of prices.

use clap::Subcommand;

const CHECK_HELP: &str = "\
Looked at are the models that routes and the providers' model_mappings name, with what the configuration, the file of
prices and the table that comes with the program say of them.

Exit codes:
  0  each of these models has a price
  1  one of them has none: what it costs is not known, and counts against no budget
  2  the configuration or the file of prices is wrong";

/// What to know of prices.
#[derive(Debug, Subcommand)]
pub enum Pricing {
    /// Print the prices that are in force, in US dollars for a million tokens; exits 1 if a MODEL has none.
    Show {
        /// Models, by the names that a provider is asked for [default: the whole table]
        #[arg(value_name = "MODEL")]
        models: Vec<String>,
        /// The prices that are in force at this provider instance
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Report which models of the configuration have a price, and how old it is.
    #[command(after_long_help = CHECK_HELP)]
    Check {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}
