//! The doors for those who watch and run the service: a thread of their own.

use std::convert::Infallible;
use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ccproxy_config::Management;
use ccproxy_health_server::{Body, Given, Handler, Listener, ListenerError, Listening, Pages};
use futures_util::StreamExt;
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::{BodyExt, BodyStream, StreamBody};
use tokio_util::sync::CancellationToken;

use super::sockets::{Heritage, Inherited, Role};
use crate::admin;
use crate::app::Current;
use crate::request_id::RequestId;

/// Starts the thread, if any door is asked for. Where another process still answers, it waits for `begin`.
pub(super) fn start(
    current: &Arc<Current>,
    settings: &Management,
    inherited: &mut Inherited,
    heritage: &mut Heritage,
    begin: &CancellationToken,
) -> Result<Option<Listening>, ListenerError> {
    let Management { port, socket, agent_port, .. } = settings;
    if port.is_none() && socket.is_none() && agent_port.is_none() {
        return Ok(None);
    }
    let app = current.app();
    let host = || {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "management.host is no IP address");
        settings.ip().ok_or(ListenerError::Bind(settings.host.clone(), error))
    };
    let address = |port: Option<u16>| port.map(|port| Ok(SocketAddr::new(host()?, port))).transpose();
    let (port, agent_port) = (address(*port)?, address(*agent_port)?);
    let mut tcp = |role, inherited, address: Option<SocketAddr>| {
        let take = |address| {
            let refused = |error| ListenerError::Bind(SocketAddr::to_string(&address), error);
            heritage.tcp(role, inherited, address).map_err(refused)
        };
        address.map(take).transpose()
    };
    let given = Given {
        tcp: tcp(Role::Management, inherited.management.take(), port)?,
        agent: tcp(Role::Agent, inherited.agent.take(), agent_port)?,
        unix: match socket {
            Some(path) => {
                let refused = |error| ListenerError::Bind(path.display().to_string(), error);
                Some(heritage.unix(Role::Socket, inherited.socket.take(), path).map_err(refused)?)
            }
            None => None,
        },
    };
    let listener = Listener {
        tcp: port.map(|address| (address, app.doors.management.clone())),
        unix: socket.clone().map(|path| (path, app.doors.socket.clone())),
        agent: agent_port.map(|address| (address, app.health.clone())),
        other: Some(pages(current)),
        given,
        begin: inherited.predecessor.is_some().then(|| begin.clone()),
    };
    listener.start().map(Some)
}

/// The pages about the plugins and the endpoints are here, too.
fn pages(current: &Arc<Current>) -> Handler {
    let current = Arc::clone(current);
    Arc::new(move |door: &Pages, request: Request<()>| {
        let (app, door) = (current.app(), door.clone());
        Box::pin(async move {
            let id = RequestId::of(request.headers());
            let (parts, body) =
                admin::page(&app, &door, admin::Entry::Management, request, &id).await.into_parts();
            if body.size_hint().exact().is_none() {
                // What breaks off in the middle ends there.
                let frames = BodyStream::new(body).take_while(|frame| ready(frame.is_ok()));
                let frames = frames.filter_map(|frame| ready(frame.ok().map(Ok::<_, Infallible>)));
                return Some(Response::from_parts(parts, Body::stream(StreamBody::new(frames))));
            }
            let whole = body.collect().await.ok()?.to_bytes();
            Some(Response::from_parts(parts, Body::from(whole)))
        })
    })
}
