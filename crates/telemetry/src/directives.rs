//! `logging.level`, read strictly.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The text names neither a level nor directives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected error, warn, info, debug, trace or off, or directives per module such as \"info,hyper=warn\""
)]
pub struct InvalidLevel;

/// Whether a `logging.level` can be understood.
///
/// # Errors
/// [`InvalidLevel`], if not.
///
/// ```
/// assert!(ccproxy_telemetry::check("info,hyper=warn").is_ok());
/// assert!(ccproxy_telemetry::check("inof").is_err());
/// ```
pub fn check(level: &str) -> Result<(), InvalidLevel> {
    filter(level).map(|_| ())
}

/// The filter takes a word that is no level for the name of a module, and would turn off everything else: a slip of the
/// pen must not silence the log.
pub(crate) fn filter(level: &str) -> Result<EnvFilter, InvalidLevel> {
    let mut parts = level.split(',').map(str::trim).peekable();
    if level.trim().is_empty() || !parts.all(is_directive) {
        return Err(InvalidLevel);
    }
    EnvFilter::builder().parse(level.replace(' ', "")).map_err(|_| InvalidLevel)
}

fn is_directive(part: &str) -> bool {
    match part.rsplit_once('=') {
        Some((module, level)) => !module.trim().is_empty() && is_level(level.trim()),
        None => is_level(part),
    }
}

fn is_level(text: &str) -> bool {
    !text.is_empty() && text.parse::<LevelFilter>().is_ok() && !text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_or_directives() {
        let check = |level: &str, expect| assert_eq!(check(level).is_ok(), expect, "{level}");
        check("info", true);
        check("WARN", true);
        check("off", true);
        check("info,hyper=warn", true);
        check("info, hyper = warn", true);
        check("ccproxy_server::pipeline=trace", true);
        check("inof", false);
        check("info,hyper", false);
        check("info,hyper=loud", false);
        check("info,", false);
        check("=info", false);
        check("3", false);
        check(" ", false);
        check("", false);
    }
}
