use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ccproxy_plugin_api::{Hook, HookError};
use ccproxy_record::Event;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::config::Protocol;
use crate::hook::Otel;
use crate::spans::tests::record;

#[test]
fn what_a_status_means() {
    let check = |code: Code, details: &[u8], expect: &str| {
        let status = Status::with_details(code, "", Bytes::copy_from_slice(details));
        let got = match verdict(&status, "spans") {
            Failure::Again(_, pause) => format!("again {}", pause.unwrap_or_default().as_secs()),
            Failure::Lost(_) => "lost".to_owned(),
        };
        assert_eq!(got, expect, "{code:?}");
    };
    let delay = Some(Delay { seconds: 7, nanos: 5 });
    let value = RetryInfo { delay }.encode_to_vec();
    let any = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(), value };
    let seven = Details { details: vec![any] }.encode_to_vec();
    check(Code::Unavailable, &[], "again 0");
    check(Code::Unavailable, &seven, "again 7");
    check(Code::ResourceExhausted, &[], "lost");
    check(Code::ResourceExhausted, &seven, "again 7");
    check(Code::DeadlineExceeded, b"junk", "again 0");
    for code in [Code::InvalidArgument, Code::Unauthenticated, Code::Unimplemented, Code::Internal] {
        check(code, &[], "lost");
    }
}

type Got = Arc<Mutex<Vec<(http::request::Parts, Bytes)>>>;

/// Takes everything, once it has said `first`.
async fn answer(got: Got, first: &'static str, request: http::Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let is_first = got.lock().unwrap().is_empty();
    got.lock().unwrap().push((parts, body));
    let mut response = Response::new(Full::default());
    let code = if is_first { first } else { "0" };
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    if code == "0" {
        // A message without a field: all is taken.
        *response.body_mut() = Full::new(Bytes::from_static(&[0; 5]));
    }
    response.headers_mut().insert("grpc-status", HeaderValue::from_static(code));
    response
}

/// A collector that first answers with this status.
async fn collector(first: &'static str) -> (String, Got, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (got, mut serving) = (Got::default(), JoinSet::new());
    let given = Arc::clone(&got);
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (io, _) = listener.accept().await.unwrap();
            let got = Arc::clone(&given);
            let service = service_fn(move |request| {
                let got = Arc::clone(&got);
                async move { Ok::<_, Infallible>(answer(got, first, request).await) }
            });
            let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            connections.spawn(async move { drop(builder.serve_connection(TokioIo::new(io), service).await) });
        }
    });
    (url, got, serving)
}

/// A hook that has been given a record twice, as after a failure.
async fn told(url: String) -> [Result<(), HookError>; 2] {
    let mut config = OtelConfig { endpoint: Some(url), protocol: Protocol::Grpc, ..OtelConfig::default() };
    config.headers.insert("x-tenant".to_owned(), ccproxy_config::SecretSource::Value("seven".into()));
    config.timeout = Duration::from_secs(2);
    let hook = Otel::new(config).ok().unwrap();
    let events = [Event::Exchange(Arc::new(record(|_| {})))];
    let work = move || {
        hook.start().unwrap();
        let taken = [hook.take(&events), hook.take(&events)];
        hook.end();
        taken
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn what_is_not_taken_now_is_taken_later() {
    let (url, got, _serving) = collector("14").await;
    let [first, second] = told(url).await;
    assert!(first.is_err_and(|error| !error.is_lost() && error.to_string().contains("Unavailable")));
    assert_eq!(second, Ok(()));
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 3, "twice the spans, once the metrics");
    let (parts, body) = &got[1];
    assert_eq!(parts.uri.path(), ExportTraceServiceRequest::METHOD);
    assert_eq!(parts.headers["x-tenant"], "seven");
    let request = ExportTraceServiceRequest::decode(&body[5..]).unwrap();
    assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 3);
    assert!(got[2].0.uri.path().ends_with("MetricsService/Export"));
}

#[tokio::test]
async fn what_is_refused_is_lost() {
    let (url, got, _serving) = collector("16").await;
    let [first, _] = told(url).await;
    let error = first.err().unwrap();
    assert!(error.is_lost() && error.to_string().contains("plugins.otel.headers"), "{error}");
    assert!(!error.to_string().contains("seven"));
    drop(got);
}

#[tokio::test]
async fn a_collector_that_is_not_there() {
    let [first, _] = told("http://127.0.0.1:1".to_owned()).await;
    assert!(first.is_err_and(|error| !error.is_lost()));
}
