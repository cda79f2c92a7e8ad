//! What is told of our health.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(
    live,
    ready,
    startup,
    detail,
    component,
    plugin,
    plugin_component,
    livez,
    readyz,
    startupz,
    healthz,
    history,
    events,
    metrics,
    drain,
    undrain
))]
pub(super) struct Description;

/// Answers of the health endpoints follow draft-inadarei-api-health-check; those of the aliases are text.
macro_rules! health_path {
    ($name:ident, $path:literal, $id:literal, $form:literal as $body:ident, $summary:literal
     $(, params($($params:tt)*))? $(, missing($missing:literal))?) => {
        #[utoipa::path(
            get,
            path = $path,
            operation_id = $id,
            tag = "health",
            summary = $summary,
            $(params($($params)*),)?
            responses(
                (status = 200, description = "pass or warn", content_type = $form, body = $body),
                (status = 503, description = "fail, starting or draining", content_type = $form, body = $body),
                $((status = 404, description = $missing, content_type = $form, body = $body),)?
            )
        )]
        #[allow(dead_code, reason = "carries the description; the health server's pages answer")]
        fn $name() {}
    };
}

health_path!(
    live,
    "/health/live",
    "liveness_probe",
    "application/health+json" as Object,
    "Is this process making progress?"
);
health_path!(ready, "/health/ready", "readiness_probe", "application/health+json" as Object, "May it be sent traffic?",
    params(("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")));
health_path!(startup, "/health/startup", "startup_probe", "application/health+json" as Object, "Has it started?",
    params(("exclude" = Option<String>, Query, description = "a gate to leave out; may be repeated")));
health_path!(detail, "/health", "detailed_health_check", "application/health+json" as Object, "How is the core, in detail?",
    params(("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")));
health_path!(
    component,
    "/health/checks/{name}",
    "component_health_check",
    "application/health+json" as Object,
    "How is one component of the core?",
    params(("name" = String, Path, description = "the component")),
    missing("there is no such component")
);
health_path!(plugin, "/plugins/{plugin}/health", "plugin_health_check", "application/health+json" as Object,
    "How is a provider instance?",
    params(("plugin" = String, Path, description = "the instance"),
        ("exclude" = Option<String>, Query, description = "a check to leave out; may be repeated")),
    missing("there is no such instance"));
health_path!(
    plugin_component,
    "/plugins/{plugin}/health/{name}",
    "plugin_component_health_check",
    "application/health+json" as Object,
    "How is one component of a provider instance?",
    params(
        ("plugin" = String, Path, description = "the instance"),
        ("name" = String, Path, description = "the component")
    ),
    missing("there is no such instance, or no such component")
);
health_path!(livez, "/livez", "livez", "text/plain" as String, "/health/live as text, as Kubernetes has it",
    params(("verbose" = Option<String>, Query, description = "list what was looked at"),
        ("exclude" = Option<String>, Query, description = "leave one out; may be repeated")));
health_path!(readyz, "/readyz", "readyz", "text/plain" as String, "/health/ready as text, as Kubernetes has it",
    params(("verbose" = Option<String>, Query, description = "list what was looked at"),
        ("exclude" = Option<String>, Query, description = "leave one out; may be repeated")));
health_path!(startupz, "/startupz", "startupz", "text/plain" as String, "/health/startup as text, as Kubernetes has it",
    params(("verbose" = Option<String>, Query, description = "list what was looked at"),
        ("exclude" = Option<String>, Query, description = "leave one out; may be repeated")));
health_path!(healthz, "/healthz", "healthz", "text/plain" as String, "/health as text, as Kubernetes has it",
    params(("verbose" = Option<String>, Query, description = "list what was looked at"),
        ("exclude" = Option<String>, Query, description = "leave one out; may be repeated")));

/// Pages for whoever may see details.
#[rustfmt::skip] // It would indent the attribute further at every run.
macro_rules! detail_path {
    ($name:ident, $path:literal, $id:literal, $form:literal as $body:ident, $summary:literal) => {
        #[utoipa::path(
            get,
            path = $path,
            operation_id = $id,
            tag = "health",
            summary = $summary,
            responses(
                (status = 200, content_type = $form, body = $body),
                (status = 401, description = "a key or the management token has to be shown"),
            )
        )]
        #[allow(dead_code, reason = "carries the description; the health server's pages answer")]
        fn $name() {}
    };
}

detail_path!(
    history,
    "/health/history",
    "health_history",
    "application/json" as Object,
    "The last 256 transitions"
);
detail_path!(
    events,
    "/health/events",
    "health_events",
    "text/event-stream" as String,
    "Every transition to come"
);
detail_path!(metrics, "/metrics", "metrics", "text/plain" as String, "Health for Prometheus");

/// Orders of whoever runs the service.
macro_rules! order_path {
    ($name:ident, $path:literal, $summary:literal) => {
        #[utoipa::path(
            post,
            path = $path,
            operation_id = stringify!($name),
            tag = "health",
            summary = $summary,
            responses(
                (status = 200, description = "the phase the service is in", body = Object),
                (status = 403, description = "the management token has to be shown, or another door to be taken; or a web page of another site asks"),
                (status = 421, description = "`Host` has a name that is none of this service's"),
                (status = 409, description = "the service is shutting down"),
            )
        )]
        #[allow(dead_code, reason = "carries the description; the health server's pages answer")]
        fn $name() {}
    };
}

order_path!(drain, "/drain", "Take the service out of rotation; it goes on serving");
order_path!(undrain, "/undrain", "Put the service back into rotation");
