//! What happens, as `/api/…` tells it.

mod commands;
mod doors;
mod live;
mod paging;
mod standing;
mod survival;
mod usage;

use serde_json::Value;

use crate::support::{Request, Response, Stage, eventually_answers};

/// Keys `alice` and `bob`, for every call.
pub(crate) fn keys() -> String {
    let key = |name: &str| {
        let hash = blake3::hash(format!("{name}s-key").as_bytes());
        format!("{{ name = '{name}', hash = 'blake3:{hash}' }}")
    };
    format!("[auth]\nkeys = [{}, {}]\n", key("alice"), key("bob"))
}

/// What the page says once so many requests have been kept.
async fn when_kept(stage: &Stage, requests: u64, path: &str) -> Response {
    let all = Request::get("/api/usage?since=1h").managing();
    let kept = |answer: &Response| answer.status == 200 && answer.json()["total"]["requests"] == requests;
    eventually_answers(&stage.app, &all, kept).await;
    stage.send(&Request::get(path).managing()).await
}

fn ids(page: &Value) -> Vec<String> {
    let requests = page["requests"].as_array().expect("a page of requests");
    requests.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}
