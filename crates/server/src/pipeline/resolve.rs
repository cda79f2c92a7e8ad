//! Step 1: from the mount and the model to the instance, and the model to ask it for.

use std::sync::Arc;

use ccproxy_wire::{Operation, RequestHead};

use crate::app::{App, Instance};
use crate::auth::Client;
use crate::error::Error;
use crate::routes::Mount;

/// Where a request goes.
pub(super) struct Target {
    pub(super) instance: Arc<Instance>,
    /// The provider's name for the model; empty where the request names none.
    pub(super) model: String,
}

/// Finds where a request goes: the mounted instance, or the first route whose pattern matches.
pub(super) fn target(
    app: &App,
    mount: &Mount,
    operation: Operation,
    path: &str,
    head: Option<&RequestHead<'_>>,
    client: Client<'_>,
) -> Result<Target, Error> {
    let model = head.map(|head| head.model.as_ref());
    let model = model.or_else(|| path.strip_prefix("models/").filter(|_| operation == Operation::Model));
    if let Some(model) = model.filter(|model| !client.may_use(model)) {
        return Err(Error::ModelNotAllowed { model: model.to_owned() });
    }
    match (mount, model) {
        (Mount::Instance(instance), model) => Ok(mapped(instance, model.unwrap_or_default())),
        (Mount::Unified, Some(model)) => unified(app, model),
        (Mount::Unified, None) => without_model(app, operation),
    }
}

/// The target of the unified `/v1` for a model.
pub(super) fn unified(app: &App, model: &str) -> Result<Target, Error> {
    let route = app.routes.iter().find(|route| route.model.matches(model));
    let target = route.and_then(|route| route.targets.first());
    let target = target.ok_or_else(|| Error::UnknownModel { model: model.to_owned() })?;
    Ok(mapped(&target.instance, target.model.as_deref().unwrap_or(model)))
}

/// A stored response names no model: it is asked for at the first instance that can have it.
fn without_model(app: &App, operation: Operation) -> Result<Target, Error> {
    let mut instances = app.routes.iter().flat_map(|route| &route.targets).map(|target| &target.instance);
    let instance = instances.find(|instance| instance.provider.supports(operation));
    let missing = || Error::Unsupported {
        instance: "no instance behind the unified /v1".to_owned(),
        operation: operation.name(),
        speaks: "other dialects".to_owned(),
    };
    instance.map(|instance| mapped(instance, "")).ok_or_else(missing)
}

fn mapped(instance: &Arc<Instance>, model: &str) -> Target {
    Target { instance: Arc::clone(instance), model: instance.map(model).to_owned() }
}
