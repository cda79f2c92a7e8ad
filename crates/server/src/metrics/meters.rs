//! All metrics, in one list.

use super::meter::Meter;

const EXCHANGE: &[&str] = &["operation", "provider", "model"];
const PROVIDER: &[&str] = &["provider"];
const FOLLOWER: &[&str] = &["follower"];

pub(super) const REQUESTS: Meter = Meter::counter(
    "ccproxy_requests",
    &["operation", "provider", "model", "route", "status", "outcome", "fault"],
    "Requests that have ended: `done`, `failed` or `client_gone`; failed ones by who has to act (`client`, `us`, `upstream`).",
);
pub(super) const ERRORS: Meter = Meter::counter(
    "ccproxy_request_errors",
    &["provider", "error", "fault"],
    "Requests in which something went wrong, by what it was.",
);
pub(super) const IN_FLIGHT: Meter =
    Meter::gauge("ccproxy_requests_in_flight", &[], "Requests that have begun and not ended.");
pub(super) const DURATION: Meter = Meter::histogram(
    "ccproxy_request_duration",
    EXCHANGE,
    "From the beginning of a request to the last byte of its answer.",
);
pub(super) const FIRST_BYTE: Meter = Meter::histogram(
    "ccproxy_time_to_first_byte",
    EXCHANGE,
    "From the beginning of a request to the first byte of its answer.",
);
pub(super) const FIRST_TOKEN: Meter = Meter::histogram(
    "ccproxy_time_to_first_token",
    EXCHANGE,
    "From the beginning of a request to the first content of its stream.",
);
pub(super) const REQUEST_BYTES: Meter =
    Meter::counter("ccproxy_request_body", EXCHANGE, "Bytes of the bodies of requests.").unit("bytes");
pub(super) const RESPONSE_BYTES: Meter =
    Meter::counter("ccproxy_response_body", EXCHANGE, "Bytes of the bodies of answers, as clients got them.")
        .unit("bytes");

pub(super) const TOKENS: Meter = Meter::counter(
    "ccproxy_tokens",
    &["provider", "model", "type"],
    "Tokens as providers counted them. `input` has `cache_read` and `cache_write` in it, `output` has `reasoning`.",
);
pub(super) const COST: Meter = Meter::counter(
    "ccproxy_cost",
    &["provider", "model"],
    "What the requests cost whose price is known, in US dollars.",
)
.unit("usd");
pub(super) const UNPRICED: Meter = Meter::counter(
    "ccproxy_unpriced_requests",
    &["provider", "model"],
    "Requests that used tokens whose price is not known; their cost is in no sum.",
);
pub(super) const KEY_REQUESTS: Meter = Meter::counter(
    "ccproxy_key_requests",
    &["key", "outcome"],
    "Requests by the name of the client's key, with `metrics.keys`.",
);
pub(super) const KEY_TOKENS: Meter =
    Meter::counter("ccproxy_key_tokens", &["key", "type"], "Tokens likewise.");
pub(super) const KEY_COST: Meter =
    Meter::counter("ccproxy_key_cost", &["key"], "Cost likewise, in US dollars.").unit("usd");

pub(super) const ATTEMPTS: Meter = Meter::counter(
    "ccproxy_upstream_attempts",
    &["provider", "status", "error"],
    "Calls of providers, by what came of them; without an HTTP answer there is no status.",
);
pub(super) const ATTEMPT_DURATION: Meter = Meter::histogram(
    "ccproxy_upstream_attempt_duration",
    PROVIDER,
    "From the call of a provider to the head of its answer, or to its failure.",
);
pub(super) const BREAKER: Meter = Meter::gauge(
    "ccproxy_provider_breaker_state",
    &["provider", "state"],
    "1 for the state of the breaker: `closed`, `open` or `half_open`.",
);
pub(super) const SHUT: Meter = Meter::gauge(
    "ccproxy_provider_shut",
    PROVIDER,
    "How long routes still go around a provider: it has asked for a pause, or its breaker is open.",
)
.unit("seconds");
pub(super) const RUNNING: Meter =
    Meter::gauge("ccproxy_provider_requests_in_flight", PROVIDER, "Requests that are at a provider.");
