//! Keys that are there twice: a request is routed by what the provider reads, or not at all.

use super::{PAIRS, body, is_same, stage};
use crate::support::Request;

#[tokio::test]
async fn what_routing_reads() {
    let stage = stage("").await;
    for (path, _) in PAIRS {
        for twice in [
            r#","model":"other""#,
            r#","mod\u0065l":"other""#,
            r#","\u006dodel":"a-model""#,
            r#","model":null"#,
            r#","stream":true,"stream":false"#,
            r#","stream":false,"str\u0065am":true"#,
        ] {
            let answer = stage.send(&Request::post(path, body(path, twice))).await;
            assert_eq!(answer.status, 400, "{path} {twice}: {}", answer.text());
            assert!(answer.text().contains("duplicate field"), "{path} {twice}: {}", answer.text());
        }
        // Keys that only look the same are others.
        for other in
            [r#","Model":"other""#, r#","model\u0000":"other""#, r#","model ":"other","STREAM":true"#]
        {
            let (answer, seen) = stage.pass(&Request::post(path, body(path, other))).await;
            assert_eq!(
                (answer.status, &seen.json()["model"]),
                (200, &"a-model".into()),
                "{path}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn what_translation_reads() {
    let stage = stage("").await;
    for pair in PAIRS {
        let path = pair.0;
        let field = if path.ends_with("responses") { "input" } else { "messages" };
        let second =
            format!(r#","{field}":[{{"role":"user","content":"SECOND"}}],"temperature":0,"temperature":1"#);
        stage.upstream.reset();
        let ask = body(path, &second);
        let answer = stage.send(&Request::post(path, ask.clone())).await;
        match stage.upstream.requests().as_slice() {
            // Byte for byte: which of them counts is the provider's to say.
            [seen] if is_same(pair) => assert_eq!(seen.body, ask),
            // One of each goes on, the last, as with most readers.
            [seen] => {
                let told = String::from_utf8_lossy(&seen.body).into_owned();
                assert!(told.contains("SECOND") && !told.contains("\"hi\""), "{path}: {told}");
                assert!(told.matches("temperature").count() <= 1 && !told.contains(":0"), "{path}: {told}");
            }
            _ => assert_eq!(answer.status, 400, "{path}: {}", answer.text()),
        }
    }
}
