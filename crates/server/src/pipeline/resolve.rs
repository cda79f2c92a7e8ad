//! Step 1: from the mount and the model to the instance, and the model to ask it for.

use std::sync::Arc;

use ccproxy_wire::{Operation, RequestHead};

use super::plan::{Plan, Session};
use super::translate::serves;
use crate::admission::Place;
use crate::app::{App, Instance, Passage, Route, Target as Listed};
use crate::auth::Client;
use crate::error::Error;
use crate::routes::Mount;

/// Where a request goes.
pub(super) struct Target {
    pub(super) instance: Arc<Instance>,
    /// The provider's name for the model; empty where the request names none.
    pub(super) model: String,
    /// Its place at the instance, where these are limited and it has one.
    pub(super) place: Option<Place>,
    /// How the instance's breaker let it through, where it was asked.
    pub(super) passage: Option<Passage>,
}

/// What is to be found a target for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) mount: &'a Mount,
    pub(super) operation: Operation,
    pub(super) path: &'a str,
    pub(super) head: Option<&'a RequestHead<'a>>,
}

impl Wanted<'_> {
    /// The client's name for the model, if the client may use it.
    fn model(&self, client: Client<'_>) -> Result<Option<&str>, Error> {
        let model = self.head.map(|head| head.model.as_ref());
        let of_path = || self.path.strip_prefix("models/").filter(|_| self.operation == Operation::Model);
        let model = model.or_else(of_path);
        match model.filter(|model| !client.may_use(model)) {
            Some(model) => Err(Error::ModelNotAllowed { model: model.to_owned() }),
            None => Ok(model),
        }
    }
}

/// Finds where a request may go: to the mounted instance, or to the targets of the first route whose pattern matches,
/// those that speak the operation.
pub(super) fn plan(
    app: &App,
    wanted: Wanted<'_>,
    client: Client<'_>,
    session: Session<'_>,
) -> Result<Plan, Error> {
    let (model, operation) = (wanted.model(client)?, wanted.operation);
    let priced = |target: &Target| !pays(app, operation, client) || has_price(app, target);
    let plan = match (wanted.mount, model) {
        (Mount::Instance(instance), model) => {
            Plan::one(allowed(client, mapped(instance, model.unwrap_or_default()))?)
        }
        (Mount::Unified, None) => Plan::one(without_model(app, operation, client)?),
        (Mount::Unified, Some(model)) => {
            let route = route(app, model)?;
            let first = first(route, model, client)?;
            if route.targets.len() == 1 {
                Plan::one(first).by(&route.name)
            } else {
                let order = route.order(session.of(route.sticky).as_deref());
                let listed = order.into_iter().filter_map(|at| route.targets.get(at));
                let able = listed.filter(|target| {
                    client.may_ask(&target.instance.name) && serves(&*target.instance.provider, operation)
                });
                let able = able.map(|target| target.mapped(model)).filter(priced);
                // If none speaks it, the first says so.
                Plan::several(app, able.collect(), first)?.by(&route.name)
            }
        }
    };
    if priced(&plan.target) {
        return Ok(plan);
    }
    let Target { instance, model, .. } = plan.target;
    Err(Error::Unpriced { instance: instance.name.clone(), model })
}

/// Whether a request may go only where it is known what it costs.
fn pays(app: &App, operation: Operation, client: Client<'_>) -> bool {
    app.limits.refuses_unpriced && costs(operation) && client.limits().budgets().next().is_some()
}

/// Whether a request costs anything.
pub(super) fn costs(operation: Operation) -> bool {
    operation.has_body() && operation != Operation::CountTokens
}

fn has_price(app: &App, target: &Target) -> bool {
    let Target { instance, model, .. } = target;
    app.prices.of(&instance.name, instance.kind, model).is_some()
}

/// The target that the unified `/v1` has for a model when all is well.
pub(super) fn unified(app: &App, model: &str, client: Client<'_>) -> Result<Target, Error> {
    first(route(app, model)?, model, client)
}

/// The route for a model.
fn route<'a>(app: &'a App, model: &str) -> Result<&'a Route, Error> {
    let route = app.routes.iter().find(|route| route.model.matches(model));
    route.ok_or_else(|| unknown(model))
}

/// The first target that the client may ask.
fn first(route: &Route, model: &str, client: Client<'_>) -> Result<Target, Error> {
    let target = route.targets.iter().find(|target| client.may_ask(&target.instance.name));
    let target = target.or(route.targets.first()).ok_or_else(|| unknown(model))?;
    allowed(client, target.mapped(model))
}

fn allowed(client: Client<'_>, target: Target) -> Result<Target, Error> {
    if client.may_ask(&target.instance.name) {
        Ok(target)
    } else {
        Err(Error::ProviderNotAllowed { instance: target.instance.name.clone() })
    }
}

fn unknown(model: &str) -> Error {
    Error::UnknownModel { model: model.to_owned() }
}

impl Listed {
    fn mapped(&self, model: &str) -> Target {
        mapped(&self.instance, self.model.as_deref().unwrap_or(model))
    }
}

/// A stored response names no model: it is asked for at the first instance that can have it.
fn without_model(app: &App, operation: Operation, client: Client<'_>) -> Result<Target, Error> {
    let mut instances = app.routes.iter().flat_map(|route| &route.targets).map(|target| &target.instance);
    let able =
        |instance: &&Arc<Instance>| client.may_ask(&instance.name) && instance.provider.supports(operation);
    let instance = instances.find(able);
    let missing = || Error::Unsupported {
        instance: "no instance behind the unified /v1".to_owned(),
        operation: operation.name(),
        speaks: "other dialects".to_owned(),
    };
    instance.map(|instance| mapped(instance, "")).ok_or_else(missing)
}

fn mapped(instance: &Arc<Instance>, model: &str) -> Target {
    Target {
        instance: Arc::clone(instance),
        model: instance.map(model).to_owned(),
        place: None,
        passage: None,
    }
}
