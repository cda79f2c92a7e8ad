//! The table of contents: what each path is for.
//!
//! | path | what |
//! |---|---|
//! | `/health…`, `/livez`, `/readyz`, `/startupz`, `/healthz`, `/plugins/{name}/health…`, `/metrics`, `/drain`, `/undrain` | our health: [`ccproxy_health_server::Pages`] |
//! | `/grpc.health.v1.Health/…` | the same by gRPC |
//! | `/v1/…`, `/api/v1/…` | the unified API: the instance is chosen by model |
//! | `/{instance}/v1/…`, `/{instance}/…` | one instance's API |
//! | `/api/hello`, `/{instance}/api/hello` | Claude Code asks whether anybody is there |
//! | everything else | [`crate::admin`]'s pages |

use std::sync::Arc;

use ccproxy_health_server::Page;
use http::Method;

use crate::app::{App, Instance};

/// Where an API request came in.
#[derive(Clone)]
pub(crate) enum Mount {
    Unified,
    Instance(Arc<Instance>),
}

/// What a path is for.
pub(crate) enum Route<'a> {
    Health(Page<'a>),
    Grpc,
    /// The rest is the path below `/v1/`.
    Api(Mount, &'a str),
    Hello,
    Page,
}

/// Finds what a path is for. A trailing slash is answered like the path without it, never redirected.
pub(crate) fn find<'a>(app: &App, method: &Method, path: &'a str) -> Route<'a> {
    let whole = path;
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match first {
        "v1" => Route::Api(Mount::Unified, rest),
        "api" => match rest.strip_prefix("v1/") {
            Some(rest) => Route::Api(Mount::Unified, rest),
            None if rest == "hello" => Route::Hello,
            None => Route::Page,
        },
        "grpc.health.v1.Health" => Route::Grpc,
        name => match app.instance(name) {
            Some(_) if rest == "api/hello" => Route::Hello,
            Some(instance) => {
                Route::Api(Mount::Instance(Arc::clone(instance)), rest.strip_prefix("v1/").unwrap_or(rest))
            }
            None => app.doors.main.find(method, whole).map_or(Route::Page, Route::Health),
        },
    }
}
