//! Everything that can keep a request from its answer.

use std::time::Duration;

use ccproxy_config::Moment;
use ccproxy_plugin_api::{CallError, Fault};
use ccproxy_wire::RequestError;
use http::StatusCode;

use crate::limits::{Limit, ceil};

/// The word for an error that a provider reports in an answer of HTTP 200.
pub(crate) const ERROR_INSIDE: &str = "error_inside";

/// The word for a provider's status, and whose doing it is; none for those of success.
pub(crate) fn of_status(status: StatusCode) -> Option<(&'static str, Fault)> {
    Some(match status.as_u16() {
        0..400 => return None,
        401..=403 => ("refused", Fault::Us),
        404 => ("not_found", Fault::Client),
        408 | 504 => ("timeout", Fault::Upstream),
        413 => ("request_too_large", Fault::Client),
        429 => ("rate_limited", Fault::Upstream),
        400..500 => ("invalid_request", Fault::Client),
        503 | 529 => ("overloaded_upstream", Fault::Upstream),
        _ => ("upstream_error", Fault::Upstream),
    })
}

/// Why a request is answered by us and not by a provider. [`crate::respond`] alone turns it into status and body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Request(#[from] RequestError),
    #[error("the request body broke off")]
    BodyBroken,
    #[error("the request body stood still for {limit:?}; send it again")]
    BodyTimeout { limit: Duration },
    #[error("the request body is larger than {limit} bytes; send less, or have server.body_limit raised")]
    BodyTooLarge { limit: u64 },
    #[error("the request has more than {limit} headers; send fewer, or have server.max_headers raised")]
    TooManyHeaders { limit: usize },
    #[error("the request can be read in two ways: it has two hosts, or a transfer coding other than chunked")]
    Ambiguous,
    #[error("the request body is encoded ({encoding}); send it as it is, without content-encoding")]
    Encoded { encoding: String },
    #[error("no key was sent; send yours as \"Authorization: Bearer KEY\" or \"x-api-key: KEY\"")]
    NoKey,
    #[error(
        "a web page of another site may not use this proxy while nobody has to show a key; set [auth] to allow it"
    )]
    ForeignPage,
    #[error("the key is not known here; check it, or ask this proxy's operator for one")]
    WrongKey,
    #[error(
        "this is shown to whoever shows the management token or auth.token, as \"Authorization: Bearer TOKEN\"; without either, set management.token, or ask at the management port or socket"
    )]
    NoToken,
    #[error(
        "a client's key does not show this; show the management token or auth.token, or ask at the management port or socket"
    )]
    KeyNotEnough,
    #[error(
        "this proxy goes by no such name as {host:?}; use its IP address or localhost, or have the name added to server.allowed_hosts"
    )]
    Misdirected { host: String },
    #[error("this needs more rights: show the management token, or use the management socket")]
    NoRights,
    #[error("a web page of another site may not do this; a proxy between has to pass Host on as it comes")]
    ForeignOrder,
    #[error("the configuration was not reloaded, and what was in force is: {mistakes}")]
    NotReloaded { mistakes: String },
    #[error(
        "nothing is kept here: store.enabled is false, or nobody's home is known and store.url is not set; see [store] in the configuration"
    )]
    Unkept,
    #[error("the store cannot be asked for now: {reason}")]
    NoStore { reason: &'static str },
    #[error("as many follow the requests as may at a time; close another page, or try again later")]
    TooManyReaders,
    #[error("the store has too much to do at the moment; ask for less, or try again in a moment")]
    StoreBusy,
    #[error("the store could not be read; this proxy's log says why")]
    StoreFailed,
    #[error("the query is wrong: {mistakes}")]
    BadQuery { mistakes: String },
    #[error("there is no record of request {id:?}, or not any longer")]
    NoRecord { id: String },
    #[error("the key has been revoked; ask this proxy's operator for another")]
    KeyRevoked,
    #[error("the key expired at {end}; ask this proxy's operator for another")]
    KeyExpired { end: Moment },
    #[error("the key is not good for model {model:?}; ask this proxy's operator, or use another model")]
    ModelNotAllowed { model: String },
    #[error("the key is not good for {instance}; ask this proxy's operator, or use another provider")]
    ProviderNotAllowed { instance: String },
    #[error(
        "what {model:?} costs at {instance} is not known, and the key has a budget; use another model, or ask this proxy's operator to give it a price in [pricing]"
    )]
    Unpriced { instance: String, model: String },
    #[error(
        "the limit of {limit} for {who} is used up; try again in {} s, or ask this proxy's operator for more",
        ceil(*wait)
    )]
    Limited { limit: Limit, who: String, wait: Duration },
    #[error("this proxy serves as many requests as it may at a time; try again in a moment")]
    Overloaded,
    #[error("this proxy has as many connections as it may have; try again in a moment, on a new connection")]
    NoRoom,
    #[error("there is no {path}; see /docs for what there is")]
    NoRoute { path: String },
    #[error("{method} is not allowed here; use {allow}")]
    WrongMethod { method: String, allow: &'static str },
    #[error(
        "no route for model {model:?}; GET /v1/models lists the models, [[routes]] in the configuration decides"
    )]
    UnknownModel { model: String },
    #[error("{instance} does not serve {operation}; it speaks {speaks}")]
    Unsupported { instance: String, operation: &'static str, speaks: String },
    #[error("{0}")]
    Translation(#[from] ccproxy_translate::Error),
    #[error(
        "the provider behind this model has nothing like these fields: {fields}; leave them out, or have translation.strict turned off"
    )]
    Dropped { fields: String },
    #[error(
        "GET responses asks for a WebSocket ({reason}); upgrade to one by RFC 6455, or send the request by POST"
    )]
    NoWebSocket { reason: String },
    #[error(
        "previous response {id:?} is not known here, or not any longer; send the whole conversation without previous_response_id"
    )]
    NoPrevious { id: String },
    #[error(
        "response {id:?} is not known here, or not any longer: it was not to be stored, is too old, or was deleted"
    )]
    NoResponse { id: String },
    #[error("this connection has been open for {limit:?}, which is all it may be; open another")]
    SocketAge { limit: Duration },
    #[error("every provider for this model has asked for a pause; try again in {} s", wait.as_secs_f64().ceil())]
    CoolingDown { wait: Duration },
    #[error("{0}")]
    Call(#[from] CallError),
    #[error("this proxy is shutting down; try again, on a new connection")]
    Draining,
    #[error("a defect in this proxy kept it from answering; its log has the details")]
    Internal,
}

