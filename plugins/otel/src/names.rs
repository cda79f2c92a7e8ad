//! Every name that is sent, with what it means: `docs/OPENTELEMETRY.md` is made of these lists.
//!
//! `gen_ai.*`, `http.*`, `url.*` and `error.type` are OpenTelemetry's semantic conventions; `ccproxy.*` is what they have no name
//! for.

/// An attribute of spans.
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: &'static str,
    pub(crate) exchange: bool,
    pub(crate) attempt: bool,
    pub(crate) what: &'static str,
}

macro_rules! attributes {
    ($($constant:ident = $name:literal $kind:literal ($exchange:literal, $attempt:literal) $what:literal;)+) => {
        $(pub(crate) const $constant: &str = $name;)+
        /// All of them, in the order of the document.
        pub(crate) const ATTRIBUTES: &[Attribute] = &[$(Attribute {
            name: $name, kind: $kind, exchange: $exchange, attempt: $attempt, what: $what,
        }),+];
    };
}

attributes! {
    HTTP_REQUEST_METHOD = "http.request.method" "string" (true, false) "`POST` or `GET`, where the operation has only one";
    HTTP_ROUTE = "http.route" "string" (true, false) "`/v1/…`, or `/{name}/v1/…` where the client named the provider";
    URL_PATH = "url.path" "string" (true, false) "the path, where it is known from the operation; never a query";
    HTTP_STATUS = "http.response.status_code" "int" (true, true) "what the client was answered; what the provider answered";
    HTTP_REQUEST_SIZE = "http.request.body.size" "int" (true, false) "bytes of the client's request body";
    HTTP_RESPONSE_SIZE = "http.response.body.size" "int" (true, false) "bytes of the answer's body that went to the client";
    ERROR_TYPE = "error.type" "string" (true, true) "what went wrong, in a word of a fixed list such as `timeout`, `rate_limited`, `upstream_error`";
    OPERATION_NAME = "gen_ai.operation.name" "string" (false, true) "`chat`, `text_completion`, `embeddings`; for tokens that are counted `count_tokens`";
    PROVIDER_NAME = "gen_ai.provider.name" "string" (false, true) "`anthropic`, `openai`, or another kind of instance as the configuration has it; only of the instance that was asked last, as no other's kind is recorded";
    REQUEST_MODEL = "gen_ai.request.model" "string" (false, true) "the model that the provider was asked for";
    RESPONSE_MODEL = "gen_ai.response.model" "string" (false, true) "the model that answered: the one that was asked for, as what the provider calls it is not recorded";
    REQUEST_STREAM = "gen_ai.request.stream" "bool" (false, true) "true where a stream was asked for";
    CONVERSATION_ID = "gen_ai.conversation.id" "string" (true, true) "the client's session, where it names one";
    INPUT_TOKENS = "gen_ai.usage.input_tokens" "int" (false, true) "of the prompt, cached ones included";
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens" "int" (false, true) "generated, reasoning included";
    CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens" "int" (false, true) "of the input: read from the provider's prompt cache";
    CACHE_CREATION_TOKENS = "gen_ai.usage.cache_creation.input_tokens" "int" (false, true) "of the input: written to the provider's prompt cache";
    REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens" "int" (false, true) "of the output: spent on reasoning";
    REQUEST_ID = "ccproxy.request_id" "string" (true, false) "the id that the client's answer carries; `/api/requests/{id}` has the record";
    OPERATION = "ccproxy.operation" "string" (true, true) "what was asked for, such as `chat/completions`";
    DIALECT = "ccproxy.dialect" "string" (true, false) "the client's dialect";
    ROUTE = "ccproxy.route" "string" (true, false) "the pattern of the `[[routes]]` that chose the provider";
    KEY = "ccproxy.key" "string" (true, false) "the name of the client's key, never the key";
    MODEL = "ccproxy.model" "string" (true, false) "the model that the client asked for";
    PROVIDER = "ccproxy.provider" "string" (true, true) "the provider instance; of the exchange, the one that answered or was asked last";
    ATTEMPT = "ccproxy.attempt" "int" (false, true) "which call of the exchange it is, from 1";
    ATTEMPTS = "ccproxy.attempts" "int" (true, false) "how many calls there were";
    ENDING = "ccproxy.ending" "string" (true, false) "`done`, `failed` or `client_gone`";
    FAULT = "ccproxy.fault" "string" (true, false) "whose doing an error was: `client`, `us` or `upstream`";
    COST_USD = "ccproxy.cost_usd" "double" (true, false) "what it costs in US dollars, where the model's price is known";
    FIRST_BYTE_MS = "ccproxy.first_byte_ms" "double" (true, false) "from the beginning to the first byte of the answer";
    FIRST_TOKEN_MS = "ccproxy.first_token_ms" "double" (true, false) "from the beginning to the first content of a stream";
}

pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_VERSION: &str = "service.version";
pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";
pub(crate) const TOKEN_TYPE: &str = "gen_ai.token.type";
/// On the series that counts all those that there was no room for.
pub(crate) const OVERFLOW: &str = "otel.metric.overflow";

/// A metric.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// The upper bounds of a histogram's buckets; a sum has none.
    pub(crate) bounds: Option<&'static [f64]>,
    pub(crate) attributes: &'static [&'static str],
    pub(crate) what: &'static str,
}

pub(crate) const TOKEN_USAGE: Metric = Metric {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    bounds: Some(&[
        1.0,
        4.0,
        16.0,
        64.0,
        256.0,
        1024.0,
        4096.0,
        16384.0,
        65536.0,
        262_144.0,
        1_048_576.0,
        4_194_304.0,
        16_777_216.0,
        67_108_864.0,
    ]),
    attributes: &[OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL, TOKEN_TYPE],
    what: "Tokens that an exchange used, as the provider counted them: `input` and `output`.",
};

pub(crate) const OPERATION_DURATION: Metric = Metric {
    name: "gen_ai.client.operation.duration",
    unit: "s",
    bounds: Some(&[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]),
    attributes: &[OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL, ERROR_TYPE],
    what: "From the call of a provider to the end of its answer, or to its failure; each attempt counts.",
};

pub(crate) const FIRST_TOKEN: Metric = Metric {
    name: "gen_ai.server.time_to_first_token",
    unit: "s",
    bounds: Some(&[
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ]),
    attributes: &[OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL],
    what: "From the beginning of an exchange to the first content of its stream.",
};

pub(crate) const REQUEST_DURATION: Metric = Metric {
    name: "http.server.request.duration",
    unit: "s",
    bounds: Some(&[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]),
    attributes: &[HTTP_REQUEST_METHOD, HTTP_ROUTE, HTTP_STATUS, ERROR_TYPE],
    what: "The whole exchange, to the last byte of its answer. The method is `_OTHER` where the operation has several.",
};

pub(crate) const COST: Metric = Metric {
    name: "ccproxy.cost",
    unit: "{USD}",
    bounds: None,
    attributes: &[OPERATION_NAME, PROVIDER_NAME, REQUEST_MODEL],
    what: "What the exchanges cost whose model has a known price.",
};

/// All of them, in the order of the document.
pub(crate) const METRICS: [&Metric; 5] =
    [&TOKEN_USAGE, &OPERATION_DURATION, &FIRST_TOKEN, &REQUEST_DURATION, &COST];

/// The operation in the conventions' words; none for what is no use of a model.
pub(crate) fn operation(name: &str) -> Option<&'static str> {
    Some(match name {
        "messages" | "chat/completions" | "responses" | "responses (WebSocket)" => "chat",
        "completions" => "text_completion",
        "embeddings" => "embeddings",
        "count_tokens" => "count_tokens",
        _ => return None,
    })
}

/// The method and the path below `/v1/`, where the operation has only one of them.
pub(crate) fn method_and_path(operation: &str) -> (Option<&'static str>, Option<&'static str>) {
    match operation {
        "messages" => (Some("POST"), Some("messages")),
        "count_tokens" => (Some("POST"), Some("messages/count_tokens")),
        "chat/completions" => (Some("POST"), Some("chat/completions")),
        "responses" => (Some("POST"), Some("responses")),
        "embeddings" => (Some("POST"), Some("embeddings")),
        "completions" => (Some("POST"), Some("completions")),
        "responses (WebSocket)" => (Some("GET"), Some("responses")),
        // GET or HEAD; GET or DELETE; and of the unified path or an instance's.
        _ => (None, None),
    }
}
