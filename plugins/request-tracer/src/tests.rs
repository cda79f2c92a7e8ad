use std::fs;
use std::path::Path;

use bytes::Bytes;
use ccproxy_config::ByteSize;
use ccproxy_plugin_api::{Call, Hook};
use ccproxy_record::{Event, Record};
use ccproxy_wire::Operation;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::*;

fn tracer(dir: &Path, change: impl FnOnce(&mut Config)) -> Arc<dyn Hook> {
    let mut config = Config { enabled: true, dir: Some(dir.to_owned()), ..Config::default() };
    change(&mut config);
    RequestTracer::build(config).unwrap().unwrap().hook
}

fn record(id: &str, ending: &str) -> Event {
    let record: Record = serde_json::from_value(json!({
        "id": id, "began": "2026-03-04T05:06:07Z", "operation": "messages", "stream": true, "ending": ending,
        "attempts": [], "duration_ms": 5.0, "tokens": {}, "request_bytes": 1, "response_bytes": 2,
    }))
    .unwrap();
    Event::Exchange(Arc::new(record))
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value))).collect()
}

/// An exchange with a stream of two pieces.
fn exchange(tracer: &dyn Hook, id: &str) {
    let messages = tracer.messages(id).unwrap();
    let asked = Bytes::from_static(br#"{"model":"m","api_key":"planted"}"#);
    let secret = headers(&[("x-api-key", "planted"), ("accept", "*/*")]);
    messages.request(&Method::POST, &"/v1/messages?key=planted&a=b".parse().unwrap(), &secret, &asked);
    let call = Call {
        operation: Operation::Messages,
        method: Method::POST,
        target: "messages?a=b".to_owned(),
        headers: headers(&[("accept", "*/*")]),
        body: Bytes::from_static(b"{}"),
        model: "m".to_owned(),
        stream: true,
    };
    messages.call(1, "claude", &call);
    messages.answer(1, StatusCode::OK, &headers(&[("set-cookie", "planted")]));
    for piece in ["event: a\n", "\ndata: é\n\n"] {
        messages.answer_body(1, &Bytes::from_static(piece.as_bytes()));
        messages.response_body(&Bytes::from_static(piece.as_bytes()));
    }
    messages.response(StatusCode::OK, &headers(&[]));
}

fn folders(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_exchange_becomes_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let tracer = tracer(dir.path(), |_| {});
    tracer.start().unwrap();
    exchange(&*tracer, "req/1");
    tracer.take(&[record("req/1", "done")]).unwrap();
    let names = folders(dir.path());
    assert!(names.len() == 1 && names[0].ends_with("Z-req_1"), "{names:?}");
    let folder = dir.path().join(&names[0]);
    assert_eq!(
        folders(&folder),
        [
            "client-answer.http",
            "client-answer.json",
            "client-request.body",
            "client-request.http",
            "client-request.json",
            "exchange.json",
            "upstream-answer-1.http",
            "upstream-answer-1.json",
            "upstream-request-1.http",
            "upstream-request-1.json",
        ]
    );
    for file in folders(&folder) {
        let text = fs::read_to_string(folder.join(&file)).unwrap();
        assert!(!text.contains("planted"), "{file}: {text}");
    }
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    assert_eq!(
        read("upstream-answer-1.http"),
        "HTTP/1.1 200 OK\r\nset-cookie: [redacted]\r\n\r\nevent: a\n\ndata: é\n\n"
    );
    assert!(
        read("client-request.http")
            .starts_with("POST /v1/messages?key=[redacted]&a=b HTTP/1.1\r\nx-api-key: [redacted]\r\n")
    );
    let answer: Value = serde_json::from_str(&read("client-answer.json")).unwrap();
    let texts: Vec<&Value> =
        answer["pieces"].as_array().unwrap().iter().map(|piece| &piece["text"]).collect();
    assert_eq!(texts, ["event: a\n", "\ndata: é\n\n"]);
    let request: Value = serde_json::from_str(&read("client-request.json")).unwrap();
    assert_eq!(request["body"]["model"], "m");
    assert_eq!(serde_json::from_str::<Value>(&read("exchange.json")).unwrap()["ending"], "done");
    assert!(matches!(read_request(&folder), Err(Unreadable::Redacted)));
    fs::write(folder.join("client-request.body"), "{}").unwrap();
    let request = read_request(&folder).unwrap();
    assert_eq!((request.method.as_str(), request.headers[1].1.as_str()), ("POST", "*/*"));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("traces");
    let tracer = tracer(&dir, |_| {});
    tracer.start().unwrap();
    exchange(&*tracer, "a");
    tracer.take(&[record("a", "done")]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = dir.join(folders(&dir).remove(0));
    assert_eq!((mode(&dir), mode(&folder)), (0o700, 0o700));
    assert!(folders(&folder).iter().all(|file| mode(&folder.join(file)) == 0o600));
}

#[test]
fn bodies_are_cut_and_memory_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let tracer = tracer(dir.path(), |config| {
        config.max_body = ByteSize::new(10);
        config.buffer = ByteSize::new(1500);
    });
    tracer.start().unwrap();
    let first = tracer.messages("a").unwrap();
    assert!(tracer.messages("b").is_none(), "there is no room for two");
    first.request(
        &Method::POST,
        &"/".parse().unwrap(),
        &HeaderMap::new(),
        &Bytes::from_static(b"0123456789ab"),
    );
    drop(first);
    tracer.take(&[record("a", "done")]).unwrap();
    assert!(tracer.messages("b").is_some(), "there is again");
    let folder = dir.path().join(folders(dir.path()).remove(0));
    assert!(fs::read_to_string(folder.join("client-request.http")).unwrap().ends_with("\r\n\r\n0123456789"));
    let error = read_request(&folder).unwrap_err();
    assert!(matches!(error, Unreadable::Cut { bytes: 12, kept: 10 }), "{error}");
}

#[test]
fn the_oldest_go() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mine")).unwrap();
    fs::create_dir(dir.path().join("20200101T000000.000Z-old")).unwrap();
    fs::create_dir(dir.path().join("20200101T000000.000Z-old.partial")).unwrap();
    let tracer = tracer(dir.path(), |config| config.max_size = ByteSize::new(3000));
    tracer.start().unwrap();
    assert_eq!(folders(dir.path()), ["mine"]);
    for id in ["a", "b", "c", "d"] {
        exchange(&*tracer, id);
        tracer.take(&[record(id, "done")]).unwrap();
    }
    let names = folders(dir.path());
    assert!(names.len() < 5 && names.iter().any(|name| name.ends_with("-d")), "{names:?}");
    assert!(
        !names.iter().any(|name| name.ends_with("-a")) && names.contains(&"mine".to_owned()),
        "{names:?}"
    );
}

