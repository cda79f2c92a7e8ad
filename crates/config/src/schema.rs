//! The JSON Schema of the whole file.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use crate::settings::{
    Auth, Disconnect, Health, Limits, Logging, Management, Metrics, Pricing, Reload, Retry, Route, Server,
    Shared, Shutdown, Store, Translation, Upstream,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The JSON Schema of a configuration file, with the configurations of the given provider kinds: for editors, and for
/// [`config_md`](crate::docs::config_md), and with those of the given plugins. Each schema is a root schema as
/// `schemars::schema_for!` makes it.
#[must_use]
pub fn schema(provider_kinds: &[(&str, Schema)], plugins: &[(&str, Schema)]) -> Json {
    let mut generator = SchemaGenerator::default();
    let mut properties = Map::new();
    add::<Server>(&mut properties, "server", &mut generator);
    add::<Auth>(&mut properties, "auth", &mut generator);
    add::<Limits>(&mut properties, "limits", &mut generator);
    add::<Shared>(&mut properties, "shared", &mut generator);
    add::<Store>(&mut properties, "store", &mut generator);
    add::<Health>(&mut properties, "health", &mut generator);
    add::<Management>(&mut properties, "management", &mut generator);
    add::<Metrics>(&mut properties, "metrics", &mut generator);
    add::<Retry>(&mut properties, "retry", &mut generator);
    add::<Translation>(&mut properties, "translation", &mut generator);
    add::<Pricing>(&mut properties, "pricing", &mut generator);
    add::<Shutdown>(&mut properties, "shutdown", &mut generator);
    add::<Disconnect>(&mut properties, "disconnect", &mut generator);
    add::<Upstream>(&mut properties, "upstream", &mut generator);
    add::<Reload>(&mut properties, "reload", &mut generator);
    add::<Logging>(&mut properties, "logging", &mut generator);
    let routes = json!({
        "description": "Which instances serve a model on the unified `/v1`. Tried in order, the first that matches wins. \
            Where there are none, they follow from the providers.",
        "type": "array",
        "items": generator.subschema_for::<Route>(),
    });
    properties.insert("routes".to_owned(), routes);
    let mut defs = generator.take_definitions(true);
    let kinds: Vec<Json> =
        provider_kinds.iter().map(|(kind, schema)| provider(kind, schema, &mut defs)).collect();
    properties.insert("providers".to_owned(), providers(&kinds));
    let plugins: Map<String, Json> =
        plugins.iter().map(|(name, schema)| ((*name).to_owned(), plugin(name, schema, &mut defs))).collect();
    if !plugins.is_empty() {
        let plugins = json!({
            "description": "Plugins that follow requests, each switched on by `enabled = true`.",
            "type": "object",
            "properties": plugins,
            "additionalProperties": false,
        });
        properties.insert("plugins".to_owned(), plugins);
    }
    json!({
        "$schema": DIALECT,
        "title": "ccproxy configuration",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": defs,
    })
}

fn add<T: JsonSchema>(properties: &mut Map<String, Json>, name: &str, generator: &mut SchemaGenerator) {
    properties.insert(name.to_owned(), generator.subschema_for::<T>().to_value());
}

fn providers(kinds: &[Json]) -> Json {
    let instance = if kinds.is_empty() {
        json!({ "type": "object", "properties": { "kind": { "type": "string" } }, "required": ["kind"] })
    } else {
        json!({ "oneOf": kinds })
    };
    json!({
        "description": "Provider instances by name; each is mounted at `/{name}/v1`.",
        "type": "object",
        "propertyNames": { "pattern": "^[a-z0-9][a-z0-9_-]*$" },
        "additionalProperties": instance,
    })
}

/// Moves a kind's schema among the definitions and refers to it.
fn provider(kind: &str, schema: &Schema, defs: &mut Map<String, Json>) -> Json {
    let mut schema = schema.clone().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
        let own = root.remove("$defs");
        let kind_key = json!({ "description": "The kind of the provider.", "const": kind });
        let concurrency = json!({
            "description": "How many requests it may be asked at once; 0 means any number. While it is full, routes go \
                around it, and requests that have no other way wait for a place (`[limits]` queue).",
            "type": "integer",
            "minimum": 0,
            "default": 0,
        });
        let mut properties =
            Map::from_iter([("kind".to_owned(), kind_key), ("concurrency".to_owned(), concurrency)]);
        if let Some(Json::Object(others)) = root.remove("properties") {
            properties.extend(others);
        }
        root.insert("properties".to_owned(), properties.into());
        let mut required = vec![json!("kind")];
        if let Some(Json::Array(others)) = root.remove("required") {
            required.extend(others);
        }
        root.insert("required".to_owned(), required.into());
        if let Some(Json::Object(own)) = own {
            hoist(kind, own, &mut schema, defs);
        }
    }
    let name = format!("provider.{kind}");
    let reference = json!({ "$ref": format!("#/$defs/{name}") });
    defs.insert(name, schema);
    reference
}

/// Moves a plugin's schema among the definitions and refers to it.
fn plugin(name: &str, schema: &Schema, defs: &mut Map<String, Json>) -> Json {
    let mut schema = schema.clone().to_value();
    let own = schema.as_object_mut().and_then(|root| {
        root.remove("$schema");
        root.remove("$defs")
    });
    if let Some(Json::Object(own)) = own {
        hoist(name, own, &mut schema, defs);
    }
    let name = format!("plugin.{name}");
    let reference = json!({ "$ref": format!("#/$defs/{name}") });
    defs.insert(name, schema);
    reference
}

/// Adds a kind's definitions to those of the file; one whose name is taken by another gets the kind's in front.
fn hoist(kind: &str, own: Map<String, Json>, schema: &mut Json, defs: &mut Map<String, Json>) {
    let taken: Vec<String> = own
        .iter()
        .filter(|(name, def)| defs.get(*name).is_some_and(|other| other != *def))
        .map(|(n, _)| n.clone())
        .collect();
    for (name, mut def) in own {
        rename(kind, &taken, &mut def);
        let name = if taken.contains(&name) { format!("{kind}.{name}") } else { name };
        defs.insert(name, def);
    }
    rename(kind, &taken, schema);
}

fn rename(kind: &str, taken: &[String], schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::String(reference)) = map.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
                && taken.iter().any(|other| other == name)
            {
                *reference = format!("#/$defs/{kind}.{name}");
            }
            map.values_mut().for_each(|value| rename(kind, taken, value));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| rename(kind, taken, item)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct One {
        inner: Inner,
        timeouts: crate::Timeouts,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Inner {
        a: u8,
    }

    mod other {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) struct Two {
            inner: Inner,
        }

        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        pub(super) struct Inner {
            b: String,
        }
    }

    #[test]
    fn golden() {
        insta::assert_json_snapshot!(schema(&[], &[]));
    }

    #[test]
    fn definitions_of_the_same_name_stay_apart() {
        let schema =
            schema(&[("one", schemars::schema_for!(One)), ("two", schemars::schema_for!(other::Two))], &[]);
        let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/$defs/provider.one/properties/inner/$ref"), "#/$defs/Inner");
        assert_eq!(at("/$defs/provider.two/properties/inner/$ref"), "#/$defs/two.Inner");
        assert_eq!(at("/$defs/Inner/required/0"), "a");
        assert_eq!(at("/$defs/two.Inner/required/0"), "b");
        assert_eq!(at("/$defs/provider.one/required/0"), "kind");
        assert_eq!(at("/$defs/provider.one/properties/kind/const"), "one");
    }
}
