use std::convert::Infallible;
use std::future::poll_fn;
use std::task::Poll;

use ccproxy_health::{Builder, Identity, Outcome, Scope, Spec, check_fn};
use futures_util::Stream;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{Code, Streaming};
use tonic_health::pb::health_client::HealthClient;
use tower::Service;

use super::*;
use ServingStatus::{NotServing, ServiceUnknown, Serving};

fn builder() -> Builder {
    Builder::new(Identity::new("1.2.3", "service", "Service"))
}

/// A client that calls the service without a network between.
fn client(
    grpc: &Grpc,
) -> HealthClient<
    impl Service<
        Request<tonic::body::Body>,
        Response = Response<tonic::body::Body>,
        Error = Infallible,
        Future: Send,
    > + Clone,
> {
    let grpc = grpc.clone();
    HealthClient::new(service_fn(move |request| {
        let grpc = grpc.clone();
        async move { Ok(grpc.call(request, true).await) }
    }))
}

fn asked(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn check(grpc: &Grpc, service: &str, expect: Result<ServingStatus, Code>) {
    let answer = client(grpc).check(asked(service)).await;
    let answer = answer.map(|answer| answer.into_inner().status()).map_err(|status| status.code());
    assert_eq!(answer, expect, "{service:?}");
}

async fn watch(grpc: &Grpc, service: &str) -> Streaming<HealthCheckResponse> {
    client(grpc).watch(asked(service)).await.unwrap().into_inner()
}

async fn next(messages: &mut Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    messages.message().await.unwrap().map(|message| message.status())
}

/// Whether a stream has nothing to say at this moment.
async fn silent(messages: &mut Streaming<HealthCheckResponse>) -> bool {
    poll_fn(|context| Poll::Ready(std::pin::Pin::new(&mut *messages).poll_next(context).is_pending())).await
}

async fn pass(time: Duration) {
    for _ in 0..time.as_millis() / 100 {
        advance(Duration::from_millis(100)).await;
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn check_tells_each_service_by_its_own_verdict() {
    let mut builder = builder();
    builder.gate("storage open").plugin("claude", "Claude");
    let health = builder.build();
    let grpc = Grpc::new(health.clone());
    let all = |expect: [ServingStatus; 5]| {
        let grpc = grpc.clone();
        async move {
            for (service, status) in
                ["", "readiness", "liveness", "startup", "claude"].into_iter().zip(expect)
            {
                check(&grpc, service, Ok(status)).await;
            }
            check(&grpc, "Readiness", Err(Code::NotFound)).await;
            check(&grpc, "nobody", Err(Code::NotFound)).await;
        }
    };
    all([NotServing, NotServing, Serving, NotServing, Serving]).await;
    health.open_gate("storage open");
    all([Serving; 5]).await;
    health.take_out();
    all([NotServing, NotServing, Serving, Serving, Serving]).await;
    health.undrain();
    all([Serving; 5]).await;
    health.drain();
    health.stop();
    all([NotServing, NotServing, Serving, Serving, Serving]).await;
}

#[tokio::test(start_paused = true)]
async fn warn_serves_and_a_stall_or_a_failed_check_does_not() {
    let mut builder = builder();
    let spec = |name| Spec::new(name).unwrap().fall(1).rise(1);
    let never = || check_fn(std::future::pending);
    let optional = builder.check(Scope::plugin("claude"), spec("upstream"), never());
    let critical = builder.check(Scope::Core, spec("disk").critical(true), never());
    let health = builder.build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    let grpc = Grpc::new(health);

    check(&grpc, "", Ok(NotServing)).await;
    critical.report(Outcome::pass());
    optional.report(Outcome::fail("gone"));
    pass(Duration::from_millis(100)).await;
    check(&grpc, "claude", Ok(NotServing)).await;
    check(&grpc, "", Ok(Serving)).await;
    critical.report(Outcome::fail("full"));
    optional.report(Outcome::warn("slow"));
    pass(Duration::from_millis(100)).await;
    check(&grpc, "claude", Ok(Serving)).await;
    check(&grpc, "", Ok(NotServing)).await;
    check(&grpc, "liveness", Ok(Serving)).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;

    let stalled = Grpc::new(self::builder().build());
    pass(Duration::from_secs(6)).await;
    check(&stalled, "liveness", Ok(NotServing)).await;
}

#[tokio::test(start_paused = true)]
async fn watch_tells_a_drain_without_waiting_and_nothing_twice() {
    let health = builder().build();
    let grpc = Grpc::new(health.clone());
    let (mut whole, mut live) = (watch(&grpc, "").await, watch(&grpc, "liveness").await);
    let before = Instant::now();
    assert_eq!((next(&mut whole).await, next(&mut live).await), (Some(Serving), Some(Serving)));
    assert!(silent(&mut whole).await && silent(&mut live).await);
    health.take_out();
    assert_eq!(next(&mut whole).await, Some(NotServing));
    health.undrain();
    assert_eq!(next(&mut whole).await, Some(Serving));
    health.drain();
    assert_eq!(next(&mut whole).await, Some(NotServing));
    assert_eq!(Instant::now(), before, "no tick was waited for");
    assert!(silent(&mut live).await);
    pass(Duration::from_secs(3)).await;
    assert!(silent(&mut whole).await && silent(&mut live).await);
    health.stop();
    assert_eq!((next(&mut whole).await, next(&mut live).await), (None, None));
}

#[tokio::test(start_paused = true)]
async fn watches_end_with_their_server() {
    let until = CancellationToken::new();
    let grpc = Grpc::new(builder().build()).until(until.clone());
    let mut whole = watch(&grpc, "").await;
    assert_eq!(next(&mut whole).await, Some(Serving));
    until.cancel();
    assert_eq!(next(&mut whole).await, None);
}

#[tokio::test(start_paused = true)]
async fn watch_stays_with_a_name_that_nobody_has() {
    let health = builder().build();
    let grpc = Grpc::new(health.clone());
    let mut messages = watch(&grpc, "nobody").await;
    assert_eq!(next(&mut messages).await, Some(ServiceUnknown));
    pass(Duration::from_secs(60)).await;
    assert!(silent(&mut messages).await);
    health.drain();
    pass(Duration::from_secs(1)).await;
    assert!(silent(&mut messages).await);
}

#[tokio::test(start_paused = true)]
async fn watch_follows_checks_and_what_time_makes_of_them() {
    let mut builder = builder();
    let second = Duration::from_secs(1);
    let spec = Spec::new("disk").unwrap().critical(true).interval(3 * second).timeout(second).fall(1).rise(1);
    builder.grace(second);
    let disk = builder.check(Scope::Core, spec.initial_delay(3600 * second), check_fn(std::future::pending));
    let health = builder.build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    let mut messages = watch(&Grpc::new(health), "").await;
    assert_eq!(next(&mut messages).await, Some(NotServing));

    let before = Instant::now();
    disk.report(Outcome::pass());
    assert_eq!(next(&mut messages).await, Some(Serving));
    assert!(before.elapsed() <= Duration::from_millis(100), "by the change, not by the tick");
    assert_eq!(next(&mut messages).await, Some(NotServing));
    let lost = before.elapsed();
    assert!(lost > 10 * second && lost < 11 * second, "lost after twice the limit: {lost:?}");
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn watches_are_bounded() {
    let grpc = Grpc::new(builder().build());
    let mut open = Vec::new();
    for _ in 0..MAX_WATCHES {
        open.push(watch(&grpc, "").await);
    }
    let refused = client(&grpc).watch(asked("")).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    open.pop();
    assert_eq!(next(&mut watch(&grpc, "").await).await, Some(Serving));
}

#[tokio::test]
async fn list_names_what_may_be_seen() {
    let mut builder = builder();
    builder.plugin("claude", "Claude").gate("storage open");
    let grpc = Grpc::new(builder.build());
    for may_list in [true, false] {
        let service = grpc.clone();
        let mut client = tonic::client::Grpc::new(service_fn(move |request: Request<tonic::body::Body>| {
            let grpc = service.clone();
            async move { Ok::<_, Infallible>(grpc.call(request, may_list).await) }
        }));
        let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/List");
        let codec = ProstCodec::<ListRequest, ListResponse>::default();
        client.ready().await.unwrap();
        let answer = client.unary(tonic::Request::new(ListRequest {}), path, codec).await.unwrap();
        let mut expect =
            vec![("", NotServing), ("liveness", Serving), ("readiness", NotServing), ("startup", NotServing)];
        if may_list {
            expect.insert(1, ("claude", Serving));
        }
        let statuses = answer.into_inner().statuses;
        let listed: Vec<_> = statuses.iter().map(|(name, answer)| (name.as_str(), answer.status())).collect();
        assert_eq!(listed, expect);
    }
}

#[test]
fn list_has_the_bytes_of_the_protocol() {
    // field 1, an entry: key (field 1) "a", value (field 2) { status (field 1): NOT_SERVING (2) }
    let bytes = [0x0a, 0x07, 0x0a, 0x01, b'a', 0x12, 0x02, 0x08, 0x02];
    let statuses = BTreeMap::from([("a".to_owned(), response(NotServing))]);
    assert_eq!(ListResponse { statuses }.encode_to_vec(), bytes);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_is_refused() {
    async fn check<B>(method: &str, body: B, expect: Code)
    where
        B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
    {
        let grpc = Grpc::new(builder().build());
        let request = Request::post(format!("/grpc.health.v1.Health/{method}")).body(body).unwrap();
        let answer = grpc.call(request, true).await;
        assert_eq!(answer.status(), 200);
        let status = match answer.headers().get("grpc-status") {
            Some(status) => status.clone(),
            None => answer.into_body().collect().await.unwrap().trailers().unwrap()["grpc-status"].clone(),
        };
        assert_eq!(Code::from_bytes(status.as_bytes()), expect, "{method}");
    }
    let empty = || Full::from(vec![0; 5]);
    check("Check", empty(), Code::Ok).await;
    check("List", empty(), Code::Ok).await;
    check("Reset", empty(), Code::Unimplemented).await;
    check("check", empty(), Code::Unimplemented).await;
    check("Check", Full::from(vec![0, 0, 0, 0, 1, 0xff]), Code::Internal).await;
    check("Check", Full::from(vec![0, 0x7f, 0xff, 0xff, 0xff]), Code::OutOfRange).await;
    let never = http_body_util::StreamBody::new(futures_util::stream::pending());
    check("Watch", never, Code::DeadlineExceeded).await;
}

#[test]
fn grpc_is_known_by_path_and_content_type() {
    fn check(path: &str, kind: &str, expect: bool) {
        let request = Request::post(path).header(CONTENT_TYPE, kind).body(()).unwrap();
        assert_eq!(is_grpc(&request), expect, "{path} {kind}");
    }
    check("/grpc.health.v1.Health/Check", "application/grpc", true);
    check("/grpc.health.v1.Health/Watch", "application/grpc+proto", true);
    check("/grpc.health.v1.Health/Nothing", "application/grpc;v=1", true);
    check("/grpc.health.v1.Health/Check", "application/grpc-web", false);
    check("/grpc.health.v1.Health/Check", "application/json", false);
    check("/health", "application/grpc", false);
}

#[tokio::test]
async fn tonics_client_is_answered_over_http2() {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let health = builder().build();
    let grpc = Grpc::new(health.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
            let grpc = grpc.clone();
            async move {
                assert!(is_grpc(&request));
                Ok::<_, Infallible>(grpc.call(request, false).await)
            }
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = server.serve_connection(TokioIo::new(theirs), service).await;
    });
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(ours)).await.unwrap();
    tasks.spawn(async move { drop(connection.await) });
    let service = service_fn(move |request| sender.clone().send_request(request));
    let mut client = HealthClient::with_origin(service, http::Uri::from_static("http://health"));

    let answer = client.check(asked("readiness")).await.unwrap();
    assert_eq!(answer.into_inner().status(), Serving);
    assert_eq!(client.check(asked("nobody")).await.unwrap_err().code(), Code::NotFound);
    let mut messages = client.watch(asked("")).await.unwrap().into_inner();
    assert_eq!(next(&mut messages).await, Some(Serving));
    health.drain();
    assert_eq!(next(&mut messages).await, Some(NotServing));
    health.stop();
    assert_eq!(next(&mut messages).await, None);
}
