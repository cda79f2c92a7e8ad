//! Documents that are made from the program itself, so that they cannot be wrong about it.

use serde::Serialize;

use crate::plugins::{HOOKS, PLUGINS};

/// The JSON Schema of the configuration file, with the keys of every kind of provider.
#[must_use]
pub fn schema() -> String {
    pretty(&ccproxy_config::schema(&kinds(), &hooks()))
}

/// `docs/CONFIG.md`.
#[must_use]
pub fn config_md() -> String {
    ccproxy_config::docs::config_md(&ccproxy_config::schema(&kinds(), &hooks()))
}

/// `docs/METRICS.md`.
#[must_use]
pub fn metrics_md() -> String {
    ccproxy_server::metrics_md()
}

/// `docs/OPENTELEMETRY.md`.
#[cfg(feature = "otel")]
#[must_use]
pub fn opentelemetry_md() -> String {
    ccproxy_plugin_otel::opentelemetry_md()
}

/// `docs/openapi.json`, ending in a newline.
#[must_use]
pub fn openapi() -> String {
    let mut text = ccproxy_server::openapi();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn kinds() -> Vec<(&'static str, schemars::Schema)> {
    PLUGINS.iter().map(|entry| (entry.kind, entry.schema())).collect()
}

fn hooks() -> Vec<(&'static str, schemars::Schema)> {
    HOOKS.iter().map(|entry| (entry.name, entry.schema())).collect()
}

/// JSON for people, ending in a newline. Our own types always serialise.
pub(crate) fn pretty<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo xtask docs` brings them up to date.
    #[cfg(all(feature = "anthropic", feature = "openai", feature = "otel", feature = "simulator"))]
    #[cfg(not(feature = "otlp-grpc"))]
    #[test]
    fn the_documents_of_the_repository_are_up_to_date() {
        let check = |made: &str, name: &str| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/").to_owned() + name;
            let kept = std::fs::read_to_string(path).unwrap_or_default();
            assert!(made == kept, "docs/{name} is out of date; run `cargo xtask docs`");
        };
        check(&config_md(), "CONFIG.md");
        check(&metrics_md(), "METRICS.md");
        check(&opentelemetry_md(), "OPENTELEMETRY.md");
        check(&openapi(), "openapi.json");
    }

    fn observability_md() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OBSERVABILITY.md");
        std::fs::read_to_string(path).unwrap()
    }

    #[cfg(feature = "access-log")]
    #[test]
    fn every_field_of_the_access_log_is_documented() {
        let document = observability_md();
        let rows = |fields: &[(&str, &str)]| -> String {
            fields.iter().map(|(name, what)| format!("| `{name}` | {what} |\n")).collect()
        };
        for fields in [ccproxy_plugin_access_log::CLIENT_FIELDS, ccproxy_plugin_access_log::UPSTREAM_FIELDS] {
            assert!(document.contains(&rows(fields)), "docs/OBSERVABILITY.md lacks\n{}", rows(fields));
        }
    }

    #[test]
    fn every_field_of_a_record_is_documented() {
        let (openapi, document): (serde_json::Value, _) =
            (serde_json::from_str(&openapi()).unwrap(), observability_md());
        for (of, prefix) in [("Record", ""), ("Tokens", "tokens."), ("Attempt", "attempts[].")] {
            let fields = openapi["components"]["schemas"][of]["properties"].as_object().unwrap();
            for name in fields.keys().filter(|name| *name != "tokens") {
                let row = format!("| `{prefix}{name}` | ");
                assert!(document.contains(&row), "docs/OBSERVABILITY.md lacks {row}");
            }
        }
    }

    #[test]
    fn the_schema_knows_every_kind() {
        let schema = schema();
        for entry in PLUGINS {
            assert!(schema.contains(&format!("#/$defs/provider.{}\"", entry.kind)), "{}", entry.kind);
        }
    }
}
