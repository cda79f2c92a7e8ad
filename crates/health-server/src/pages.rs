//! The pages over HTTP: the status codes, headers and methods that every kind of watcher understands.
//!
//! | path | what |
//! |---|---|
//! | `/health`, `/health/live`, `/health/ready`, `/health/startup` | JSON |
//! | `/health/checks/{name}`, `/plugins/{plugin}/health/{name}` | one component |
//! | `/health/history`, `/health/events` | the last transitions; those to come |
//! | `/plugins/{plugin}/health` | a plugin |
//! | `/livez`, `/readyz`, `/startupz`, `/healthz`, each with `/{name}` | text, as Kubernetes has it |
//! | `/metrics` | Prometheus |
//! | `POST /drain`, `POST /undrain` | an operator's orders |
//!
//! Answers are read from what is known already: no probe waits, does I/O or takes a lock held across an await.

mod command;
mod events;
mod path;
mod probe;
mod query;
pub(crate) mod reply;
mod service;

use std::sync::Arc;

use ccproxy_health::{Health, Phase, View, report};
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::metrics::Format;
use crate::{Body, site};
use command::Order;
use path::Kind;
use probe::Asked;
use reply::{JSON, READ, reply};

/// Listeners to `/health/events` at a time.
const MAX_LISTENERS: usize = 64;

/// Who sees more than the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// Everybody sees everything.
    Always,
    /// Whoever the guard lets see; others see the service as a whole.
    Authorized,
    /// Whoever the guard lets see; others see the status and nothing else.
    Status,
}

/// What a request may see and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sight {
    /// All details.
    pub details: bool,
    /// `/drain` and `/undrain`.
    pub command: bool,
}

/// Decides by a request's headers what it may see and do, beyond what [`Details`] gives everybody.
pub type Guard = Arc<dyn Fn(&HeaderMap) -> Sight + Send + Sync>;

/// Whether a server goes by a name, besides its IP addresses and `localhost`.
pub type Names = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// How the pages are told.
#[derive(Clone)]
pub struct PagesOptions {
    /// Who sees more than the verdict.
    pub details: Details,
    /// What a request's headers let it see and do.
    pub guard: Guard,
    /// Names that orders may call the server by; without it, they may call it anything. A server that only its own machine
    /// reaches should have it: see [`site`].
    pub names: Option<Names>,
    /// Whether a degraded answer carries `x-envoy-degraded: 1`.
    pub envoy_degraded: bool,
    /// What `/metrics` shows, such as [`metrics::registry`](crate::metrics::registry) makes; no such page without.
    pub registry: Option<Arc<Registry>>,
}

impl Default for PagesOptions {
    /// Whoever comes sees the service as a whole and orders nothing.
    fn default() -> Self {
        Self {
            details: Details::Authorized,
            guard: Arc::new(|_| Sight::default()),
            names: None,
            envoy_degraded: false,
            registry: None,
        }
    }
}

/// The pages of one health. Clones share the limit of listeners to events.
///
/// They are a [`tower::Service`], too, for any server that takes one.
#[derive(Clone)]
pub struct Pages {
    health: Health,
    options: PagesOptions,
    listeners: Arc<Semaphore>,
    until: CancellationToken,
}

/// A page that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<'p>(Kind<'p>);

impl Pages {
    /// The pages of this health.
    pub fn new(health: Health, options: PagesOptions) -> Self {
        let listeners = Arc::new(Semaphore::new(MAX_LISTENERS));
        Self { health, options, listeners, until: CancellationToken::new() }
    }

    /// The same pages, whose streams end when the token is cancelled: what never ends by itself would hold the end of
    /// its server up.
    #[must_use]
    pub fn until(self, until: CancellationToken) -> Self {
        Self { until, ..self }
    }

