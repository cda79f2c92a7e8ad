//! The command line.

mod keys;
mod pricing;
#[cfg(feature = "request-tracer")]
mod replay;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use ccproxy_config::Flag;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

pub use keys::{Create, Keys, Rotate};
pub use pricing::Pricing;
#[cfg(feature = "request-tracer")]
pub use replay::Replay;
pub use watch::{Color, Status, Top, Usage};

const EXIT_CODES: &str = "\
Exit codes:
  0  success; for `serve`: told to stop, and every request was served to its end
  1  failure; for `serve`: also when requests were cut; for `health`: not healthy
  2  the command line or the configuration is wrong";

/// An LLM proxy that tells the truth about its health.
///
/// Clients speak Anthropic Messages, OpenAI Chat Completions or OpenAI Responses to it; it speaks to the providers.
/// `ccproxy serve` works without any configuration.
#[derive(Debug, Parser)]
#[command(name = "ccproxy", version, after_long_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// The configuration file [default: the first that is found of $CCPROXY_CONFIG, ./ccproxy.toml, ccproxy.toml in the
    /// root of the git work tree, ~/.config/ccproxy/config.toml]
    #[arg(short, long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the proxy until SIGTERM or SIGINT; a second signal stops it at once.
    #[command(after_long_help = EXIT_CODES)]
    Serve(Serve),
    /// Check, show, start or describe the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Ask the running proxy how it is; exits 0 if it is well and 1 if not.
    Health(Health),
    /// How the running proxy is and what it does, on one screen.
    Status(Status),
    /// What was used, by model, by key or otherwise, over time.
    Usage(Usage),
    /// Watch the running proxy as `top` watches a machine.
    #[cfg(feature = "top")]
    Top(Top),
    /// What kinds of providers there are.
    #[command(subcommand)]
    Plugins(Plugins),
    /// Keys that clients show to the proxy.
    #[command(subcommand)]
    Keys(Keys),
    /// What tokens cost.
    #[command(subcommand)]
    Pricing(Pricing),
    /// Ask again what a client asked, from a folder of the plugin request-tracer.
    #[cfg(feature = "request-tracer")]
    Replay(Replay),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write those of all commands to a directory.
    Man {
        /// Where to write the pages; it is made if it is not there.
        dir: Option<PathBuf>,
    },
}

/// Flags of `serve`. They are stronger than the environment, which is stronger than the file.
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// The address to listen on: an IP address or localhost [server.host]
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// The port to listen on; 0 lets the system choose one [server.port]
    #[arg(short, long)]
    pub port: Option<u16>,
    /// error, warn, info, debug, trace, off, or per module: info,hyper=warn [logging.level]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// The form of a log line [logging.format]
    #[arg(long, value_name = "FORMAT", value_parser = ["auto", "pretty", "json"])]
    pub log_format: Option<String>,
    /// Threads that serve requests; 0 means one per core [server.workers]
    #[arg(long, value_name = "N")]
    pub workers: Option<u16>,
    /// Take over from the ccproxy that runs with the same server.takeover: it hands over its listeners when this one is
    /// ready, and ends with its last request
    #[arg(long)]
    pub takeover: bool,
    /// Serve everybody who can reach a public address, although nobody has to show a key
    #[arg(long)]
    pub insecure_no_auth: bool,
}

impl Serve {
    /// The keys of the configuration that these flags set.
    #[must_use]
    pub fn flags(&self) -> Vec<Flag> {
        let set = [
            ("--host", "server.host", self.host.clone()),
            ("--port", "server.port", self.port.map(|port| port.to_string())),
            ("--log-level", "logging.level", self.log_level.clone()),
            ("--log-format", "logging.format", self.log_format.clone()),
            ("--workers", "server.workers", self.workers.map(|workers| workers.to_string())),
        ];
        set.into_iter().filter_map(|(name, key, value)| Some(Flag::new(name, key, value?))).collect()
    }
}

/// What to do about the configuration.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Report every mistake with its place, without starting anything.
    Check {
        /// The file to check [default: the one that `serve` would read]
        file: Option<PathBuf>,
    },
    /// Print the configuration that is in force and where each key comes from; secrets are masked.
    Show,
    /// Write a commented file to start from.
    Init {
        /// Overwrite a file that is there
        #[arg(long)]
        force: bool,
        /// Where to write it
        #[arg(default_value = "ccproxy.toml")]
        path: PathBuf,
    },
    /// Print the JSON Schema of the file, for editors.
    Schema,
}

const HEALTH_HELP: &str = "\
One of these is asked: the whole of the core (without a flag), --live, --ready, --startup, a --component, a --plugin
(an instance of [providers]), or a component of a plugin.

Printed are the status, the page and, as a table, the checks that are not well; never 4096 bytes or more, which is what
Docker keeps.

