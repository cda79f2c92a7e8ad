//! `GET /api/config`: what is in force.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// The configuration in force.
#[derive(Serialize, ToSchema)]
pub(crate) struct Config {
    /// As `ccproxy config show` prints it: secrets are masked, and where each key comes from stands beside it.
    toml: String,
    /// The files that it was read from.
    files: Vec<String>,
}

pub(in crate::admin) async fn config(State(app): State<Arc<App>>) -> Json<Config> {
    let shown = &app.shown;
    Json(Config { toml: shown.toml.to_string(), files: shown.files.to_vec() })
}
