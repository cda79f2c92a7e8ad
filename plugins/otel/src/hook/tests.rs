use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Mutex;

use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::spans::tests::record;

#[test]
fn the_share_of_traces_is_that_of_their_ids() {
    let check = |ratio: f64, id: &str, expect: bool| {
        let hook = Otel::new(OtelConfig { sample_ratio: ratio, ..OtelConfig::default() });
        assert_eq!(hook.ok().unwrap().samples(id.parse().unwrap()), expect, "{ratio} of {id}");
    };
    let (low, middle, high) = (
        "ffffffffffffffffff00000000000001",
        "00000000000000000080000000000000",
        "000000000000000000ffffffffffffff",
    );
    for (ratio, expect) in [
        (0.0, [false, false, false]),
        (0.5, [true, false, false]),
        (0.75, [true, true, false]),
        (1.0, [true; 3]),
    ] {
        for (id, expect) in [low, middle, high].into_iter().zip(expect) {
            check(ratio, id, expect);
        }
    }
}

type Got = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A collector that answers with these statuses, and with 200 after that.
async fn collector(statuses: &'static [u16]) -> (String, Got, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (got, mut serving) = (Got::default(), JoinSet::new());
    let given = Arc::clone(&got);
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (io, _) = listener.accept().await.unwrap();
            let got = Arc::clone(&given);
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let got = Arc::clone(&got);
                async move {
                    let path = request.uri().path().to_owned();
                    let body = request.into_body().collect().await.unwrap().to_bytes().to_vec();
                    let mut got = got.lock().unwrap();
                    let status = statuses.get(got.len()).copied().unwrap_or(200);
                    got.push((path, body));
                    let response = Response::builder().status(status).body(Full::<&[u8]>::default());
                    Ok::<_, Infallible>(response.unwrap())
                }
            });
            let builder = hyper::server::conn::http1::Builder::new();
            connections.spawn(async move { drop(builder.serve_connection(TokioIo::new(io), service).await) });
        }
    });
    (url, got, serving)
}

/// So many exchanges, each of three spans.
fn exchanges(count: usize) -> Vec<Event> {
    let one = |number: usize| Event::Exchange(Arc::new(record(|record| record.id = format!("id-{number}"))));
    (0..count).map(one).collect()
}

fn spans(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    request.resource_spans.into_iter().flat_map(|all| all.scope_spans).flat_map(|all| all.spans).collect()
}

#[tokio::test]
async fn a_large_batch_is_sent_in_parts_and_each_part_once() {
    let (url, got, _serving) = collector(&[200, 503, 200, 400]).await;
    let hook = Otel::new(OtelConfig { endpoint: Some(url), ..OtelConfig::default() }).ok().unwrap();
    let taken = tokio::task::spawn_blocking(move || {
        let (batch, next) = (exchanges(600), exchanges(1));
        hook.start().unwrap();
        let taken = [hook.take(&batch), hook.take(&batch), hook.take(&next)];
        hook.end();
        taken
    });
    let [first, second, third] = taken.await.unwrap();
    assert!(first.is_err_and(|error| !error.is_lost()));
    let second = second.err().unwrap();
    assert!(second.is_lost() && second.to_string().starts_with("512 of 1800 spans are lost"), "{second}");
    assert_eq!(third, Ok(()));
    let got = got.lock().unwrap();
    let sent: Vec<usize> = got[..6].iter().map(|(_, body)| spans(body).len()).collect();
    assert_eq!(sent, [512, 512, 512, 512, 264, 3], "the second is sent again, the fourth is refused");
    let of = |number: usize| spans(&got[number].1).into_iter().map(|span| format!("{:?}", span.attributes));
    assert!(of(1).eq(of(2)), "it is the same");
    let exchanges = [0, 2, 3, 4].into_iter().flat_map(of).filter(|text| text.contains("id-"));
    assert_eq!(exchanges.collect::<BTreeSet<_>>().len(), 600);
    let (path, body) = &got[6];
    assert_eq!(path, "/v1/metrics");
    let request = ExportMetricsServiceRequest::decode(&**body).unwrap();
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let requests = metrics.iter().find(|metric| metric.name == "http.server.request.duration").unwrap();
    let Some(opentelemetry_proto::tonic::metrics::v1::metric::Data::Histogram(requests)) = &requests.data
    else {
        panic!("{requests:?}")
    };
    assert_eq!(requests.data_points[0].count, 601, "what comes again counts once");
}
