//! Verdicts: what watchers ask for.

use ccproxy_health::text::{self, Endpoint, TextAnswer};
use ccproxy_health::{Answer, Cache, Health, Scope, Status, View, report};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::path::Kind;
use super::query::{Query, decode};
use super::reply::{HEALTH_JSON, TEXT, reply, unknown, unknown_check};
use crate::Body;

const ENVOY_DEGRADED: HeaderName = HeaderName::from_static("x-envoy-degraded");

/// What is asked, by whom.
pub(super) struct Asked<'r> {
    pub(super) view: View,
    pub(super) query: &'r str,
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
    /// Whether a degraded answer says so to Envoy.
    pub(super) envoy: bool,
}

/// A verdict, in whichever form.
enum Verdict {
    Json(Option<Answer>),
    Text(Option<TextAnswer>),
}

/// The answer of a page that is a verdict.
pub(super) fn answer(health: &Health, kind: Kind<'_>, asked: &Asked<'_>) -> Response<Body> {
    log(kind);
    match look(health, kind, asked) {
        Verdict::Json(Some(answer)) => json(answer, asked),
        Verdict::Text(Some(answer)) => plain(answer, asked),
        Verdict::Json(None) => unknown(),
        Verdict::Text(None) => unknown_check(),
    }
}

fn look(health: &Health, kind: Kind<'_>, asked: &Asked<'_>) -> Verdict {
    let query = Query::parse(asked.query);
    let exclude: Vec<&str> = query.exclude.iter().map(|name| &**name).collect();
    let (view, exclude) = (asked.view, &*exclude);
    Verdict::Json(match kind {
        Kind::Live => Some(report::live(health, view)),
        Kind::Ready | Kind::Server => Some(report::ready(health, view, exclude)),
        Kind::Startup => Some(report::startup(health, view, exclude)),
        Kind::Plugin(name) => report::plugin(health, view, &decode(name), exclude),
        Kind::Component(plugin, name) => {
            let scope = plugin.map_or(Scope::Core, |plugin| Scope::plugin(&*decode(plugin)));
            report::component(health, view, &scope, &decode(name))
        }
        Kind::Text(endpoint) => {
            let query = text::Query { verbose: query.verbose, exclude };
            return Verdict::Text(Some(text::answer(health, endpoint, query, view)));
        }
        Kind::TextOne(endpoint, name) => {
            return Verdict::Text(text::one(health, endpoint, &decode(name), view));
        }
        _ => Some(report::detail(health, view, exclude)),
    })
}

fn json(answer: Answer, asked: &Asked<'_>) -> Response<Body> {
    let fresh = freshness(&answer.cache);
    if let Some((age, Some(etag))) = &fresh
        && answer.ok
        && *asked.method != Method::OPTIONS
        && known(asked.headers, etag)
    {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        mark(response.headers_mut(), answer.status, None, asked);
        response.headers_mut().insert(CACHE_CONTROL, age.clone());
        response.headers_mut().insert(ETAG, etag.clone());
        return response;
    }
    let mut response = reply(status(answer.ok), HEALTH_JSON, answer.body);
    let headers = response.headers_mut();
    mark(headers, answer.status, answer.retry_after, asked);
    if let Some((age, etag)) = fresh {
        headers.insert(CACHE_CONTROL, age);
        etag.map(|etag| headers.insert(ETAG, etag));
    }
    response
}

fn plain(answer: TextAnswer, asked: &Asked<'_>) -> Response<Body> {
    let mut response = reply(status(answer.ok), TEXT, answer.body);
    let headers = response.headers_mut();
    mark(headers, answer.status, answer.retry_after, asked);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Consumers understand no other.
fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// The headers that every verdict has.
fn mark(headers: &mut HeaderMap, status: Status, retry_after: Option<u32>, asked: &Asked<'_>) {
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if asked.envoy && status == Status::Warn {
        headers.insert(ENVOY_DEGRADED, HeaderValue::from_static("1"));
    }
}

/// `Cache-Control` and `ETag` of an answer that may be kept.
fn freshness(cache: &Cache) -> Option<(HeaderValue, Option<HeaderValue>)> {
    let Cache::MaxAge { seconds, etag } = cache else { return None };
    let age = HeaderValue::try_from(format!("private, max-age={seconds}")).ok()?;
    Some((age, etag.as_ref().and_then(|etag| HeaderValue::from_str(etag).ok())))
}

/// Whether the asker has what this tag names. Weak and strong tags compare alike here.
fn known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(ours) = etag.to_str().map(opaque) else { return false };
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.trim() == "*" || value.split(',').any(|tag| opaque(tag) == ours))
}

fn log(kind: Kind<'_>) {
    match kind {
        Kind::Live | Kind::Text(Endpoint::Live) => tracing::debug!("liveness_probe_request"),
        Kind::Ready | Kind::Server | Kind::Text(Endpoint::Ready) => {
            tracing::debug!("readiness_probe_request")
        }
        Kind::Startup | Kind::Text(Endpoint::Startup) => tracing::debug!("startup_probe_request"),
        Kind::Plugin(name) => tracing::debug!(name, "plugin_health_check_request"),
        Kind::Component(_, name) | Kind::TextOne(_, name) => {
            tracing::debug!(name, "component_health_check_request");
        }
        _ => tracing::debug!("detailed_health_check_request"),
    }
}
