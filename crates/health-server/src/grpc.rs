//! The gRPC health protocol, `grpc.health.v1`: Check, Watch and List.
//!
//! | service | whose verdict |
//! |---|---|
//! | `""`, `readiness` | readiness, which a drain fails at once |
//! | `liveness` | liveness, which holds through a drain |
//! | `startup` | the start-up gates |
//! | a plugin's name | that plugin |
//!
//! Pass and warn are `SERVING`, fail is `NOT_SERVING`. Of a name that nobody has, Check says `NOT_FOUND`; Watch says
//! `SERVICE_UNKNOWN` and stays.

mod messages;
mod watch;

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ccproxy_health::{Health, Status as Verdict, View, aggregate, report};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;
use tower::service_fn;

use messages::{ListRequest, ListResponse};

/// How many watches there may be at once.
const MAX_WATCHES: usize = 1000;
/// The longest request, in bytes; all that it carries is a name.
const MAX_REQUEST: usize = 4096;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

const PREFIX: &str = "/grpc.health.v1.Health/";
const READINESS: &str = "readiness";
const LIVENESS: &str = "liveness";
const STARTUP: &str = "startup";

/// The names that every server has.
const STANDARD: [&str; 4] = ["", READINESS, LIVENESS, STARTUP];

/// Whether a request is gRPC's, for the health service. HTTP/2 alone carries what answers it.
///
/// ```
/// use ccproxy_health_server::grpc::is_grpc;
/// use http::Request;
/// let request = Request::post("/grpc.health.v1.Health/Check").header("content-type", "application/grpc");
/// assert!(is_grpc(&request.body(())?));
/// assert!(!is_grpc(&Request::get("/health").body(())?));
/// # Ok::<(), http::Error>(())
/// ```
pub fn is_grpc<B>(request: &Request<B>) -> bool {
    // `application/grpc-web` is another protocol.
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.as_bytes().strip_prefix(b"application/grpc"));
    let grpc = kind.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
    grpc && request.uri().path().starts_with(PREFIX)
}

/// The health service. Clones share the limit of watches.
#[derive(Clone)]
pub struct Grpc {
    health: Health,
    watches: Arc<Semaphore>,
    until: CancellationToken,
}

impl Grpc {
    /// The service of this health.
    pub fn new(health: Health) -> Self {
        Self { health, watches: Arc::new(Semaphore::new(MAX_WATCHES)), until: CancellationToken::new() }
    }

    /// The same service, whose watches end when the token is cancelled; their clients watch again, elsewhere.
    #[must_use]
    pub fn until(self, until: CancellationToken) -> Self {
        Self { until, ..self }
    }

    /// Answers. Without `may_list`, List tells the names that every server has and no others.
    ///
    /// It works on any runtime of tokio that keeps time. A watch's answer goes on until its client goes, the
    /// [phase](ccproxy_health::Phase) is stopped, or the [token](Self::until) is cancelled.
    pub async fn call<B>(&self, request: Request<B>, may_list: bool) -> Response<tonic::body::Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<tonic::codegen::StdError> + Send,
    {
        let path = request.uri().path();
        let method = path.strip_prefix(PREFIX).unwrap_or(path).to_owned();
        let answer = async {
            match method.as_str() {
                "Check" => {
                    let check = |asked| ready(self.check(&asked));
                    server().unary(service_fn(check), request).await
                }
                "Watch" => {
                    let watch = |asked| ready(self.watch(asked));
                    server().server_streaming(service_fn(watch), request).await
                }
                "List" => {
                    let list = |_: tonic::Request<ListRequest>| ready(Ok(self.list(may_list)));
                    server().unary(service_fn(list), request).await
                }
                _ => Status::unimplemented("the methods are Check, Watch and List").into_http(),
            }
        };
        let late = |_| Status::deadline_exceeded("the request took too long to arrive").into_http();
        timeout(PATIENCE, answer).await.unwrap_or_else(late)
    }

    fn check(
        &self,
        asked: &tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<HealthCheckResponse>, Status> {
        match look(&self.health, &asked.get_ref().service) {
            Some(status) => Ok(tonic::Response::new(response(status))),
            None => Err(Status::not_found("unknown service")),
        }
    }

    fn watch(
        &self,
        asked: tonic::Request<HealthCheckRequest>,
    ) -> Result<tonic::Response<watch::Messages>, Status> {
        let permit = Arc::clone(&self.watches)
            .try_acquire_owned()
            .map_err(|_| Status::resource_exhausted("too many watches"))?;
        let service = asked.into_inner().service;
        Ok(tonic::Response::new(watch::messages(self.health.clone(), service, self.until.clone(), permit)))
    }

    fn list(&self, all: bool) -> tonic::Response<ListResponse> {
        let mut statuses = BTreeMap::new();
        let plugins = if all { self.health.plugins() } else { Vec::new() };
        for name in STANDARD.into_iter().chain(plugins.iter().map(|name| &**name)) {
            if let Some(status) = look(&self.health, name) {
                statuses.insert(name.to_owned(), response(status));
            }
        }
        tonic::Response::new(ListResponse { statuses })
    }
}

/// How a service is at this moment; nothing, if there is none of this name.
fn look(health: &Health, service: &str) -> Option<ServingStatus> {
    let verdict = match service {
        "" | READINESS => aggregate::ready(health, &[]).status,
        LIVENESS => aggregate::live(health).status,
        STARTUP => aggregate::startup(health, &[]).status,
        plugin => report::plugin(health, View::StatusOnly, plugin, &[])?.status,
    };
    Some(if verdict == Verdict::Fail { ServingStatus::NotServing } else { ServingStatus::Serving })
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}

fn server<Answer, Question>() -> tonic::server::Grpc<ProstCodec<Answer, Question>>
where
    Answer: prost::Message + Send + 'static,
    Question: prost::Message + Default + Send + 'static,
{
    tonic::server::Grpc::new(ProstCodec::default()).apply_max_message_size_config(Some(MAX_REQUEST), None)
}

#[cfg(test)]
mod tests;
