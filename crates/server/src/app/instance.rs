//! A provider instance as the server sees it.

mod latency;
mod load;
mod passage;
mod reach;
mod room;
mod traffic;
mod window;

use std::sync::Arc;

use ccproxy_config::{ModelRule, map_model};
use ccproxy_plugin_api::Provider;
use tokio_util::sync::CancellationToken;
use tower::retry::budget::TpsBudget;

use crate::admission::Gate;

pub(crate) use passage::Passage;
pub(crate) use traffic::{Reporters, Shut, Standing, Traffic, Verdict};

/// A named entry of the configuration, built.
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) version: &'static str,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) mappings: Vec<ModelRule>,
    pub(crate) traffic: Arc<Traffic>,
    /// How much of its traffic may be repeated after a failure of its.
    pub(crate) repeats: TpsBudget,
    /// Its places for requests, where they are limited.
    pub(crate) gate: Option<Gate>,
    /// The configuration in force does not have it any more. Requests that have it go on with it.
    pub(crate) gone: CancellationToken,
}

impl Instance {
    /// The provider's name for a model.
    pub(crate) fn map<'a>(&'a self, model: &'a str) -> &'a str {
        map_model(&self.mappings, model)
    }
}