impl Error {
    /// A word for it, in records, metrics and traces.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Request(_) => "invalid_request",
            Self::BodyBroken => "body_broken",
            Self::BodyTimeout { .. } => "body_timeout",
            Self::BodyTooLarge { .. } | Self::TooManyHeaders { .. } => "request_too_large",
            Self::Ambiguous => "ambiguous_request",
            Self::Encoded { .. } => "unsupported_encoding",
            Self::NoKey | Self::NoToken | Self::WrongKey | Self::KeyRevoked | Self::KeyExpired { .. } => {
                "invalid_key"
            }
            Self::ForeignPage | Self::ForeignOrder => "foreign_page",
            Self::Misdirected { .. } => "misdirected",
            Self::NoRights | Self::KeyNotEnough => "no_rights",
            Self::NotReloaded { .. } => "not_reloaded",
            Self::ModelNotAllowed { .. } => "model_not_allowed",
            Self::ProviderNotAllowed { .. } => "provider_not_allowed",
            Self::Unpriced { .. } => "unpriced",
            Self::Limited { .. } => "limited",
            Self::Overloaded | Self::NoRoom => "overloaded",
            Self::NoRoute { .. } => "no_route",
            Self::WrongMethod { .. } => "wrong_method",
            Self::UnknownModel { .. } => "unknown_model",
            Self::Unsupported { .. } => "unsupported",
            Self::Translation(error) if self.fault() == Fault::Upstream => match error {
                ccproxy_translate::Error::Failed(_) => ERROR_INSIDE,
                _ => "not_understood",
            },
            Self::Translation(_) | Self::Dropped { .. } => "not_translatable",
            Self::NoWebSocket { .. } => "no_websocket",
            Self::NoPrevious { .. } | Self::NoResponse { .. } => "no_stored_response",
            Self::SocketAge { .. } => "socket_age",
            Self::Unkept | Self::NoStore { .. } | Self::StoreBusy | Self::StoreFailed => "store",
            Self::TooManyReaders => "too_many_readers",
            Self::BadQuery { .. } => "bad_query",
            Self::NoRecord { .. } => "no_record",
            Self::CoolingDown { .. } => "cooling_down",
            Self::Call(error) => error.kind().word(),
            Self::Draining => "draining",
            Self::Internal => "internal",
        }
    }

    /// Who has to act.
    pub(crate) fn fault(&self) -> Fault {
        match self {
            Self::Call(error) => error.kind().fault(),
            Self::CoolingDown { .. } => Fault::Upstream,
            Self::Translation(
                ccproxy_translate::Error::Answer { .. } | ccproxy_translate::Error::Failed(_),
            ) => Fault::Upstream,
            Self::Internal | Self::Draining | Self::Overloaded | Self::NoRoom => Fault::Us,
            Self::Unkept
            | Self::NoStore { .. }
            | Self::StoreBusy
            | Self::StoreFailed
            | Self::TooManyReaders => Fault::Us,
            _ => Fault::Client,
        }
    }
}
