//! From a request of the API to its answer: resolve, adapt, call, relay.
//!
//! Each step is a file. An [`Exchange`] goes with the request from its first step to the last byte of the answer, and
//! is told the end exactly once.

mod account;
mod adapt;
mod attempts;
mod call;
mod count;
mod intake;
mod models;
mod opening;
mod plan;
mod presence;
pub(crate) mod relay;
mod resolve;
mod stored;
mod translate;

use std::sync::Arc;

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, Messages};
use ccproxy_wire::operation::Match;
use ccproxy_wire::{Family, Operation};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use hyper::body::Incoming;

use crate::app::App;
use crate::auth::Client;
use crate::body::Body;
use crate::error::Error;
use crate::limits::Refusal;
use crate::request_id::RequestId;
use crate::routes::Mount;
use crate::{respond, socket};
use account::Exchange;
use adapt::{Answered, Asked};
use plan::Session;
use resolve::Wanted;
pub(crate) use stored::earlier;

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
    let exchange = Exchange::begin(app, operation, id, request.headers());
    let Some(presence) = exchange.presence() else {
        return serve(app, mount, path, request, exchange).await;
    };
    let (family, path, here) = (operation.family(request.headers()), path.to_owned(), Arc::clone(app));
    let work = async move { serve(&here, mount, &path, request, exchange).await };
    let answer = presence::outlive(app, presence, work).await;
    answer.unwrap_or_else(|| respond::error(&Error::Internal, family, id))
}

/// Answers a request whose operation is known.
async fn serve(
    app: &Arc<App>,
    mount: Mount,
    path: &str,
    request: Request<Incoming>,
    mut exchange: Exchange,
) -> Response<Body> {
    let (operation, id) = (exchange.operation(), exchange.id().clone());
    let family = operation.family(request.headers());
    let outcome = steps(app, mount, operation, path, request, &mut exchange).await;
    finish(outcome, exchange, family, &id).await
}

/// Answers a request for a response that came in a frame of a WebSocket, and may go on from an earlier one.
pub(crate) async fn turn(
    app: &Arc<App>,
    mount: &Mount,
    parts: Parts,
    (body, previous): (Bytes, Option<String>),
    id: &RequestId,
) -> Response<Body> {
    let operation = Operation::Responses;
    let mut exchange = Exchange::begin(app, operation, id, &parts.headers);
    let outcome = match app.keys.check(&parts.headers) {
        Ok(client) => {
            let taken = Taken { operation, path: operation.name(), parts, body, previous };
            ask(app, mount, taken, client, &mut exchange).await
        }
        Err(error) => Err(error),
    };
    finish(outcome, exchange, Family::OpenAi, id).await
}