Exit codes:
  0  the status is pass or warn
  1  anything else: fail, no answer in time, another program's answer, a wrong configuration

In an image, which needs no curl for it:
  HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD [\"ccproxy\", \"health\", \"--ready\"]
Where an unhealthy container is killed, as in a swarm, ask for --live instead: a drain is no reason to kill it.

After a start, in a script:
  ccproxy health --ready --wait 30s

Through the management listener, which answers while everything else is blocked:
  ccproxy health --live --management
  ccproxy health --live --url unix:/run/ccproxy/health.sock";

/// Which question to ask, and where.
#[derive(Debug, Args)]
#[command(after_long_help = HEALTH_HELP)]
pub struct Health {
    /// Does the process make progress?
    #[arg(long, group = "question")]
    pub live: bool,
    /// May it be sent traffic?
    #[arg(long, group = "question")]
    pub ready: bool,
    /// Has it started?
    #[arg(long, group = "question")]
    pub startup: bool,
    /// One component alone, such as disk
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with = "question")]
    pub component: Option<String>,
    /// A provider instance instead of the core
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with = "question")]
    pub plugin: Option<String>,
    /// Where the proxy is, http://HOST:PORT, https://HOST:PORT (whatever its certificate) or
    /// unix:SOCKET, or the very page to ask [default: from the configuration]
    #[arg(long)]
    pub url: Option<String>,
    /// Ask the management listener of the configuration: its socket, or else its port
    #[arg(long, conflicts_with = "url")]
    pub management: bool,
    /// How long to wait for the whole answer
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// Ask five times a second until it is well, at most this long; only the last answer is printed
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub wait: Option<Duration>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// The name of a component or an instance, which becomes a part of a path.
fn name(text: &str) -> Result<String, String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if text.is_empty() || !text.bytes().all(good) || matches!(text, "." | "..") {
        return Err("a name is made of A-Z a-z 0-9 _ . - only".to_owned());
    }
    Ok(text.to_owned())
}

/// What to do about plugins.
#[derive(Debug, Subcommand)]
pub enum Plugins {
    /// List the kinds of providers, and the instances that are configured.
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// The command line as clap sees it, for completions and manual pages.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn flags_of_serve_become_keys() {
        fn check(args: &[&str], expect: &[(&str, &str)]) {
            let cli = Cli::try_parse_from(["ccproxy", "serve"].iter().chain(args)).unwrap();
            let Command::Serve(serve) = cli.command else { panic!("not serve") };
            let flags = serve.flags();
            let got: Vec<_> = flags.iter().map(|flag| (flag.key.as_str(), flag.value.as_str())).collect();
            assert_eq!(got, expect);
        }
        check(&[], &[]);
        check(&["-p", "0"], &[("server.port", "0")]);
        check(
            &[
                "--host",
                "::1",
                "--port",
                "81",
                "--log-level",
                "debug",
                "--log-format",
                "json",
                "--workers",
                "2",
            ],
            &[
                ("server.host", "::1"),
                ("server.port", "81"),
                ("logging.level", "debug"),
                ("logging.format", "json"),
                ("server.workers", "2"),
            ],
        );
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let check = |args: &[&str], exit| {
            let error = Cli::try_parse_from(["ccproxy"].iter().chain(args)).unwrap_err();
            assert_eq!(error.exit_code(), exit, "{args:?}");
        };
        check(&[], 2);
        check(&["config"], 2);
        check(&["serve", "--port", "70000"], 2);
        check(&["serve", "--log-format", "xml"], 2);
        check(&["health", "--live", "--ready"], 2);
        check(&["health", "--timeout", "2"], 2);
        check(&["health", "--live", "--component", "disk"], 2);
        check(&["health", "--component", "../keys"], 2);
        check(&["health", "--plugin", ".."], 2);
        check(&["health", "--plugin", ""], 2);
        check(&["health", "--management", "--url", "http://a"], 2);
        check(&["keys", "create"], 2);
        check(&["keys", "create", "a", "--expires", "soon"], 2);
        check(&["keys", "create", "a", "--streams", "-1"], 2);
        check(&["keys", "rotate", "a", "--grace", "24"], 2);
        check(&["--version"], 0);
        check(&["-V"], 0);
        check(&["--help"], 0);
    }

    #[test]
    fn the_configuration_may_be_named_before_or_after_the_command() {
        let check = |args: &[&str]| {
            let cli = Cli::try_parse_from(["ccproxy"].iter().chain(args)).unwrap();
            assert_eq!(cli.config, Some(PathBuf::from("x.toml")), "{args:?}");
        };
        check(&["-c", "x.toml", "serve"]);
        check(&["serve", "--config", "x.toml"]);
        check(&["config", "show", "-c", "x.toml"]);
    }
}
