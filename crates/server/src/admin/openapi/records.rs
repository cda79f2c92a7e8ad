//! The shapes of what is kept, for the description; `ccproxy-record` and `ccproxy-store` have the types.
#![allow(dead_code, reason = "carries the description; the store writes the JSON")]

use utoipa::ToSchema;

/// One exchange of the API, from its first step to the last byte of its answer.
#[derive(ToSchema)]
pub(super) struct Record {
    /// The id that the client's answer carries. The client may have chosen it: it need not be unique.
    id: String,
    #[schema(format = DateTime)]
    began: String,
    /// The client's session, where it names one.
    session: Option<String>,
    /// The name of the client's key.
    key: Option<String>,
    /// A path below `/v1/`.
    operation: String,
    dialect: Option<String>,
    /// The pattern of the route that chose the provider.
    route: Option<String>,
    /// The provider instance that answered, or was asked last.
    provider: Option<String>,
    kind: Option<String>,
    /// The model that the client asked for.
    model: Option<String>,
    /// The model that the provider was asked for.
    served_model: Option<String>,
    stream: bool,
    /// The status that the client got; null if it went before there was one.
    status: Option<u16>,
    upstream_status: Option<u16>,
    ending: Ending,
    /// What went wrong, in a word.
    error: Option<String>,
    /// Who has to act.
    fault: Option<Fault>,
    attempts: Vec<Attempt>,
    first_byte_ms: Option<f64>,
    /// To the first content of a stream.
    first_token_ms: Option<f64>,
    duration_ms: f64,
    tokens: Tokens,
    /// Null where the model's price is not known or nothing was counted.
    cost_usd: Option<f64>,
    request_bytes: u64,
    response_bytes: u64,
    trace: Option<Trace>,
}

/// How an exchange ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Ending {
    Done,
    Failed,
    ClientGone,
}

/// Who has to act on an error: who asked, who runs this service, or the provider.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
enum Fault {
    Client,
    Us,
    Upstream,
}

/// One call of a provider.
#[derive(ToSchema)]
struct Attempt {
    provider: String,
    model: Option<String>,
    /// From the exchange's beginning.
    after_ms: f64,
    duration_ms: f64,
    status: Option<u16>,
    error: Option<String>,
    span: Option<String>,
}

/// Token counts; null where the provider did not say.
#[derive(ToSchema)]
struct Tokens {
    /// Cached ones included.
    input: Option<u64>,
    /// Reasoning included.
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
}

/// Where an exchange stands in a trace.
#[derive(ToSchema)]
struct Trace {
    trace: String,
    span: String,
    parent: Option<String>,
    sampled: bool,
}

/// Records, the newest first.
#[derive(ToSchema)]
pub(super) struct RequestPage {
    requests: Vec<Record>,
    /// The `cursor` of the next page; null after the last.
    next: Option<String>,
}

/// What exchanges used. Each row has the names of `group` as keys beside its figures, and with steps its `start`.
#[derive(ToSchema)]
pub(super) struct Usage {
    /// Where the first step begins.
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    until: String,
    bucket: String,
    group: Vec<String>,
    rows: Vec<Figures>,
    total: Figures,
    /// Whether there are more rows than are told.
    truncated: bool,
}

/// Sums over exchanges.
#[derive(ToSchema)]
struct Figures {
    requests: u64,
    failed: u64,
    client_gone: u64,
    faults: Faults,
    /// Calls of providers.
    attempts: u64,
    tokens: Sums,
    /// Of those with a known price; null where there is none to go by.
    cost_usd: Option<f64>,
    /// Exchanges that used tokens whose price is not known.
    unpriced: u64,
    duration_ms: Percentiles,
    first_token_ms: Percentiles,
    request_bytes: u64,
    response_bytes: u64,
}

/// Failed exchanges by who has to act.
#[derive(ToSchema)]
struct Faults {
    client: u64,
    us: u64,
    upstream: u64,
}

/// Tokens by kind.
#[derive(ToSchema)]
struct Sums {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    reasoning: u64,
}

/// Milliseconds, exact to a tenth of themselves; null where nothing was measured.
#[derive(ToSchema)]
struct Percentiles {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

/// How the health has changed, the newest first.
#[derive(ToSchema)]
pub(super) struct Transitions {
    transitions: Vec<Transition>,
}

/// A check that went from one state to another.
#[derive(ToSchema)]
struct Transition {
    #[schema(format = DateTime)]
    at: String,
    /// The provider instance; empty for the core.
    plugin: String,
    component: String,
    /// `pass`, `warn`, `fail` or `unknown`.
    from: String,
    to: String,
    output: Option<String>,
}
