//! Who may see which of the pages about ourselves.

use std::net::IpAddr;

use ccproxy_health_server::{Pages, site};
use http::header::VARY;
use http::{HeaderMap, HeaderValue, Method, Request};

use super::api;
use crate::app::App;
use crate::error::Error;

/// Which way somebody has come in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Entry {
    /// The port that serves clients, from this address.
    Main(Option<IpAddr>),
    /// A door of those who run the service.
    Management,
}

impl Entry {
    /// Says in the headers of an answer that it depends on who asks, where it does.
    pub(super) fn vary(self, app: &App, door: &Pages, headers: &mut HeaderMap) {
        if matches!(self, Self::Main(_)) && app.keys.are_required() {
            headers.insert(VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
        }
        door.vary(headers);
    }
}

/// Whether a request may have what it asks for.
pub(super) fn enter<B>(app: &App, door: &Pages, entry: Entry, request: &Request<B>) -> Result<(), Error> {
    let path = request.uri().path();
    if is_for_people(path)
        && let Some(host) = door.misdirected(request)
    {
        return Err(Error::Misdirected { host });
    }
    // That a page cannot be written to is no secret.
    if !api::has(path) || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    match entry {
        Entry::Main(peer) => records(app, door, peer, request),
        Entry::Management => allow(app, door, request.headers()),
    }
}

/// What a browser may be made to ask for under another name than ours. The pages of health answer probes, which call us as
/// they like, and clients' calls are not ours to look at.
fn is_for_people(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("api" | "dashboard" | "reload"))
}

/// Whether a request may see what is told to those who may see the health in detail.
pub(super) fn allow(app: &App, door: &Pages, headers: &HeaderMap) -> Result<(), Error> {
    if door.sees_details(headers) {
        return Ok(());
    }
    Err(app.keys.check(headers).err().unwrap_or(Error::NoKey))
}

/// Whether a client's port shows what happens. Other users of the machine reach it too, and a client's key is for that client's
/// calls, so it takes a token. Only where nobody has to show anything, being on this machine is enough.
fn records<B>(app: &App, door: &Pages, peer: Option<IpAddr>, request: &Request<B>) -> Result<(), Error> {
    let (keys, headers) = (&app.keys, request.headers());
    if keys.is_manager(headers) || keys.has_token(headers) {
        return Ok(());
    }
    if keys.are_required() {
        return Err(match keys.check(headers) {
            Err(Error::NoKey) => Error::NoToken,
            Err(error) => error,
            Ok(_) => Error::KeyNotEnough,
        });
    }
    let is_here = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    // The door knows its names only where it is on a loopback address.
    let is_called_right = || site::unknown_name(request, |name| app.goes_by(name)).is_none();
    if is_here && door.sees_details(headers) && is_called_right() { Ok(()) } else { Err(Error::NoToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_people() {
        let check = |path: &str, expect| assert_eq!(is_for_people(path), expect, "{path}");
        for path in ["/api/usage", "/api/", "/api", "//api/usage", "/dashboard", "/dashboard/x.js", "/reload"]
        {
            check(path, true);
        }
        for path in ["/", "/plugins", "/docs", "/openapi.json", "/apis", "/v1/models"] {
            check(path, false);
        }
    }
}
