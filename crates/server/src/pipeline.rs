//! From a request of the API to its answer: resolve, adapt, call, relay.
//!
//! Each step is a file. An [`Exchange`] goes with the request from its first step to the last byte of the answer, and
//! is told the end exactly once.

mod account;
mod adapt;
mod call;
mod count;
mod intake;
mod models;
pub(crate) mod relay;
mod resolve;
mod translate;

use std::sync::Arc;

use ccproxy_plugin_api::Answer;
use ccproxy_wire::Operation;
use ccproxy_wire::operation::Match;
use http::{Method, Request, Response};
use hyper::body::Incoming;

use crate::app::App;
use crate::body::Body;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::respond;
use crate::routes::Mount;
use account::Exchange;
use adapt::{Answered, Asked};

/// Takes in the body of a request that is answered without it.
pub(crate) async fn discard(request: Request<Incoming>) {
    intake::discard(request).await;
}

/// Answers a request below `/v1/`.
pub(crate) async fn run(
    app: &Arc<App>,
    mount: Mount,
    path: &str,
    request: Request<Incoming>,
    id: &RequestId,
) -> Response<Body> {
    let operation = match Operation::find(request.method(), path) {
        Match::Found(operation) => operation,
        other => {
            let response = unmatched(other, path, &request, id);
            discard(request).await;
            return response;
        }
    };
    let family = operation.family(request.headers());
    let mut exchange = Exchange::begin(app, operation, id);
    let relayed = match steps(app, mount, operation, path, request, &mut exchange).await {
        Ok(Outcome::Ours(response)) => {
            exchange.done();
            return response;
        }
        Ok(Outcome::Provider { answer, method, answered }) => {
            relay::relay(answer, &method, answered, exchange)
                .await
                .map_err(|(error, exchange)| (error.into(), exchange))
        }
        Err(error) => Err((error, Box::new(exchange))),
    };
    relayed.unwrap_or_else(|(error, mut exchange)| {
        exchange.failed(&error);
        respond::error(&error, family, id)
    })
}

/// What the steps before the relay come to.
enum Outcome {
    /// An answer of our own, whole.
    Ours(Response<Body>),
    /// A provider's answer, and what the relay has to know of the request.
    Provider { answer: Answer, method: Method, answered: Answered },
}

async fn steps(
    app: &Arc<App>,
    mount: Mount,
    operation: Operation,
    path: &str,
    request: Request<Incoming>,
    exchange: &mut Exchange,
) -> Result<Outcome, Error> {
    let client = match app.keys.check(request.headers()) {
        Ok(client) => client,
        Err(error) => {
            discard(request).await;
            return Err(error);
        }
    };
    exchange.client(client.name());
    if matches!(operation, Operation::ResponsesSocket) {
        return Err(Error::NoWebSocket);
    }
    if let (Mount::Unified, Operation::Models) = (&mount, operation) {
        return Ok(Outcome::Ours(models::unified(app, client, request.headers()).await));
    }
    let family = operation.family(request.headers());
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let body = intake::read(body, &parts.headers, operation, &app.limits).await?;
    let head = intake::head(operation, &body)?;
    let mut target = resolve::target(app, &mount, operation, path, head.as_ref(), client)?;
    exchange.target(&mut target, head.as_ref());
    if translate::counts(&*target.instance.provider, operation) {
        return count::tokens(body).await.map(Outcome::Ours);
    }
    let asked = Asked { operation, path, parts, body: &body, head, id: exchange.id() };
    let (call, answered) = adapt::call(asked, &target, app.limits.strict_translation)?;
    let answer = call::call(&target.instance, call).await?;
    exchange.answered(answer.status());
    let name = match &answered {
        Answered::Renamed(name) => Some(name.as_str()),
        _ => None,
    };
    let answer = models::in_shape(operation, family, name, answer).await;
    let answer = answer.inspect_err(|error| exchange.blame(error))?;
    Ok(Outcome::Provider { answer, method, answered })
}

fn unmatched(found: Match, path: &str, request: &Request<Incoming>, id: &RequestId) -> Response<Body> {
    let family = ccproxy_wire::Family::of_headers(request.headers());
    let error = match found {
        Match::WrongMethod(allow) => Error::WrongMethod { method: request.method().to_string(), allow },
        _ => Error::NoRoute { path: request.uri().path().to_owned() },
    };
    // Anthropic's clients show themselves by the path, too.
    let family = if path.starts_with("messages") { ccproxy_wire::Family::Anthropic } else { family };
    let mut response = respond::error(&error, family, id);
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}
