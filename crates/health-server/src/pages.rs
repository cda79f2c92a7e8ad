//! The pages over HTTP: the status codes, headers and methods that every kind of watcher understands.
//!
//! | path | what |
//! |---|---|
//! | `/health`, `/health/live`, `/health/ready`, `/health/startup` | JSON |
//! | `/health/checks/{name}`, `/plugins/{plugin}/health/{name}` | one component |
//! | `/health/history`, `/health/events` | the last transitions; those to come |
//! | `/plugins/{plugin}/health` | a plugin |
//! | `/livez`, `/readyz`, `/startupz`, `/healthz`, each with `/{name}` | text, as Kubernetes has it |
//! | `/metrics` | Prometheus |
//! | `POST /drain`, `POST /undrain` | an operator's orders |

use std::sync::Arc;

use ccproxy_health::Health;
use http::{HeaderMap, Request, Response};

use crate::Body;

/// Who sees more than the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// Everybody sees everything.
    Always,
    /// Whoever the guard lets see; others see the service as a whole.
    Authorized,
    /// Whoever the guard lets see; others see the status and nothing else.
    Status,
}

/// What a request may see and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sight {
    /// All details.
    pub details: bool,
    /// `/drain` and `/undrain`.
    pub command: bool,
}

/// Decides by a request's headers what it may see and do, beyond what [`Details`] gives everybody.
pub type Guard = Arc<dyn Fn(&HeaderMap) -> Sight + Send + Sync>;

/// How the pages are told.
#[derive(Clone)]
pub struct PagesOptions {
    /// Who sees more than the verdict.
    pub details: Details,
    /// What a request's headers let it see and do.
    pub guard: Guard,
    /// Whether a degraded answer carries `x-envoy-degraded: 1`.
    pub envoy_degraded: bool,
    /// Whether `/metrics` is answered.
    pub metrics: bool,
}

/// The pages of one health.
#[derive(Clone)]
pub struct Pages {
    health: Health,
    options: PagesOptions,
}

/// A page that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'p>(&'p str);

impl Pages {
    /// The pages of this health.
    pub fn new(health: Health, options: PagesOptions) -> Self {
        Self { health, options }
    }

    /// The page of a path, if it is one of ours; a trailing slash is ignored.
    pub fn find<'p>(&self, _path: &'p str) -> Option<Page<'p>> {
        None
    }

    /// Answers. The request's body, if any, is not read.
    pub fn answer<B>(&self, _page: Page<'_>, _request: &Request<B>) -> Response<Body> {
        let _ = (&self.health, &self.options);
        Response::new(Body::default())
    }
}
