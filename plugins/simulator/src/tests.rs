//! The provider as the server sees it: calls in, answers out.

mod faults;
mod golden;
mod rules;
mod shapes;
mod time;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ccproxy_config::Section;
use ccproxy_plugin_api::{Answer, Call, CallError, Instance, Provider};
use ccproxy_wire::operation::Match;
use ccproxy_wire::{Operation, RequestHead};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;

use crate::ENTRY;
use crate::script::HEADER;

/// A request in the making.
#[derive(Clone)]
struct Ask {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: String,
    config: &'static str,
}

fn get(target: &str) -> Ask {
    Ask {
        method: Method::GET,
        target: target.to_owned(),
        headers: HeaderMap::new(),
        body: String::new(),
        config: "",
    }
}

fn post(target: &str, body: &str) -> Ask {
    Ask { method: Method::POST, body: body.to_owned(), ..get(target) }
}

impl Ask {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn script(self, script: &str) -> Self {
        self.header(HEADER, script)
    }

    fn config(self, config: &'static str) -> Self {
        Self { config, ..self }
    }

    /// The same with `"stream":true` in the body.
    fn streamed(mut self) -> Self {
        self.body = self.body.replacen('{', r#"{"stream":true,"#, 1);
        self
    }

    async fn call(self) -> Result<Answer, CallError> {
        let path = self.target.split('?').next().unwrap();
        let Match::Found(operation) = Operation::find(&self.method, path) else {
            panic!("no operation for {}", self.target)
        };
        let body = Bytes::from(self.body);
        let head = RequestHead::read(&body).ok();
        let (model, stream) = head.map(|head| (head.model.into_owned(), head.stream)).unwrap_or_default();
        let Self { method, target, headers, config, .. } = self;
        provider(config).call(Call { operation, method, target, headers, body, model, stream }).await
    }

    /// The answer with all of its body, which comes without an error.
    async fn got(self) -> Got {
        let answer = self.call().await.unwrap();
        assert_eq!(answer.headers().get("x-ccproxy-simulated"), Some(&HeaderValue::from_static("true")));
        let (status, headers) = (answer.status(), answer.headers().clone());
        let (frames, error) = frames(answer).await;
        assert_eq!(error, None);
        Got { status, headers, body: String::from_utf8_lossy(&joined(&frames)).into_owned() }
    }

    async fn body(self) -> String {
        let got = self.got().await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.body);
        got.body
    }
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

fn provider(config: &str) -> Arc<dyn Provider> {
    let section = Section::from_toml("providers.demo", config).unwrap();
    ENTRY.build(&Instance::new("demo"), &section).map_err(|mistakes| mistakes.to_string()).unwrap().provider
}

/// The frames of a body, and the error that ended it.
async fn frames(answer: Answer) -> (Vec<Bytes>, Option<CallError>) {
    let mut body = answer.into_body();
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => frames.push(frame.into_data().unwrap()),
            Err(error) => return (frames, Some(error)),
        }
    }
    (frames, None)
}

fn joined(frames: &[Bytes]) -> Bytes {
    frames
        .iter()
        .fold(BytesMut::new(), |mut all, frame| {
            all.extend_from_slice(frame);
            all
        })
        .freeze()
}

/// The JSON texts in the `data` lines of a stream.
fn data(stream: &str) -> Vec<serde_json::Value> {
    let lines = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter(|line| *line != "[DONE]").map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn json(body: &str) -> serde_json::Value {
    serde_json::from_str(body).unwrap()
}

/// A string in a JSON body, empty where there is none.
fn text<'a>(json: &'a serde_json::Value, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default()
}
