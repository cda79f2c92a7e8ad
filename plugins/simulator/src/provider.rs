//! The provider: the script's directions, then the performance.

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, AnswerBody, Call, CallError, CallErrorKind, Provider};
use ccproxy_wire::{Dialect, Family, Operation};
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use tokio::time::sleep;

use crate::body;
use crate::config::Config;
use crate::fault::{Fault, overloaded};
use crate::ids::Ids;
use crate::perform::{Performance, perform};
use crate::problem::Problem;
use crate::script::Script;

const SIMULATED: HeaderName = HeaderName::from_static("x-ccproxy-simulated");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// An instance of the simulator.
#[derive(Debug)]
pub(crate) struct Simulated {
    defaults: Script,
}

impl Simulated {
    /// An instance that behaves as configured.
    pub(crate) fn new(config: &Config) -> Self {
        Self { defaults: Script::new(config) }
    }

    async fn answer(&self, call: Call) -> Result<Answer, CallError> {
        if !self.supports(call.operation) {
            let text = format!("the simulator has no {}", call.operation.name());
            return Err(CallError::new(CallErrorKind::Unsupported, text));
        }
        let stage = Stage { family: call.operation.family(&call.headers), ids: Ids::of(&call) };
        let script = match self.defaults.clone().with_header(&call.headers) {
            Ok(script) => script,
            Err(problem) => return Ok(stage.problem(&problem)),
        };
        if !script.latency.is_zero() {
            sleep(script.latency).await;
        }
        Ok(stage.play(&call, &script).unwrap_or_else(|problem| stage.problem(&problem)))
    }
}

impl Provider for Simulated {
    fn dialects(&self) -> &[Dialect] {
        &[Dialect::Messages, Dialect::Chat, Dialect::Responses]
    }

    fn supports(&self, operation: Operation) -> bool {
        operation != Operation::ResponsesSocket
    }

    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, CallError>> {
        Box::pin(self.answer(call))
    }
}

/// What every answer to one call has in common.
struct Stage {
    family: Family,
    ids: Ids,
}

impl Stage {
    fn play(&self, call: &Call, script: &Script) -> Result<Answer, Problem> {
        if let Some(problem) = script.fault.and_then(|fault| fault.problem(self.family)) {
            return Err(problem);
        }
        let performance = perform(call, script, &self.ids)?;
        let broken = script.fault.and_then(Fault::in_body);
        let overload = script.fault == Some(Fault::OverloadedStream);
        Ok(match performance {
            Performance::Stream(_) if overload => self.stream(body::whole(self.overload(call))),
            Performance::Whole(_) if overload => return Err(overloaded(self.family)),
            Performance::Stream(reel) => {
                let fault = broken.map(|end| (script.after, end));
                self.stream(body::stream(reel.into_frames(), script.token_rate, fault))
            }
            Performance::Whole(bytes) => {
                let body = match broken {
                    Some(end) => body::broken(&bytes, script.after == 0, end),
                    None => body::whole(bytes),
                };
                self.head(StatusCode::OK, JSON, body)
            }
        })
    }

    fn overload(&self, call: &Call) -> Bytes {
        let dialect = call.operation.dialect().unwrap_or(Dialect::Chat);
        overloaded(self.family).event(dialect, &self.request_id())
    }

    fn problem(&self, problem: &Problem) -> Answer {
        let body = body::whole(problem.body(self.family, &self.request_id()));
        let mut answer = self.head(problem.status, JSON, body);
        for &(name, value) in problem.headers {
            answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        answer
    }

    fn stream(&self, body: AnswerBody) -> Answer {
        let mut answer = self.head(StatusCode::OK, EVENT_STREAM, body);
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }

    fn head(&self, status: StatusCode, content_type: HeaderValue, body: AnswerBody) -> Answer {
        let mut answer = Response::new(body);
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.insert(SIMULATED, HeaderValue::from_static("true"));
        if let Ok(id) = HeaderValue::try_from(self.request_id()) {
            headers.insert(self.id_header(), id);
        }
        answer
    }

    fn id_header(&self) -> HeaderName {
        HeaderName::from_static(match self.family {
            Family::Anthropic => "request-id",
            Family::OpenAi => "x-request-id",
        })
    }

    fn request_id(&self) -> String {
        self.ids.id("req_", 0)
    }
}