/// Whether who asks for a response may, and whether whoever would answer keeps responses itself.
pub(crate) fn keeps_responses(
    app: &App,
    mount: &Mount,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<bool, Error> {
    let client = app.keys.check(headers)?;
    let operation = Operation::Responses;
    let head = intake::head(operation, body)?;
    let wanted = Wanted { mount, operation, path: operation.name(), head: head.as_ref() };
    let plan = resolve::plan(app, wanted, client, Session { headers, body })?;
    Ok(plan.target.instance.provider.supports(operation))
}

async fn finish(
    outcome: Result<Outcome, Error>,
    mut exchange: Exchange,
    family: Family,
    id: &RequestId,
) -> Response<Body> {
    let marks = exchange.marks();
    let (account, messages, key) = (exchange.account(), exchange.messages(), exchange.key_name());
    let told = |mut response: Response<Body>| {
        if let Some(key) = key {
            response.extensions_mut().insert(key);
        }
        told(response, messages.as_deref(), id)
    };
    let refusal = match &outcome {
        Err(Error::Limited { limit, wait, .. }) => Some(Refusal { limit: *limit, wait: *wait }),
        _ => None,
    };
    let relayed = match outcome {
        Ok(Outcome::Ours(response)) => {
            exchange.answers(&response);
            exchange.done();
            return told(response);
        }
        Ok(Outcome::Provider { answer, method, answered }) => {
            relay::relay(answer, &method, answered, exchange)
                .await
                .map_err(|(error, exchange)| (error.into(), exchange))
        }
        Err(error) => Err((error, Box::new(exchange))),
    };
    let mut response = relayed.unwrap_or_else(|(error, mut exchange)| {
        let response = respond::error(&error, family, id);
        exchange.answers(&response);
        exchange.failed(&error);
        response
    });
    response.headers_mut().extend(marks);
    if let Some(account) = account {
        account.tell(family, refusal, response.headers_mut());
    }
    told(response)
}

/// Tells whoever follows what the client gets.
fn told(mut response: Response<Body>, messages: Option<&dyn Messages>, id: &RequestId) -> Response<Body> {
    if let Some(messages) = messages {
        id.mark(response.headers_mut());
        messages.response(response.status(), response.headers());
    }
    response
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
    if operation == Operation::ResponsesSocket {
        return socket::open(app, mount, request).await.map(Outcome::Ours);
    }
    if let (Mount::Unified, Operation::Models) = (&mount, operation) {
        exchange.client(client);
        exchange.enter(client, false, app.admission.until()).await?;
        return Ok(Outcome::Ours(models::unified(app, client, request.headers()).await));
    }
    if operation == Operation::Response
        && let Some(answer) = stored::answer(app, &mount, path, &request, client).transpose()
    {
        exchange.client(client);
        discard(request).await;
        return answer.map(Outcome::Ours);
    }
    let (parts, body) = request.into_parts();
    let body = intake::read(body, &parts.headers, operation, &app.limits).await?;
    let taken = Taken { operation, path, parts, body, previous: None };
    ask(app, &mount, taken, client, exchange).await
}

/// A request that has been taken in whole.
struct Taken<'a> {
    operation: Operation,
    path: &'a str,
    parts: Parts,
    body: Bytes,
    /// The response whose conversation is in the body already.
    previous: Option<String>,
}

/// Finds out whom to ask, and asks.
async fn ask(
    app: &App,
    mount: &Mount,
    taken: Taken<'_>,
    client: Client<'_>,
    exchange: &mut Exchange,
) -> Result<Outcome, Error> {
    exchange.client(client);
    let Taken { operation, path, parts, body, previous } = taken;
    let family = operation.family(&parts.headers);
    let method = parts.method.clone();
    let head = intake::head(operation, &body);
    // Also what is refused was asked.
    exchange.taken(&parts, &body, head.as_ref().ok().and_then(Option::as_ref));
    let head = head?;
    let wanted = Wanted { mount, operation, path, head: head.as_ref() };
    let session = Session { headers: &parts.headers, body: &body };
    // Before a way is chosen: while the request waits, the better way may become another.
    let until = app.admission.until();
    exchange.enter(client, head.as_ref().is_some_and(|head| head.stream), until).await?;
    let mut plan = resolve::plan(app, wanted, client, session)?;
    if translate::counts(&*plan.target.instance.provider, operation) {
        exchange.target(&mut plan);
        return count::tokens(body).await.map(Outcome::Ours);
    }
    let id = exchange.id().clone();
    plan.enter(app, until).await?;
    let (parts, head, previous) = (&parts, head.as_ref(), previous.as_deref());
    let asked = Asked { operation, path, parts, body: &body, head, id: &id, client, previous };
    let (answer, answered) = attempts::ask(app, asked, &mut plan, exchange).await?;
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
    let family = Family::of_headers(request.headers());
    let error = match found {
        Match::WrongMethod(allow) => Error::WrongMethod { method: request.method().to_string(), allow },
        _ => Error::NoRoute { path: request.uri().path().to_owned() },
    };
    // Anthropic's clients show themselves by the path, too.
    let family = if path.starts_with("messages") { Family::Anthropic } else { family };
    let mut response = respond::error(&error, family, id);
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}
