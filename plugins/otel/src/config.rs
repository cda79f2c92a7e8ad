//! The keys of `[plugins.otel]`.

use std::collections::BTreeMap;
use std::time::Duration;

use ccproxy_config::{ClientTls, SecretSource};
use ccproxy_plugin_api::KeyError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics are not sent more often than this.
const SHORTEST: Duration = Duration::from_millis(100);

/// Traces and metrics for an OpenTelemetry collector.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OtelConfig {
    /// Whether anything is sent.
    pub enabled: bool,
    /// Where the collector is, without `/v1/traces` and `/v1/metrics`, which are put behind it. `http://127.0.0.1:4318` where nothing
    /// is said.
    pub endpoint: Option<String>,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Headers of every request to it, such as `authorization`, each from `value`, `env` or `file`. A file is read for each request.
    pub headers: BTreeMap<String, SecretSource>,
    /// Whether spans are sent.
    pub traces: bool,
    /// Whether metrics are sent.
    pub metrics: bool,
    /// Which share of the traces that begin here is kept, from 0 to 1; it is decided by the trace's id. Of a trace that the client
    /// began, the client's `traceparent` says whether it is kept.
    pub sample_ratio: f64,
    /// How long the collector may take to answer.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub timeout: Duration,
    /// How often metrics are sent.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String", extend("format" = "duration"))]
    pub interval: Duration,
    /// The resource's `service.name`.
    pub service_name: String,
    /// More attributes of the resource, such as `deployment.environment.name`.
    pub attributes: BTreeMap<String, String>,
    /// Whom to trust as the collector, and what to show it.
    pub tls: ClientTls,
}

/// A transport of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// Protobuf over HTTP.
    #[default]
    #[serde(rename = "http/protobuf")]
    HttpProtobuf,
    /// gRPC; the collector is at port 4317 where `endpoint` says nothing.
    #[cfg(feature = "grpc")]
    #[serde(rename = "grpc")]
    Grpc,
}

impl Default for OtelConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            endpoint: None,
            protocol: Protocol::default(),
            headers: BTreeMap::new(),
            traces: true,
            metrics: true,
            sample_ratio: 1.0,
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(60),
            service_name: "ccproxy".to_owned(),
            attributes: BTreeMap::new(),
            tls: ClientTls::default(),
        }
    }
}

impl OtelConfig {
    /// Where the collector is.
    pub(crate) fn place(&self) -> &str {
        let usual = match self.protocol {
            Protocol::HttpProtobuf => "http://127.0.0.1:4318",
            #[cfg(feature = "grpc")]
            Protocol::Grpc => "http://127.0.0.1:4317",
        };
        self.endpoint.as_deref().unwrap_or(usual)
    }

    /// What the types cannot say, a message a key.
    pub(crate) fn mistakes(&self) -> Vec<KeyError> {
        let trimmed = self.place().trim_end_matches('/');
        let whole = ["/v1/traces", "/v1/metrics"].into_iter().any(|end| trimmed.ends_with(end));
        let named = self.attributes.keys().any(|name| name.is_empty() || name == "service.name");
        let checks = [
            (whole, "endpoint", "give it without /v1/traces or /v1/metrics, which are put behind it"),
            (
                !self.traces && !self.metrics,
                "metrics",
                "with traces and metrics off nothing is sent: set enabled = false",
            ),
            (!(0.0..=1.0).contains(&self.sample_ratio), "sample_ratio", "expected a share from 0 to 1"),
            (self.timeout.is_zero(), "timeout", "must be longer than nothing"),
            (self.interval < SHORTEST, "interval", "must be 100ms or more"),
            (self.service_name.is_empty(), "service_name", "is empty; leave it out for ccproxy"),
            (named, "attributes", "a name is empty, or service.name, for which there is service_name"),
        ];
        let wrong = checks.into_iter().filter(|(wrong, ..)| *wrong);
        wrong.map(|(_, key, message)| KeyError { key, message: message.to_owned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_config::Section;

    use crate::ENTRY;

    #[test]
    fn mistakes_have_their_keys() {
        let check = |text: &str, expect: &[&str]| {
            let section = Section::from_toml("plugins.otel", text).unwrap();
            let built = ENTRY.build(&section);
            let mistakes = built.err().map(|mistakes| mistakes.to_string()).unwrap_or_default();
            assert_eq!(mistakes.is_empty(), expect.is_empty(), "{text}: {mistakes}");
            for part in expect {
                assert!(mistakes.contains(part), "{text}: {mistakes}");
            }
            assert!(!mistakes.contains("hush"), "{mistakes}");
        };
        check("", &[]);
        check("sample_ratio = 7", &[]);
        check("enabled = true", &[]);
        check("enabled = true\nheaders = { authorization = 'hush', x-b = { file = '/none' } }", &[]);
        check("enabled = true\nsample_ratio = 1.5\ninterval = '1ms'", &["sample_ratio", "interval"]);
        check("enabled = true\nsample_ratio = nan", &["sample_ratio"]);
        check("enabled = true\nendpoint = 'collector:4318'", &["endpoint"]);
        check("enabled = true\nendpoint = 'http://c:4318/v1/traces/'", &["endpoint", "without /v1/traces"]);
        check("enabled = true\ntraces = false\nmetrics = false", &["enabled = false"]);
        check("enabled = true\nprotocol = 'carrier pigeon'", &["protocol", "http/protobuf"]);
        check("enabled = true\nheaders = { 'a b' = 'hush' }", &["headers", "a b"]);
        check("enabled = true\nheaders = { a = \"hush\\n\" }", &["headers", "a "]);
        check("enabled = true\nheaders = { content-type = 'hush' }", &["headers", "content-type"]);
        check(
            "enabled = true\nheaders = { a = { env = 'NO_SUCH_VARIABLE' } }",
            &["headers", "NO_SUCH_VARIABLE"],
        );
        check("enabled = true\nheaders = { a = { command = ['hush'] } }", &["headers", "env or file"]);
        check("enabled = true\nattributes = { 'service.name' = 'x' }", &["attributes", "service_name"]);
        check("end_point = 'x'", &["endpoint"]);
    }
}
