//! An operator's orders.

use ccproxy_health::{Health, Phase};
use http::header::ORIGIN;
use http::{HeaderMap, Method, Response, StatusCode};

use super::reply::{JSON, ORDER, forbidden, reply, wrong_method};
use crate::Body;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Drain,
    Undrain,
}

/// Obeys whoever may give orders. An order already carried out is carried out.
pub(super) fn obey(
    health: &Health,
    order: Order,
    method: &Method,
    headers: &HeaderMap,
    may_command: impl FnOnce() -> bool,
) -> Response<Body> {
    if *method != Method::POST {
        return wrong_method(ORDER);
    }
    // A browser says where a page comes from; a page that drains is a forgery, whatever cookies or keys it has.
    if headers.contains_key(ORIGIN) {
        return forbidden(r#"{"error":"a web page may not do this; use a command line"}"#);
    }
    if !may_command() {
        return forbidden(
            r#"{"error":"this needs more rights: show the management token, or use the management socket"}"#,
        );
    }
    match order {
        Order::Drain => {
            if health.take_out() {
                tracing::info!("operator_drain");
            }
        }
        Order::Undrain => {
            if health.undrain() {
                tracing::info!("operator_undrain");
            } else if health.phase() >= Phase::Draining {
                return reply(StatusCode::CONFLICT, JSON, r#"{"error":"the service is shutting down"}"#);
            }
        }
    }
    reply(StatusCode::OK, JSON, phase(health.phase()))
}

/// `{"phase":"…"}`.
pub(super) fn phase(phase: Phase) -> String {
    format!(r#"{{"phase":"{}"}}"#, phase.as_str())
}