    /// The page that a request line names, if it is one of ours; a trailing slash is ignored. `OPTIONS /` and `OPTIONS *`
    /// are readiness without a body: so HAProxy asks unless it is told a path.
    pub fn find<'p>(&self, method: &Method, path: &'p str) -> Option<Page<'p>> {
        if *method == Method::OPTIONS && matches!(path, "/" | "*") {
            return Some(Page(Kind::Server));
        }
        let kind = path::find(path)?;
        (kind != Kind::Metrics || self.options.registry.is_some()).then_some(Page(kind))
    }

    /// Answers. The request's body, if any, is not read. What [goes on](Body::Stream) has to be polled on a runtime of
    /// tokio that keeps time.
    pub fn answer<B>(&self, page: Page<'_>, request: &Request<B>) -> Response<Body> {
        let method = request.method();
        let order = match page.0 {
            Kind::Drain => Some(Order::Drain),
            Kind::Undrain => Some(Order::Undrain),
            _ => None,
        };
        if let Some(order) = order {
            return command::obey(self, order, request);
        }
        if !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return reply::wrong_method(READ);
        }
        let mut response = self.read(page.0, request);
        self.vary(response.headers_mut());
        if *method == Method::OPTIONS {
            response.headers_mut().insert(ALLOW, READ);
        }
        if *method == Method::HEAD {
            without_body(&mut response);
        }
        if page.0 == Kind::Server {
            *response.body_mut() = Body::default();
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }

    /// Whether a request with these headers sees everything.
    pub fn sees_details(&self, headers: &HeaderMap) -> bool {
        self.options.details == Details::Always || (self.options.guard)(headers).details
    }

    /// Whether a request with these headers may give orders.
    pub fn may_command(&self, headers: &HeaderMap) -> bool {
        (self.options.guard)(headers).command
    }

    /// The name that a request calls this server by, if it goes by no such name here.
    pub fn misdirected<B>(&self, request: &Request<B>) -> Option<String> {
        self.options.names.as_ref().and_then(|names| site::unknown_name(request, &**names))
    }

    /// Says in the headers of an answer that it depends on [who asks](Self::sees_details), where it does.
    pub fn vary(&self, headers: &mut HeaderMap) {
        if self.options.details != Details::Always {
            headers.insert(VARY, HeaderValue::from_static("Authorization, X-Api-Key"));
        }
    }

    /// Resolves when the streams of this door are to end: its own are, when the health is over or its [end](Self::until)
    /// has come.
    pub fn over(&self) -> impl Future<Output = ()> + Send + use<> {
        let (until, mut phase) = (self.until.clone(), self.health.watch_phase());
        async move {
            tokio::select! {
                () = until.cancelled() => {}
                // An error is an end, too.
                _ = phase.wait_for(|phase| *phase == Phase::Stopped) => {}
            }
        }
    }

    /// Whose health it is.
    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    fn read<B>(&self, kind: Kind<'_>, request: &Request<B>) -> Response<Body> {
        let (health, headers) = (&self.health, request.headers());
        let full = self.sees_details(headers);
        match kind {
            Kind::History | Kind::Events | Kind::Metrics if !full => reply::unauthorized(),
            Kind::History => reply(StatusCode::OK, JSON, report::history(health)),
            Kind::Metrics => self.scrape(headers),
            Kind::Events => self.events(request),
            probe => {
                let view = match self.options.details {
                    _ if full => View::Full,
                    Details::Status => View::StatusOnly,
                    Details::Always | Details::Authorized => View::Anonymous,
                };
                let asked = Asked {
                    view,
                    query: request.uri().query().unwrap_or_default(),
                    method: request.method(),
                    headers,
                    envoy: self.options.envoy_degraded,
                };
                probe::answer(health, probe, &asked)
            }
        }
    }

    fn scrape(&self, headers: &HeaderMap) -> Response<Body> {
        let format = Format::wanted(headers);
        match self.options.registry.as_ref().map(|registry| format.write(registry)) {
            None => reply::no_page(),
            Some(Ok(page)) => reply(StatusCode::OK, format.media(), page),
            Some(Err(error)) => {
                tracing::error!(%error, "metrics_not_written");
                let body = r#"{"error":"the metrics could not be written"}"#;
                reply(StatusCode::INTERNAL_SERVER_ERROR, JSON, body)
            }
        }
    }

    fn events<B>(&self, request: &Request<B>) -> Response<Body> {
        if *request.method() != Method::GET {
            return reply(StatusCode::OK, events::EVENT_STREAM, "");
        }
        match Arc::clone(&self.listeners).try_acquire_owned() {
            Ok(place) => events::answer(&self.health, request.headers(), self.until.clone(), place),
            Err(_) => reply::busy(),
        }
    }
}

/// What HEAD gets: everything but the body. Servers leave it out themselves, but not all of them on HTTP/2.
fn without_body(response: &mut Response<Body>) {
    let length = std::mem::take(response.body_mut()).size_hint().exact();
    if response.status() == StatusCode::NOT_MODIFIED {
        return;
    }
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let details = self.options.details;
        f.debug_struct("Pages")
            .field("health", &self.health)
            .field("details", &details)
            .finish_non_exhaustive()
    }
}
