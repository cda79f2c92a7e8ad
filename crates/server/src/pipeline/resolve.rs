//! Step 1: from the mount and the model to the instance, and the model to ask it for.

use std::sync::Arc;

use ccproxy_wire::{Operation, RequestHead};

use super::translate::serves;
use crate::app::{App, Instance, Passage, Target as Route, Traffic};
use crate::auth::Client;
use crate::error::Error;
use crate::routes::Mount;

/// Where a request goes.
pub(super) struct Target {
    pub(super) instance: Arc<Instance>,
    /// The provider's name for the model; empty where the request names none.
    pub(super) model: String,
    /// How the instance's breaker let it through, where it was asked.
    pub(super) passage: Option<Passage>,
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
        (Mount::Unified, Some(model)) => routed(app, model, operation),
        (Mount::Unified, None) => without_model(app, operation),
    }
}

/// The target that the unified `/v1` has for a model when all is well.
pub(super) fn unified(app: &App, model: &str) -> Result<Target, Error> {
    let (first, _) = targets(app, model)?;
    Ok(first.mapped(model))
}

/// The target that the unified `/v1` has for a model now: of those that speak the operation the first whose breaker
/// lets the exchange through. If none does, the first of them: an upstream that may fail is better than an answer that
/// is sure to. For the same reason no breaker is asked where there is one such target only.
fn routed(app: &App, model: &str, operation: Operation) -> Result<Target, Error> {
    let (first, others) = targets(app, model)?;
    let all = std::iter::once(first).chain(others);
    let mut able = all.filter(|target| serves(&*target.instance.provider, operation));
    // If none speaks it, the first says so.
    let first = able.next().unwrap_or(first);
    let mut others = able.peekable();
    if others.peek().is_none() {
        return Ok(first.mapped(model));
    }
    let passes = |target: &Route| {
        let passage = Traffic::admits(&target.instance.traffic)?;
        Some(Target { passage: Some(passage), ..target.mapped(model) })
    };
    Ok(std::iter::once(first).chain(others).find_map(passes).unwrap_or_else(|| first.mapped(model)))
}

/// The targets of the route for a model, in their order.
fn targets<'a>(app: &'a App, model: &str) -> Result<(&'a Route, &'a [Route]), Error> {
    let route = app.routes.iter().find(|route| route.model.matches(model));
    let targets = route.and_then(|route| route.targets.split_first());
    targets.ok_or_else(|| Error::UnknownModel { model: model.to_owned() })
}

impl Route {
    fn mapped(&self, model: &str) -> Target {
        mapped(&self.instance, self.model.as_deref().unwrap_or(model))
    }
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
    Target { instance: Arc::clone(instance), model: instance.map(model).to_owned(), passage: None }
}