pub(super) const ROOM: Meter = Meter::gauge(
    "ccproxy_provider_rate_limit_remaining",
    &["provider", "limit"],
    "What is left of a provider's scarcest rate limit, from 0 to 1, as long as that is known.",
)
.unit("ratio");
pub(super) const CREDENTIALS: Meter = Meter::gauge(
    "ccproxy_provider_credentials",
    &["provider", "state"],
    "Credentials by how they stand: `usable`, `resting` or `unusable`.",
);

pub(super) const QUEUED: Meter =
    Meter::gauge("ccproxy_admission_queued", &[], "Requests that wait for a place.");
pub(super) const SHED: Meter = Meter::counter(
    "ccproxy_admission_shed",
    &[],
    "Requests that were turned away because as many were served as may be.",
);
pub(super) const CONNECTIONS: Meter =
    Meter::gauge("ccproxy_open_connections", &[], "Connections of clients to the main port.");
pub(super) const SOCKETS: Meter =
    Meter::gauge("ccproxy_open_websockets", &[], "WebSockets of the Responses API.");

pub(super) const LANE_QUEUED: Meter =
    Meter::gauge("ccproxy_recorder_queued", FOLLOWER, "Records that wait for who follows requests.");
pub(super) const LANE_CAPACITY: Meter =
    Meter::gauge("ccproxy_recorder_capacity", FOLLOWER, "How many may wait.");
pub(super) const LANE_DROPPED: Meter = Meter::counter(
    "ccproxy_recorder_dropped",
    FOLLOWER,
    "Records that a follower has not got, as it could not keep up or take them.",
);
pub(super) const LANE_FAILING: Meter =
    Meter::gauge("ccproxy_recorder_failing", FOLLOWER, "1 while a follower takes no records.");

pub(super) const RELOAD_GOOD: Meter = Meter::gauge(
    "ccproxy_config_last_reload_successful",
    &[],
    "0 if the last reload was refused for a mistake.",
);
pub(super) const RELOAD_TIME: Meter = Meter::gauge(
    "ccproxy_config_last_reload_success_timestamp",
    &[],
    "When the configuration in force was read, since 1970.",
)
.unit("seconds");
pub(super) const BUILD: Meter =
    Meter::gauge("ccproxy_build_info", &["version"], "1, and which version is running.");
pub(super) const PROCESS_START: Meter =
    Meter::gauge("process_start_time", &[], "When the process started, since 1970.").unit("seconds");
pub(super) const PROCESS_CPU: Meter =
    Meter::counter("process_cpu", &[], "User and system time.").unit("seconds");
pub(super) const PROCESS_RESIDENT: Meter =
    Meter::gauge("process_resident_memory", &[], "Memory in use.").unit("bytes");
pub(super) const PROCESS_VIRTUAL: Meter =
    Meter::gauge("process_virtual_memory", &[], "Memory that is mapped.").unit("bytes");
pub(super) const PROCESS_THREADS: Meter = Meter::gauge("process_threads", &[], "Threads.");
pub(super) const PROCESS_OPEN_FDS: Meter =
    Meter::gauge("process_open_fds", &[], "File descriptors that are open.");
pub(super) const PROCESS_MAX_FDS: Meter =
    Meter::gauge("process_max_fds", &[], "File descriptors that may be open.");

/// All of them, for the manual.
pub(super) const ALL: &[(&str, &[Meter])] = &[
    (
        "Requests",
        &[REQUESTS, ERRORS, IN_FLIGHT, DURATION, FIRST_BYTE, FIRST_TOKEN, REQUEST_BYTES, RESPONSE_BYTES],
    ),
    ("Tokens and cost", &[TOKENS, COST, UNPRICED, KEY_REQUESTS, KEY_TOKENS, KEY_COST]),
    ("Providers", &[ATTEMPTS, ATTEMPT_DURATION, BREAKER, SHUT, RUNNING, ROOM, CREDENTIALS]),
    ("Load", &[QUEUED, SHED, CONNECTIONS, SOCKETS]),
    ("Records", &[LANE_QUEUED, LANE_CAPACITY, LANE_DROPPED, LANE_FAILING]),
    (
        "The process",
        &[
            RELOAD_GOOD,
            RELOAD_TIME,
            BUILD,
            PROCESS_START,
            PROCESS_CPU,
            PROCESS_RESIDENT,
            PROCESS_VIRTUAL,
            PROCESS_THREADS,
            PROCESS_OPEN_FDS,
            PROCESS_MAX_FDS,
        ],
    ),
];
