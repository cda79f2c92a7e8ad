//! An operator's orders.

use ccproxy_health::Phase;
use http::{Method, Request, Response, StatusCode};

use super::Pages;
use super::reply::{JSON, ORDER, forbidden, misdirected, reply, wrong_method};
use crate::{Body, site};

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Drain,
    Undrain,
}

/// Obeys whoever may give orders. An order already carried out is carried out.
pub(super) fn obey<B>(pages: &Pages, order: Order, request: &Request<B>) -> Response<Body> {
    let (method, health) = (request.method(), pages.health());
    // A page whose name has come to mean this machine would be the server's own, for its browser.
    if pages.misdirected(request).is_some() {
        return misdirected();
    }
    if *method != Method::POST {
        return wrong_method(ORDER);
    }
    // A browser says where a page comes from; another site's that drains is a forgery, whatever cookies or keys it has.
    if site::is_foreign_page(request) {
        return forbidden(
            r#"{"error":"a web page of another site may not do this; a proxy between has to pass Host on as it comes"}"#,
        );
    }
    if !pages.may_command(request.headers()) {
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
