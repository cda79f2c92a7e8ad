//! Bodies that are not what they seem: encoded, in no encoding of text, or cut in half.

use ccproxy_testkit::upstream::Script;

use super::{PAIRS, body, is_same, serves, stage};
use crate::support::Request;

/// A good request of every dialect, by gzip.
const GZIPPED: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\xcd\x4f\x49\xcd\x51\xb2\x52\x50\x4a\xd4\x85\
    \x30\x75\x14\x94\x72\x13\x2b\xe2\x4b\xf2\xb3\x53\xf3\x8a\x81\x12\x96\x20\x81\xd4\xe2\xe2\xc4\xf4\
    \x54\x10\x37\xba\x5a\xa9\x28\x3f\x27\x15\xa4\xa3\xb4\x38\xb5\x08\xa4\x3c\x39\x3f\xaf\x24\x35\xaf\
    \x04\x24\x94\x91\xa9\x54\x1b\x0b\x14\xca\xcc\x2b\x28\x85\x0b\x00\x00\x0e\x36\xa2\x9c\x65\x00\x00\
    \x00";

#[tokio::test]
async fn what_clients_encode_is_not_decoded() {
    let stage = stage("").await;
    for (path, _) in PAIRS {
        let plain = body(path, "");
        for (encoding, sent) in [
            ("gzip", GZIPPED),
            ("gzip", plain.as_bytes()),
            ("br", plain.as_bytes()),
            ("zstd", b"\x28\xb5\x2f\xfd"),
            ("identity, gzip", plain.as_bytes()),
        ] {
            let refused = stage.send(&Request::post(path, sent).header("content-encoding", encoding)).await;
            assert_eq!(refused.status, 415, "{path} {encoding}: {}", refused.text());
            assert_eq!(refused.header("accept-encoding"), Some("identity"));
            assert!(refused.text().contains("send it as it is"), "{}", refused.text());
        }
        let refused = stage.send(&Request::post(path, GZIPPED)).await;
        assert_eq!(refused.status, 400, "{path}: {}", refused.text());
    }
    assert!(stage.upstream.requests().is_empty());
    let (path, _) = PAIRS[0];
    let plain = Request::post(path, body(path, "")).header("content-encoding", "identity");
    assert_eq!(stage.send(&plain).await.status, 200);
}

#[tokio::test]
async fn what_providers_encode_is_not_decoded() {
    let stage = stage("").await;
    for pair in PAIRS {
        let path = pair.0;
        for (stream, kind) in [("", "application/json"), (",\"stream\":true", "text/event-stream")] {
            let script =
                Script::whole(200, GZIPPED).header("content-encoding", "gzip").header("content-type", kind);
            let answer = stage.scripted(script, &Request::post(path, body(path, stream))).await;
            if is_same(pair) {
                assert_eq!((answer.status, &answer.body[..]), (200, GZIPPED), "{path}");
                assert_eq!(answer.header("content-encoding"), Some("gzip"), "{path}");
            } else {
                assert_eq!((answer.status, answer.header("content-encoding")), (502, None), "{path}");
            }
            let seen = stage.upstream.requests().pop().unwrap();
            assert_eq!(seen.header("accept-encoding"), None, "nobody has asked for it");
        }
    }
}

#[tokio::test]
async fn what_is_no_text() {
    let stage = stage("").await;
    for pair in PAIRS {
        let path = pair.0;
        let put = |what: &[u8]| {
            let whole = body(path, "");
            let (before, after) = whole.split_once("\"hi\"").unwrap();
            [before.as_bytes(), what, after.as_bytes()].concat()
        };
        // What does not have to be read passes between two of the same dialect; whoever reads it refuses it.
        for odd in [
            &b"\"\xff\xfe\""[..],
            b"\"\xed\xa0\x80\"",
            b"\"\\ud800\"",
            b"\"\\udc00\\ud800\"",
            b"\"a\nb\"",
            b"\"\\x\"",
        ] {
            stage.upstream.reset();
            let answer = stage.send(&Request::post(path, put(odd))).await;
            assert!(answer.status == 400, "{path} {odd:?}: {} {}", answer.status, answer.text());
            for seen in stage.upstream.requests() {
                assert!(is_same(pair) && seen.body == put(odd), "{path} {odd:?}");
            }
        }
        for model in [&b"\"\xff\xfe\""[..], b"\"\\ud800\"", b"\"a\nb\""] {
            let whole = body(path, "");
            let (before, after) = whole.split_once("\"a-model\"").unwrap();
            stage.upstream.reset();
            let answer =
                stage.send(&Request::post(path, [before.as_bytes(), model, after.as_bytes()].concat())).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text());
            assert!(stage.upstream.requests().is_empty(), "{path} {model:?}");
        }
        for whole in
            ["\u{feff}{}", "{\"model\":\"m\"}\0", "NaN", "{\"model\":\"m\"}{}", "\0", "{'model':'m'}"]
        {
            let answer = stage.send(&Request::post(path, whole)).await;
            assert_eq!(answer.status, 400, "{path} {whole:?}: {}", answer.text());
        }
    }
    serves(&stage).await;
}
