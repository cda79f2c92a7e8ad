//! The corpus of the fuzz targets goes through them in every test run; the targets themselves need nightly.

use std::path::Path;

use ccproxy_wire::Dialect;

use crate::targets;

fn run(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let data = std::fs::read(entry.unwrap().path()).unwrap();
        // A stream that ends anywhere and a body that is cut are inputs, too.
        let step = (data.len() / 64).max(1);
        (0..data.len()).step_by(step).for_each(|end| check(&data[..end]));
        check(&data);
        seen += 1;
    }
    assert!(seen > 2, "{} is empty", folder.display());
}

#[test]
fn events() {
    run("sse", targets::sse);
}

#[test]
fn requests() {
    run("request_messages", |data| targets::request(Dialect::Messages, data));
    run("request_chat", |data| targets::request(Dialect::Chat, data));
    run("request_responses", |data| targets::request(Dialect::Responses, data));
}

#[test]
fn streams() {
    run("stream_messages", |data| targets::stream(Dialect::Messages, data));
    run("stream_chat", |data| targets::stream(Dialect::Chat, data));
    run("stream_responses", |data| targets::stream(Dialect::Responses, data));
}

#[test]
fn answers_and_errors() {
    run("answer", targets::answer);
}
