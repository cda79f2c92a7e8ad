//! A file to start from.

/// A commented configuration file that is valid as it is and changes nothing: `ccproxy config init` writes it.
///
/// A line that starts with `#` and no space is a key or a table that is commented out.
#[must_use]
pub fn template() -> &'static str {
    include_str!("template/ccproxy.toml")
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::{Place, Settings, Sources, schema};

    fn uncommented() -> String {
        let lines = template().lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn is_valid_and_changes_nothing() {
        let settings = Settings::load(&Sources::from_text("ccproxy.toml", template())).unwrap();
        assert!(settings.providers.is_empty());
        assert_eq!(settings.server, Settings::default().server);
    }

    #[test]
    fn is_valid_with_every_key_uncommented() {
        let settings = Settings::load(&Sources::from_text("ccproxy.toml", uncommented())).unwrap();
        assert_eq!(settings.providers.len(), 2);
        assert_eq!(settings.routes.len(), 2);
        assert!(matches!(settings.place("logging.format"), Place::File { .. }));
    }

    /// The keys of the core with their defaults: what one sees is what one has.
    #[test]
    fn names_every_key_of_the_core_with_its_default() {
        let file: toml::Table = uncommented().parse().unwrap();
        let schema = schema(&[], &[]);
        for section in [
            "server",
            "auth",
            "health",
            "management",
            "metrics",
            "shutdown",
            "reload",
            "disconnect",
            "retry",
            "translation",
            "upstream",
            "logging",
        ] {
            let reference = schema["properties"][section]["$ref"].as_str().unwrap();
            let keys = schema.pointer(&format!("{}/properties", &reference[1..])).unwrap();
            for (key, key_schema) in keys.as_object().unwrap() {
                let value = file[section]
                    .get(key)
                    .unwrap_or_else(|| panic!("{section}.{key} is not in the template"));
                let default = &key_schema["default"];
                if !matches!(default, Json::Null | Json::Array(_)) {
                    assert_eq!(&serde_json::to_value(value).unwrap(), default, "{section}.{key}");
                }
            }
        }
    }
}
