//! Lists of models: of one instance in the client's shape, of all instances behind the unified `/v1`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, Call, CallError};
use ccproxy_wire::models::{Model, render_list};
use ccproxy_wire::{Family, Operation};
use futures_util::future::join_all;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use super::relay::collect;
use super::{call, resolve};
use crate::app::{App, Instance};
use crate::auth::Client;
use crate::body::Body;

/// A provider that takes longer is left out of the unified list. Claude Code waits three seconds.
const PATIENCE: Duration = Duration::from_millis(2500);
/// Names the instances whose models are missing from a list.
const INCOMPLETE: HeaderName = HeaderName::from_static("x-ccproxy-incomplete");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Gives a provider's list, or its one model, the shape that the client expects, and the one model the client's name.
/// What has both already stays as it is.
pub(super) async fn in_shape(
    operation: Operation,
    family: Family,
    restore: Option<&str>,
    answer: Answer,
) -> Result<Answer, CallError> {
    if !matches!(operation, Operation::Models | Operation::Model) || answer.status() != StatusCode::OK {
        return Ok(answer);
    }
    let (mut parts, body) = answer.into_parts();
    let body = collect(body).await?;
    let shaped = reshape(operation, family, restore, &body).unwrap_or(body);
    if !shaped.is_empty() {
        parts.headers.remove(CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, Full::new(shaped).map_err(|never| match never {}).boxed_unsync()))
}

fn reshape(operation: Operation, family: Family, restore: Option<&str>, body: &[u8]) -> Option<Bytes> {
    if shape_of(body) == Some(family) && restore.is_none() {
        return None;
    }
    if operation == Operation::Model {
        let model = Model::read(body)?;
        let model = restore.map(|name| model.clone().renamed(name)).unwrap_or(model);
        return Some(model.shape(family).to_string().into());
    }
    Some(render_list(&Model::read_list(body)?, family))
}

/// Only OpenAI's shapes have `object` at the root.
fn shape_of(body: &[u8]) -> Option<Family> {
    #[derive(serde::Deserialize)]
    struct Root<'a> {
        #[serde(borrow)]
        object: Option<&'a serde_json::value::RawValue>,
    }
    let root: Root<'_> = serde_json::from_slice(body).ok()?;
    Some(if root.object.is_some() { Family::OpenAi } else { Family::Anthropic })
}

/// The models of all instances that a route leads to, each under the name that leads there.
pub(super) async fn unified(app: &App, client: Client<'_>, headers: &HeaderMap) -> Response<Body> {
    let family = Family::of_headers(headers);
    let instances = routed(app, client);
    let lists = join_all(instances.iter().map(|instance| list(instance))).await;
    let mut models = Vec::new();
    let mut missing = Vec::new();
    for (instance, list) in instances.iter().zip(lists) {
        match list {
            Some(list) => {
                models.extend(list.into_iter().filter(|model| leads_to(app, client, model, instance)));
            }
            None => missing.push(instance.name.as_str()),
        }
    }
    let mut response = Response::new(Body::from(render_list(&models, family)));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Some(missing) = Some(missing.join(", ")).filter(|names| !names.is_empty()) {
        response.headers_mut().extend(HeaderValue::try_from(missing).ok().map(|names| (INCOMPLETE, names)));
    }
    response
}

fn leads_to(app: &App, client: Client<'_>, model: &Model, instance: &Arc<Instance>) -> bool {
    let target = resolve::unified(app, &model.id, client);
    client.may_use(&model.id) && target.is_ok_and(|target| Arc::ptr_eq(&target.instance, instance))
}

/// The instances that routes lead the client to, each once, in the routes' order.
fn routed(app: &App, client: Client<'_>) -> Vec<Arc<Instance>> {
    let mut instances: Vec<Arc<Instance>> = Vec::new();
    let allowed = app.routes.iter().filter_map(|route| {
        route.targets.iter().map(|target| &target.instance).find(|instance| client.may_ask(&instance.name))
    });
    for instance in allowed {
        if !instances.iter().any(|known| Arc::ptr_eq(known, instance)) {
            instances.push(Arc::clone(instance));
        }
    }
    instances
}

async fn list(instance: &Instance) -> Option<Vec<Model>> {
    let models = Call {
        operation: Operation::Models,
        method: Method::GET,
        target: "models?limit=1000".to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        model: String::new(),
        stream: false,
    };
    let fetch = async {
        let answer = call::call(instance, models).await.ok()?;
        let status = answer.status();
        match collect(answer.into_body()).await {
            Ok(body) => {
                call::came_whole(instance, status, None);
                Model::read_list(&body).filter(|_| status == StatusCode::OK)
            }
            Err(error) => {
                call::broke(instance, &error);
                None
            }
        }
    };
    tokio::time::timeout(PATIENCE, fetch).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let anthropic = br#"{"data":[{"id":"a","type":"model"}],"has_more":false}"#;
        let openai = br#"{"object":"list","data":[{"id":"a","object":"model"}]}"#;
        assert_eq!(reshape(Operation::Models, Family::Anthropic, None, anthropic), None);
        assert_eq!(reshape(Operation::Models, Family::OpenAi, None, openai), None);
        assert!(
            reshape(Operation::Models, Family::OpenAi, None, anthropic)
                .unwrap()
                .starts_with(br#"{"object":"list""#)
        );
        assert!(
            reshape(Operation::Models, Family::Anthropic, None, openai)
                .unwrap()
                .ends_with(br#""last_id":"a"}"#)
        );
        assert_eq!(reshape(Operation::Models, Family::OpenAi, None, b"<html>"), None);
    }
}
