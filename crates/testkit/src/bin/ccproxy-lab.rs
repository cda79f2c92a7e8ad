//! The application with a hand on its health: for states that the real program is never in on demand.
//!
//! It prints one line of JSON with its addresses, then obeys the lines on its standard input and answers each with
//! one line. SIGTERM drains, a second one stops at once, as with the program.

use std::error::Error;
use std::process::ExitCode;

use ccproxy_testkit::lab::{Lab, Options};
use clap::Parser;
use tokio::runtime::Builder;

/// Runs the application in states that are hard to bring about.
///
/// Orders on the standard input, one a line: `open` opens the gate of --starting; `pass`, `warn` and `fail` set the
/// critical check `switch`; `block MILLIS` blocks every thread of the main runtime; `drain` is what SIGTERM is.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    options: Options,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let lab = Lab::build(&Args::parse().options)?;
    // As the program has it: the server's own threads serve, these accept, check and supervise.
    let runtime =
        Builder::new_multi_thread().worker_threads(Lab::THREADS).thread_name("main").enable_all().build()?;
    let end = runtime.block_on(lab.run());
    runtime.shutdown_background();
    end
}
