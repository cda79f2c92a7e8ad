//! The history of health.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A check that went from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub at: Timestamp,
    /// The provider instance; empty for the core.
    pub plugin: String,
    /// The check.
    pub component: String,
    /// The state before: `pass`, `warn`, `fail` or `unknown`.
    pub from: String,
    /// The state after.
    pub to: String,
    /// What the check said.
    pub output: Option<String>,
}
