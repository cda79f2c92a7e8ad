//! The description of our own endpoints; the providers' APIs are described by their vendors.

mod api;
mod health;
mod parameters;
mod records;

use utoipa::OpenApi;

use super::plugins::Plugins;
use crate::app::reload::Reloaded;

/// The OpenAPI description, as JSON.
#[must_use]
pub fn openapi() -> String {
    let mut description = health::Description::openapi();
    description.merge(Description::openapi());
    description.merge(api::Description::openapi());
    let own = Description::openapi();
    description.info = own.info;
    description.to_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "CCProxy API Server",
        description = "Health, management and analytics of an LLM proxy. The APIs that it proxies (Anthropic Messages, \
            OpenAI Chat Completions, OpenAI Responses) are served under /v1 and /{instance}/v1 as their vendors describe them."
    ),
    paths(reload, plugins),
    components(schemas(Plugins, Reloaded))
)]
struct Description;

#[utoipa::path(
    post,
    path = "/reload",
    operation_id = "reload_configuration",
    tag = "management",
    summary = "Read the configuration again and bring it into force",
    responses(
        (status = 200, description = "it is in force", body = Reloaded),
        (status = 403, description = "the management token has to be shown, or a web page of another site asks"),
        (status = 421, description = "`Host` has a name that is none of this service's"),
        (status = 422, description = "it has mistakes; nothing has changed"),
    )
)]
#[allow(dead_code, reason = "carries the description; admin::reload answers")]
fn reload() {}

#[utoipa::path(
    get,
    path = "/plugins",
    operation_id = "list_plugins",
    tag = "plugins",
    summary = "The provider instances and how they are",
    responses((status = 200, body = Plugins), (status = 401, description = "a key has to be shown"))
)]
#[allow(dead_code, reason = "carries the description; admin::plugins answers")]
fn plugins() {}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn health_answers_are_health_json() {
        let description: Value = serde_json::from_str(&super::openapi()).unwrap();
        for path in
            ["/health/live", "/health/ready", "/health/startup", "/health", "/plugins/{plugin}/health"]
        {
            for status in ["200", "503"] {
                let content = &description["paths"][path]["get"]["responses"][status]["content"];
                assert_eq!(content["application/health+json"]["schema"]["type"], "object", "{path} {status}");
            }
        }
    }
}
