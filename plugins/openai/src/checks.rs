//! What watches an OpenAI-like instance besides its traffic.

use std::sync::Arc;

use ccproxy_health::{Check, Spec, SpecError};
use ccproxy_plugin_api::Instance;
use ccproxy_upstream::{Credentials, cli, credentials};

/// Checks as the plugin hands them over.
type Checks = Vec<(Spec, Arc<dyn Check>)>;

/// The credential can be read, and the vendor's command line is installed where the operator wants that watched. An
/// instance without credentials has none to check.
pub(crate) fn of(
    instance: &Instance,
    credentials: Arc<Credentials>,
    program: Option<&str>,
) -> Result<Checks, SpecError> {
    let mut checks = Checks::new();
    if !credentials.is_empty() {
        let spec = credentials::spec()?.affects(&[&instance.endpoints()])?;
        checks.push((spec, credentials));
    }
    if let Some(program) = program {
        // Calls do without it, so it affects none.
        checks.push((cli::spec()?, cli::check(program)));
    }
    Ok(checks)
}
