//! Our health over HTTP: the status codes, headers and methods that every kind of watcher understands.
//!
//! Answers are read from what is known already: no probe waits, does I/O or takes a lock held across an await.

use ccproxy_config::Details;
use ccproxy_health::{Answer, Status, View, report};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::respond;
use crate::routes::Probe;

const HEALTH_JSON: HeaderValue = HeaderValue::from_static("application/health+json");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache, no-store, must-revalidate");
const METHODS: &str = "GET, HEAD, OPTIONS";
const ENVOY_DEGRADED: HeaderName = HeaderName::from_static("x-envoy-degraded");

/// Answers a probe.
pub(crate) fn answer(app: &App, probe: Probe<'_>, request: &Request<Incoming>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return refuse(&Error::WrongMethod { method: request.method().to_string(), allow: METHODS }, request);
    }
    let view = view(app, request.headers());
    let exclude = exclude(request.uri().query().unwrap_or_default());
    let health = &app.health;
    let answer = match probe {
        Probe::Live => {
            tracing::debug!("liveness_probe_request");
            Some(report::live(health, view))
        }
        Probe::Ready => {
            tracing::debug!("readiness_probe_request");
            Some(report::ready(health, view, &exclude))
        }
        Probe::Startup => {
            tracing::debug!("startup_probe_request");
            Some(report::startup(health, view, &exclude))
        }
        Probe::Detail => {
            tracing::debug!("detailed_health_check_request");
            Some(report::detail(health, view, &exclude))
        }
        Probe::Plugin(name) => {
            tracing::debug!(name, "plugin_health_check_request");
            report::plugin(health, view, name, &exclude)
        }
    };
    match answer {
        Some(answer) => render(app, answer, request.method()),
        None => refuse(&Error::NoRoute { path: request.uri().path().to_owned() }, request),
    }
}

fn refuse(error: &Error, request: &Request<Incoming>) -> Response<Body> {
    let id = RequestId::of(request.headers());
    let mut response = respond::error(error, ccproxy_wire::Family::OpenAi, &id);
    id.mark(response.headers_mut());
    response
}

fn render(app: &App, answer: Answer, method: &Method) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = if answer.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HEALTH_JSON);
    headers.insert(CACHE_CONTROL, NO_CACHE);
    if let Some(seconds) = answer.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if app.health_view.envoy_degraded && answer.status == Status::Warn {
        headers.insert(ENVOY_DEGRADED, HeaderValue::from_static("1"));
    }
    if app.health_view.details != Details::Always {
        headers.insert(VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
    }
    if *method == Method::OPTIONS {
        headers.insert(ALLOW, HeaderValue::from_static(METHODS));
    }
    *response.body_mut() = Body::from(answer.body);
    response
}

/// What the asker may see: everything with a key, or on a loopback listener; otherwise what the operator chose.
fn view(app: &App, headers: &HeaderMap) -> View {
    let details = app.health_view.details;
    let shown_key = || app.keys.are_required() && app.keys.check(headers).is_ok();
    match details {
        Details::Auto | Details::Always => View::Full,
        _ if shown_key() => View::Full,
        Details::Authorized => View::Anonymous,
        Details::Status => View::StatusOnly,
    }
}

/// The values of `exclude`; any other parameter is ignored.
fn exclude(query: &str) -> Vec<&str> {
    query.split('&').filter_map(|pair| pair.strip_prefix("exclude=")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excluded_names() {
        let check = |query: &str, expect: &[&str]| assert_eq!(exclude(query), expect, "{query}");
        check("", &[]);
        check("verbose&exclude=a&x=y&exclude=b", &["a", "b"]);
        check("exclude", &[]);
    }
}
