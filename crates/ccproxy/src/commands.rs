//! The commands, one file each.

mod api;
mod banner;
mod config;
mod health;
mod keys;
mod manual;
mod plugins;
mod pricing;
mod reach;
#[cfg(feature = "request-tracer")]
mod replay;
mod serve;
pub(crate) mod service_manager;
pub(crate) mod signals;
mod status;
mod told;
#[cfg(feature = "top")]
mod top;
mod usage;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use tokio::runtime::Builder;

use crate::cli::{self, Cli, Command};
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal;

pub(crate) fn run(cli: Cli, context: &Context) -> Result<ExitCode, Failure> {
    let file = cli.config.as_deref();
    match cli.command {
        Command::Serve(flags) => return serve::serve(&flags, file, context),
        Command::Config(command) => config::run(command, file, context)?,
        Command::Health(flags) => return health::health(&flags, file, context),
        Command::Status(flags) => return status::status(&flags, file, context),
        Command::Usage(flags) => usage::usage(&flags, file, context)?,
        #[cfg(feature = "top")]
        Command::Top(flags) => top::top(&flags, file, context)?,
        Command::Plugins(cli::Plugins::List { json }) => plugins::list(json, file, context)?,
        Command::Keys(command) => keys::run(command, file, context)?,
        Command::Pricing(command) => return pricing::run(command, file, context),
        #[cfg(feature = "request-tracer")]
        Command::Replay(flags) => return replay::replay(&flags, file, context),
        Command::Completions { shell } => terminal::print(&manual::completions(shell)?)?,
        Command::Man { dir: None } => terminal::print(&manual::page()?)?,
        Command::Man { dir: Some(dir) } => manual::write(&context.cwd.join(dir))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs what asks others, on this thread.
fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::io("cannot start the runtime", error))?;
    let done = runtime.block_on(work);
    // A name that is still being looked up must not hold up the exit.
    runtime.shutdown_background();
    Ok(done)
}

/// Where somebody on this machine reaches a listener.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_is_reached_on_loopback() {
        let check = |listens: &str, expect: &str| {
            assert_eq!(reachable(listens.parse().unwrap()), expect.parse().unwrap());
        };
        check("0.0.0.0:8000", "127.0.0.1:8000");
        check("[::]:8000", "[::1]:8000");
        check("127.0.0.2:80", "127.0.0.2:80");
        check("192.0.2.1:80", "192.0.2.1:80");
    }
}
