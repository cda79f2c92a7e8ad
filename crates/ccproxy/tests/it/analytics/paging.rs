//! Records by pages, and one by its id.

use std::collections::HashSet;

use super::{ids, when_kept};
use crate::support::stage::ask;
use crate::support::{Request, Stage, eventually_answers};

fn numbered(n: usize) -> Request {
    ask::request(ask::MESSAGES, false).header("x-request-id", &format!("req-{n}"))
}

#[tokio::test]
async fn every_record_comes_once_while_more_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(dir.path(), "").await;
    for n in 0..20 {
        stage.send(&numbered(n)).await;
    }
    when_kept(&stage, 20, "/").await;
    let (mut seen, mut next, mut more) = (Vec::new(), String::new(), 100);
    loop {
        let page = stage.send(&Request::get(&format!("/api/requests?limit=3&cursor={next}"))).await.json();
        seen.extend(ids(&page));
        // Somebody goes on asking, and what comes of it is kept before the next page.
        stage.send(&numbered(more)).await;
        let one = Request::get(&format!("/api/requests/req-{more}"));
        eventually_answers(&stage.app, &one, |answer| answer.status == 200).await;
        more += 1;
        match page["next"].as_str() {
            Some(cursor) => next = cursor.to_owned(),
            None => break,
        }
    }
    let expect: Vec<String> = (0..20).rev().map(|n| format!("req-{n}")).collect();
    assert_eq!(seen, expect, "newest first, none twice");
    let all = ids(&stage.send(&Request::get("/api/requests?limit=1000")).await.json());
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 20 + (more - 100));
}

#[tokio::test]
async fn one_by_its_id() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(dir.path(), "").await;
    let odd = "a/b+c:d=1";
    let asked = ask::request(ask::MESSAGES, false).header("x-request-id", odd);
    stage.send(&asked).await;
    stage.send(&asked).await;
    when_kept(&stage, 2, "/").await;
    let record = stage.send(&Request::get(&format!("/api/requests/{odd}"))).await.json();
    assert_eq!(
        (&record["id"], &record["provider"], &record["status"]),
        (&odd.into(), &"claude".into(), &200.into())
    );
    assert_eq!(record["attempts"].as_array().unwrap().len(), 1);
    let escaped = stage.send(&Request::get("/api/requests/a%2Fb%2Bc%3Ad%3D1")).await.json();
    assert_eq!(escaped, record);
    let list = stage.send(&Request::get("/api/requests")).await.json();
    assert_eq!(list["requests"][0], record, "of several the newest");
    let missing = stage.send(&Request::get("/api/requests/nobodys")).await;
    assert_eq!(missing.status, 404);
    assert!(missing.json()["error"]["message"].as_str().unwrap().contains("nobodys"), "{}", missing.text());
}
