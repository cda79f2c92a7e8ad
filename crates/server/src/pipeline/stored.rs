//! `previous_response_id`, `store` and `responses/{id}` where the provider keeps no responses.

use std::borrow::Cow;

use bytes::Bytes;
use ccproxy_wire::responses::turn::{Items, Turn};
use ccproxy_wire::{Operation, RequestError};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use serde::Serialize;

use super::adapt::Asked;
use super::plan::Session;
use super::resolve::{self, Target, Wanted};
use super::translate::{Translation, dialect_for};
use crate::app::App;
use crate::auth::Client;
use crate::body::Body;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::routes::Mount;
use crate::stored::Keep;

/// A request for a response, with nothing left in it that its provider would have to remember.
pub(super) struct Resolved<'a> {
    pub(super) body: Cow<'a, Bytes>,
    keep: Option<Keep>,
    /// The response that it goes on from.
    previous: Option<String>,
}

impl Resolved<'_> {
    /// Has the answer say what is done with it, and that done.
    pub(super) fn tell(self, translation: &mut Translation) {
        let id = self.keep.is_some().then(|| RequestId::of(&HeaderMap::new()).as_str().to_owned());
        translation.exchange.keeps(id, self.previous.as_deref());
        translation.keep = self.keep.map(Box::new);
    }
}

/// Puts what was said before in the place of the earlier response's name; `None` for a provider that takes the request
/// as it is, or not at all.
pub(super) fn resolve<'a>(
    app: &App,
    target: &Target,
    asked: Asked<'a>,
) -> Result<Option<Resolved<'a>>, Error> {
    let Asked { client, body, previous, .. } = asked;
    let (provider, operation) = (&*target.instance.provider, Operation::Responses);
    if provider.supports(operation) || dialect_for(provider, operation).is_none() {
        return Ok(None);
    }
    let turn = Turn::of(body)?;
    let earlier = turn.previous.as_deref();
    let known = |id| {
        let stored = app.responses.get(client.name(), id);
        stored.map(|stored| stored.items.clone()).ok_or_else(|| Error::NoPrevious { id: id.to_owned() })
    };
    let mut items = earlier.map_or(Ok(Items::new()), known)?;
    let keeps = turn.store.unwrap_or(true) && app.responses.have_room_for(body.len());
    if keeps || earlier.is_some() {
        items.extend(turn.input()?);
    }
    let body = if earlier.is_some() || (keeps && turn.store.is_some()) {
        Cow::Owned(turn.resolved(&items).into())
    } else {
        Cow::Borrowed(body)
    };
    if body.len() as u64 > app.limits.body {
        return Err(Error::BodyTooLarge { limit: app.limits.body });
    }
    let keeps = keeps && app.responses.have_room_for(body.len());
    let keep =
        keeps.then(|| Keep { responses: app.responses.clone(), client: client.name().to_owned(), items });
    Ok(Some(Resolved { body, keep, previous: earlier.or(previous).map(str::to_owned) }))
}

/// What was said up to a response that is kept for whoever asks.
pub(crate) fn earlier(app: &App, headers: &HeaderMap, id: &str) -> Result<Option<Items>, Error> {
    let client = app.keys.check(headers)?;
    Ok(app.responses.get(client.name(), id).map(|stored| stored.items.clone()))
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

/// Answers for a response that is kept here; `None` if a provider may have it.
pub(super) fn answer<B>(
    app: &App,
    mount: &Mount,
    path: &str,
    request: &Request<B>,
    client: Client<'_>,
) -> Result<Option<Response<Body>>, Error> {
    let id = path.trim_end_matches('/').strip_prefix("responses/").unwrap_or_default();
    let Some(stored) = app.responses.get(client.name(), id) else {
        let wanted = Wanted { mount, operation: Operation::Response, path, head: None };
        let session = Session { headers: request.headers(), body: &[] };
        let plan = resolve::plan(app, wanted, client, session);
        let theirs = plan.is_ok_and(|plan| plan.target.instance.provider.supports(Operation::Response));
        let nobodys = app.responses.keep() && !theirs;
        return if nobodys { Err(Error::NoResponse { id: id.to_owned() }) } else { Ok(None) };
    };
    let body = if request.method() == Method::DELETE {
        app.responses.remove(client.name(), id);
        let deleted = Deleted { id, object: "response.deleted", deleted: true };
        serde_json::to_vec(&deleted).map_err(|_| Error::Internal)?.into()
    } else if request.uri().query().is_some_and(|query| query.split('&').any(|field| field == "stream=true"))
    {
        let expected = "left out: a response that is kept by this proxy is answered whole";
        return Err(RequestError::WrongType { field: "stream", expected }.into());
    } else {
        stored.answer.clone()
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Some(response))
}
