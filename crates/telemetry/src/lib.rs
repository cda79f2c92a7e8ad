//! Tracing set-up: where log lines go, in which form, and what becomes of a panic.
//!
//! Lines go to stderr: for people on a terminal, as one JSON object each anywhere else. Nothing here knows a secret, and
//! the one text that could carry one by accident, the message of a panic, is logged only if it was written down at
//! compile time.

mod directives;
mod form;
mod panics;

use ccproxy_config::Logging;
use tracing_subscriber::util::SubscriberInitExt;

pub use directives::{InvalidLevel, check};
pub use form::Form;

/// Why there is no logging.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// `logging.level` cannot be understood.
    #[error("logging.level: {0}")]
    Level(#[from] InvalidLevel),
    /// Somebody else set up logging in this process.
    #[error("logging is set up already")]
    Twice,
}

/// Starts logging for the whole process and has panics logged, too.
///
/// The result is the form that was chosen, because what else the program prints depends on it.
///
/// # Errors
/// The level cannot be understood, or logging was set up before.
pub fn init(logging: &Logging) -> Result<Form, InitError> {
    let filter = directives::filter(&logging.level)?;
    let form = Form::of_stderr(logging.format);
    form.subscriber(filter, std::io::stderr).try_init().map_err(|_| InitError::Twice)?;
    panics::log();
    Ok(form)
}