#[test]
fn only_what_failed_if_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let tracer = tracer(dir.path(), |config| config.failed_only = true);
    tracer.start().unwrap();
    exchange(&*tracer, "good");
    exchange(&*tracer, "bad");
    tracer.take(&[record("good", "done"), record("bad", "failed")]).unwrap();
    let names = folders(dir.path());
    assert!(names.len() == 1 && names[0].ends_with("-bad"), "{names:?}");
}

#[test]
fn ids_may_be_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let tracer = tracer(dir.path(), |_| {});
    tracer.start().unwrap();
    (0..20).for_each(|_| exchange(&*tracer, "same"));
    tracer.take(&vec![record("same", "done"); 20]).unwrap();
    assert_eq!(folders(dir.path()).len(), 20);
}

#[test]
fn what_cannot_be_written_waits() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("traces");
    fs::write(&dir, "a file").unwrap();
    let tracer = tracer(&dir, |_| {});
    let error = tracer.start().unwrap_err();
    assert!(error.to_string().contains("plugins.request-tracer.dir"), "{error}");
    exchange(&*tracer, "a");
    tracer.take(&[record("a", "failed")]).unwrap_err();
    fs::remove_file(&dir).unwrap();
    tracer.start().unwrap();
    tracer.take(&[record("a", "failed")]).unwrap();
    assert_eq!(folders(&dir).len(), 1);
}

#[test]
fn it_has_to_be_said_where() {
    let errors = RequestTracer::build(Config { enabled: true, ..Config::default() }).err().unwrap();
    assert_eq!(errors[0].key, "dir");
    assert!(RequestTracer::build(Config::default()).unwrap().is_none());
}
