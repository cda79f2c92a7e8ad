//! The routes by which a test in another language works the upstream; they are neither recorded nor scripted.

use serde::Deserialize;
use serde_json::{Value, json};

use super::record::Recorded;
use super::reply::Reply;
use super::script::Script;
use super::state::State;

/// `None` when the request is not for a control route.
pub(super) fn handle(request: &Recorded, state: &State) -> Option<Reply> {
    match (request.method.as_str(), request.path()) {
        ("POST", "/__script") => Some(script(request, state)),
        ("GET", "/__requests") => {
            let all = state.requests().iter().map(entry).collect();
            Some(Reply::json(200, &Value::Array(all)))
        }
        ("POST", "/__reset") => {
            state.reset();
            Some(Reply::json(200, &json!({})))
        }
        _ => None,
    }
}

fn entry(request: &Recorded) -> Value {
    let mut entry = request.to_log();
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("end".to_owned(), json!(request.end));
    }
    entry
}

fn script(request: &Recorded, state: &State) -> Reply {
    match serde_json::from_slice::<OneOrMany>(&request.body) {
        Ok(scripts) => {
            let scripts = match scripts {
                OneOrMany::One(script) => vec![*script],
                OneOrMany::Many(scripts) => scripts,
            };
            let count = scripts.len();
            scripts.into_iter().for_each(|script| state.push(script));
            Reply::json(200, &json!({ "queued": count }))
        }
        Err(error) => Reply::json(400, &json!({ "error": error.to_string() })),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Box<Script>),
    Many(Vec<Script>),
}
