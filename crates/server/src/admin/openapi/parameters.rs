//! The parameters of what is asked of the store.
#![allow(dead_code, reason = "carries the description; `admin::api::query` reads them")]

use utoipa::IntoParams;

/// Of which time. RFC 3339, a date, or a span back from now: `15m`, `24h`, `7d`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Time {
    /// From when on.
    since: Option<String>,
    /// Up to when.
    until: Option<String>,
}

/// Which exchanges. Several values of a parameter are alternatives; several parameters hold together.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// The model that the client asked for.
    model: Option<Vec<String>>,
    /// The model that the provider was asked for.
    served_model: Option<Vec<String>>,
    /// The provider instance.
    provider: Option<Vec<String>>,
    /// The name of the client's key.
    key: Option<Vec<String>>,
    /// A path below `/v1/`.
    operation: Option<Vec<String>>,
    /// The client's dialect.
    dialect: Option<Vec<String>>,
    /// The route's pattern.
    route: Option<Vec<String>>,
    /// `done`, `failed` or `client_gone`.
    ending: Option<Vec<String>>,
    /// `client`, `us` or `upstream`.
    fault: Option<Vec<String>>,
    /// The error's word.
    error: Option<Vec<String>>,
    /// The status that the client got.
    status: Option<Vec<u16>>,
    /// The client's session.
    session: Option<Vec<String>>,
    /// That took at least as long.
    min_duration_ms: Option<f64>,
}

/// How usage is told.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Usage {
    /// The steps of time, in UTC: `none`, `minute` (of the last 48 hours), `hour`, `day`, `week` or `month`; 2,000 at most.
    bucket: Option<String>,
    /// What rows are made by, with commas between: `model`, `served_model`, `provider`, `key`, `operation`, `dialect`, `route`,
    /// `ending`, `fault`, `error`, `status`.
    group: Option<String>,
    /// `json` or `csv`.
    format: Option<String>,
}

/// Which page of the records.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// How many at most: 1 to 1,000, and 100 unless it is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// How many changes of health.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Most {
    /// How many at most: 1 to 1,000, and 256 unless it is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}
