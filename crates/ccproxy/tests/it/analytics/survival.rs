//! The store across restarts, and without it.

use serde_json::json;

use super::{ids, when_kept};
use crate::support::stage::ask;
use crate::support::{Request, Stage, eventually_answers, within};

#[tokio::test]
async fn what_happened_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(dir.path(), "").await;
    stage.send(&ask::request(ask::MESSAGES, false).header("x-request-id", "before")).await;
    let transitions = Request::get("/api/health/transitions?limit=1000");
    let of_memory = |text: &str| text.contains("\"component\":\"memory\"");
    eventually_answers(&stage.app, &transitions, |answer| of_memory(&answer.text())).await;
    stage.app.drain();
    // What was recorded last is written before the end.
    within("the end", stage.app.ended()).await;
    let stage = Stage::keeping(dir.path(), "").await;
    let page = when_kept(&stage, 1, "/api/requests").await.json();
    assert_eq!(ids(&page), ["before"]);
    let told = eventually_answers(&stage.app, &transitions, |answer| {
        answer.text().matches("\"component\":\"memory\"").count() == 2
    });
    let told = told.await.json();
    let first =
        &told["transitions"].as_array().unwrap().iter().find(|one| one["component"] == "memory").unwrap();
    assert_eq!(
        (&first["plugin"], &first["from"], &first["to"]),
        (&"".into(), &"unknown".into(), &"pass".into())
    );
}

#[tokio::test]
async fn two_processes_may_share_it_for_a_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (Stage::keeping(dir.path(), "").await, Stage::keeping(dir.path(), "").await);
    for n in 0..10 {
        for (name, stage) in [("old", &old), ("new", &new)] {
            stage.send(&ask::request(ask::CHAT, false).header("x-request-id", &format!("{name}-{n}"))).await;
        }
    }
    old.app.drain();
    within("the end of the old one", old.app.ended()).await;
    let page = when_kept(&new, 20, "/api/requests").await.json();
    let all = ids(&page);
    assert_eq!(all.iter().filter(|id| id.starts_with("old-")).count(), 10, "{all:?}");
}

#[tokio::test]
async fn without_a_store_requests_go_on_and_what_is_asked_is_told_why() {
    let stage = Stage::start("").await;
    assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 200);
    for path in ["/api/usage", "/api/requests", "/api/requests/x"] {
        let answer = stage.send(&Request::get(path)).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, None), "{path}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "no_store");
        assert!(error["message"].as_str().unwrap().contains("store.enabled"), "{error}");
    }
    // What this process remembers is told all the same.
    let told = Request::get("/api/health/transitions?since=1h");
    eventually_answers(&stage.app, &told, |answer| answer.text().contains("\"component\":\"memory\"")).await;
    let checks = stage.send(&Request::get("/health/checks/store")).await;
    assert_eq!(checks.status, 404, "nothing is watched that is not there");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("data");
    // A file where a directory has to be.
    std::fs::write(&place, "in the way").unwrap();
    let stage = Stage::keeping(&place, "").await;
    assert_eq!(stage.send(&ask::request(ask::CHAT, false)).await.status, 200);
    let check = Request::get("/health/checks/store");
    let warned =
        eventually_answers(&stage.app, &check, |answer| answer.text().contains("\"status\":\"warn\"")).await;
    assert_eq!(warned.status, 200, "it is no reason not to serve");
    let usage = Request::get("/api/usage");
    let refused =
        eventually_answers(&stage.app, &usage, |answer| answer.text().contains("check store")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    std::fs::remove_file(&place).unwrap();
    std::fs::create_dir(&place).unwrap();
    // What came meanwhile has waited.
    let kept = eventually_answers(&stage.app, &usage, |answer| {
        answer.status == 200 && answer.json()["total"]["requests"] == 1
    });
    kept.await;
    let well = |text: &str| text.contains("\"status\":\"pass\"");
    let told = eventually_answers(&stage.app, &check, |answer| well(&answer.text())).await.json();
    assert_eq!(told["checks"]["store"][0]["observedUnit"], json!("bytes"), "{told}");
}
