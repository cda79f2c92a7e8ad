//! What happens here.

use utoipa::OpenApi;

use super::parameters::{Filter, Most, Page, Time, Usage as How};
use super::records::{Record, RequestPage, Transitions, Usage};
use crate::admin::api::config::Config;
use crate::admin::api::keys::Keys;
use crate::admin::api::overview::Overview;
use crate::admin::api::providers::Providers;

#[derive(OpenApi)]
#[openapi(
    paths(overview, providers, keys, config, usage, requests, request, live, transitions),
    components(schemas(Config, Keys, Overview, Providers, Record, RequestPage, Transitions, Usage))
)]
pub(super) struct Description;

/// Pages for whoever may see details.
#[rustfmt::skip] // It would indent the attribute further at every run.
macro_rules! page {
    ($name:ident, $path:literal, $form:literal as $body:ty, $summary:literal
     $(, params($($params:tt)*))? $(, wrong($wrong:literal))? $(, missing($missing:literal))? $(, busy($busy:literal))?) => {
        #[utoipa::path(
            get,
            path = $path,
            tag = "analytics",
            summary = $summary,
            $(params($($params)*),)?
            responses(
                (status = 200, content_type = $form, body = $body),
                $((status = 400, description = $wrong),)?
                (status = 401, description = "the management token or auth.token has to be shown; at the management port a client's key is enough"),
                (status = 403, description = "a client's key is not enough at the port of clients"),
                (status = 421, description = "`Host` has a name that is none of this service's"),
                $((status = 404, description = $missing),)?
                $((status = 503, description = $busy),)?
            )
        )]
        #[allow(dead_code, reason = "carries the description; admin::api answers")]
        fn $name() {}
    };
}

page!(overview, "/api/overview", "application/json" as Overview, "The process");
page!(
    providers,
    "/api/providers",
    "application/json" as Providers,
    "The provider instances, and how they stand"
);
page!(keys, "/api/keys", "application/json" as Keys, "The clients' keys and their limits");
page!(config, "/api/config", "application/json" as Config, "The configuration in force, secrets masked");
page!(
    usage,
    "/api/usage",
    "application/json" as Usage,
    "What exchanges used, by time and by what tells them apart; of the last 24 hours unless another time is asked for",
    params(Time, How, Filter),
    wrong("every wrong parameter, and what is allowed"),
    busy("nothing is kept, or the store cannot answer")
);
page!(
    requests,
    "/api/requests",
    "application/json" as RequestPage,
    "The records of exchanges that have ended",
    params(Time, Page, Filter),
    wrong("every wrong parameter, and what is allowed"),
    busy("nothing is kept, or the store cannot answer")
);
page!(
    request,
    "/api/requests/{id}",
    "application/json" as Record,
    "The newest record of this id",
    params(("id" = String, Path, description = "the id that the answer carried as x-request-id")),
    missing("there is none"),
    busy("nothing is kept, or the store cannot answer")
);
page!(
    live,
    "/api/requests/live",
    "text/event-stream" as String,
    "Each record as its exchange ends: `event: request`; `event: dropped` tells whoever reads too slowly how many it has missed",
    params(Filter),
    wrong("every wrong parameter, and what is allowed"),
    busy("as many follow as may at a time")
);
page!(
    transitions,
    "/api/health/transitions",
    "application/json" as Transitions,
    "How the health has changed, across restarts where the store keeps it",
    params(Time, Most),
    wrong("every wrong parameter, and what is allowed"),
    busy("the store cannot answer")
);
