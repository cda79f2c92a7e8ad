//! The parameters of what is asked of the store.
#![allow(dead_code, reason = "carries the description; `admin::api::query` reads them")]

use utoipa::{IntoParams, ToSchema};

/// Of which time. RFC 3339, a date, or a span back from now: `15m`, `24h`, `7d`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Time {
    /// From when on.
    #[param(inline)]
    since: Option<Moment>,
    /// Up to when.
    #[param(inline)]
    until: Option<Moment>,
}

/// A moment. Nothing is as if it was not there.
#[derive(ToSchema)]
#[schema(
    pattern = r"^(|0|[0-9]{1,4}[smhd]|2[0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]))?)$"
)]
pub(super) struct Moment(String);

/// How an exchange ended.
#[derive(ToSchema)]
#[schema(pattern = "^(|done|failed|client_gone)$")]
pub(super) struct Ending(String);

/// Who has to act on an error.
#[derive(ToSchema)]
#[schema(pattern = "^(|client|us|upstream)$")]
pub(super) struct Fault(String);

/// An HTTP status.
#[derive(ToSchema)]
#[schema(minimum = 0, maximum = 65535)]
pub(super) struct Status(u16);

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
    #[param(inline)]
    ending: Option<Vec<Ending>>,
    /// `client`, `us` or `upstream`.
    #[param(inline)]
    fault: Option<Vec<Fault>>,
    /// The error's word.
    error: Option<Vec<String>>,
    /// The status that the client got.
    #[param(inline)]
    status: Option<Vec<Status>>,
    /// The client's session.
    session: Option<Vec<String>>,
    /// That took at least as long.
    #[param(minimum = 0)]
    min_duration_ms: Option<f64>,
}

/// How usage is told.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Usage {
    /// The steps of time, in UTC: `none`, `minute` (of the last 48 hours), `hour`, `day`, `week` or `month`; 2,000 at most.
    #[param(pattern = "^(|none|minute|hour|day|week|month)$")]
    bucket: Option<String>,
    /// What rows are made by, with commas between: `model`, `served_model`, `provider`, `key`, `operation`, `dialect`, `route`,
    /// `ending`, `fault`, `error`, `status`.
    #[param(
        pattern = "^(|(model|served_model|provider|key|operation|dialect|route|ending|fault|error|status)(,(model|served_model|provider|key|operation|dialect|route|ending|fault|error|status))*)$"
    )]
    group: Option<String>,
    /// `json` or `csv`.
    #[param(pattern = "^(|json|csv)$")]
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
    #[param(pattern = "^(|[0-9]{1,18}-[0-9]{1,18})$")]
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
