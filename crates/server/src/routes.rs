//! The table of contents: what each path is for.
//!
//! | path | what |
//! |---|---|
//! | `/health`, `/health/live`, `/health/ready`, `/health/startup` | our health |
//! | `/plugins/{name}/health` | an instance's health |
//! | `/v1/…`, `/api/v1/…` | the unified API: the instance is chosen by model |
//! | `/{instance}/v1/…`, `/{instance}/…` | one instance's API |
//! | `/api/hello`, `/{instance}/api/hello` | Claude Code asks whether anybody is there |
//! | everything else | [`crate::admin`]'s pages |

use std::sync::Arc;

use crate::app::{App, Instance};

/// Which of our health pages a probe asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe<'a> {
    Live,
    Ready,
    Startup,
    Detail,
    Plugin(&'a str),
}

/// Where an API request came in.
pub(crate) enum Mount {
    Unified,
    Instance(Arc<Instance>),
}

/// What a path is for.
pub(crate) enum Route<'a> {
    Probe(Probe<'a>),
    /// The rest is the path below `/v1/`.
    Api(Mount, &'a str),
    Hello,
    Page,
}

/// Finds what a path is for. A trailing slash is answered like the path without it, never redirected.
pub(crate) fn find<'a>(app: &App, path: &'a str) -> Route<'a> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    match first {
        "v1" => Route::Api(Mount::Unified, rest),
        "health" => probe(rest).map_or(Route::Page, Route::Probe),
        "plugins" => plugin(rest).map_or(Route::Page, Route::Probe),
        "api" => match rest.strip_prefix("v1/") {
            Some(rest) => Route::Api(Mount::Unified, rest),
            None if rest == "hello" => Route::Hello,
            None => Route::Page,
        },
        name => match app.instance(name) {
            Some(_) if rest == "api/hello" => Route::Hello,
            Some(instance) => {
                Route::Api(Mount::Instance(Arc::clone(instance)), rest.strip_prefix("v1/").unwrap_or(rest))
            }
            None => Route::Page,
        },
    }
}

fn probe(rest: &str) -> Option<Probe<'_>> {
    match rest.strip_suffix('/').unwrap_or(rest) {
        "" => Some(Probe::Detail),
        "live" => Some(Probe::Live),
        "ready" => Some(Probe::Ready),
        "startup" => Some(Probe::Startup),
        _ => None,
    }
}

fn plugin(rest: &str) -> Option<Probe<'_>> {
    let name = rest.strip_suffix('/').unwrap_or(rest).strip_suffix("/health")?;
    (!name.is_empty() && !name.contains('/')).then_some(Probe::Plugin(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes() {
        let check = |rest: &str, expect| assert_eq!(probe(rest), expect, "{rest}");
        check("", Some(Probe::Detail));
        check("live", Some(Probe::Live));
        check("ready/", Some(Probe::Ready));
        check("startup", Some(Probe::Startup));
        check("nonsense", None);
        assert_eq!(plugin("claude/health"), Some(Probe::Plugin("claude")));
        assert_eq!(plugin("claude/health/"), Some(Probe::Plugin("claude")));
        assert_eq!(plugin("health"), None);
        assert_eq!(plugin("a/b/health"), None);
    }
}
