//! `GET /plugins`: the provider instances and how they are.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ccproxy_health::{Status, View, report};
use ccproxy_health_server::Pages;
use ccproxy_wire::{Dialect, Family};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, Instance};
use crate::request_id::RequestId;
use crate::respond;

/// All provider instances.
#[derive(Serialize, ToSchema)]
pub(crate) struct Plugins {
    plugins: Vec<Plugin>,
    total: usize,
}

/// A provider instance.
#[derive(Serialize, ToSchema)]
struct Plugin {
    /// The instance's name, under which it is mounted.
    name: String,
    /// What the plugin is for.
    r#type: &'static str,
    /// `active`, `degraded` or `failed`, by the instance's health.
    status: &'static str,
    /// The plugin's version.
    version: &'static str,
    /// The kind of provider.
    kind: &'static str,
    /// The dialects that it speaks natively.
    dialects: Vec<&'static str>,
    /// Where its health is.
    health: String,
}

/// The provider instances, for whoever sees the health in detail.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(door): Extension<Pages>,
    headers: HeaderMap,
) -> Response {
    let mut response = match super::allow(&app, &door, &headers) {
        Ok(()) => {
            let plugins = app.instances.values().map(|instance| describe(&app, instance));
            let plugins: Vec<Plugin> = plugins.collect();
            let total = plugins.len();
            Json(Plugins { plugins, total }).into_response()
        }
        Err(error) => respond::error(&error, Family::of_headers(&headers), &id).map(axum::body::Body::new),
    };
    door.vary(response.headers_mut());
    response
}

fn describe(app: &App, instance: &Instance) -> Plugin {
    let health = report::plugin(&app.health, View::StatusOnly, &instance.name, &[]);
    Plugin {
        name: instance.name.clone(),
        r#type: "provider",
        status: match health.map(|answer| answer.status) {
            Some(Status::Pass) | None => "active",
            Some(Status::Warn) => "degraded",
            Some(Status::Fail) => "failed",
        },
        version: instance.version,
        kind: instance.kind,
        dialects: instance.provider.dialects().iter().copied().map(Dialect::name).collect(),
        health: format!("/plugins/{}/health", instance.name),
    }
}
