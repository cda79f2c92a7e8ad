//! The description of our own endpoints; the providers' APIs are described by their vendors.

use utoipa::OpenApi;

use super::plugins::Plugins;

/// The OpenAPI description, as JSON.
#[must_use]
pub fn openapi() -> String {
    Description::openapi().to_json().unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "CCProxy API Server",
        description = "Health and management of an LLM proxy. The APIs that it proxies (Anthropic Messages, OpenAI Chat \
            Completions, OpenAI Responses) are served under /v1 and /{instance}/v1 as their vendors describe them."
    ),
    paths(live, ready, startup, detail, plugin, plugins),
    components(schemas(Plugins))
)]
struct Description;

/// Answers of the health endpoints follow draft-inadarei-api-health-check.
macro_rules! health_path {
    ($name:ident, $path:literal, $id:literal, $summary:literal $(, params($($params:tt)*))?) => {
        #[utoipa::path(
            get,
            path = $path,
            operation_id = $id,
            tag = "health",
            summary = $summary,
            $(params($($params)*),)?
            responses(
                (status = 200, description = "pass or warn", content_type = "application/health+json", body = Object),
                (status = 503, description = "fail, starting or draining", content_type = "application/health+json", body = Object),
            )
        )]
        #[allow(dead_code, reason = "carries the description; admin::health answers")]
        fn $name() {}
    };
}

health_path!(live, "/health/live", "liveness_probe", "Is this process making progress?");
health_path!(ready, "/health/ready", "readiness_probe", "May it be sent traffic?",
    params(("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")));
health_path!(startup, "/health/startup", "startup_probe", "Has it started?",
    params(("exclude" = Option<String>, Query, description = "a gate to leave out; may be repeated")));
health_path!(detail, "/health", "detailed_health_check", "How is the core, in detail?",
    params(("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")));
health_path!(plugin, "/plugins/{name}/health", "plugin_health_check", "How is a provider instance?",
    params(("name" = String, Path, description = "the instance"),
        ("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")));

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
        for path in ["/health/live", "/health/ready", "/health/startup", "/health", "/plugins/{name}/health"]
        {
            for status in ["200", "503"] {
                let content = &description["paths"][path]["get"]["responses"][status]["content"];
                assert_eq!(content["application/health+json"]["schema"]["type"], "object", "{path} {status}");
            }
        }
    }
}
