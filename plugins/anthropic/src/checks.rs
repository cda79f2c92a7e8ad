//! What watches an `anthropic` instance besides its traffic.

use std::sync::Arc;

use ccproxy_health::{Check, Spec};
use ccproxy_upstream::{Credentials, cli, credentials};

/// The credential can be read, and the vendor's command line is installed where the operator wants that watched. An
/// instance without credentials has none to check.
pub(crate) fn of(credentials: Arc<Credentials>, program: Option<&str>) -> Vec<(Spec, Arc<dyn Check>)> {
    credentials::check(credentials).into_iter().chain(program.and_then(cli::check)).collect()
}
