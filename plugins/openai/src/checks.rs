//! What watches an OpenAI-like instance besides its traffic.

use std::sync::Arc;

use ccproxy_health::{Check, Spec};
use ccproxy_upstream::{Credentials, credentials};

/// The credential can be read. An instance without credentials has nothing to check.
pub(crate) fn of(credentials: Arc<Credentials>) -> Vec<(Spec, Arc<dyn Check>)> {
    credentials::check(credentials).into_iter().collect()
}
