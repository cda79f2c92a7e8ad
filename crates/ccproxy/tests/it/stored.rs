//! Responses that are kept here, since their provider speaks another dialect and keeps none.

use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::{Value, json};

use crate::support::client::Piece;
use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, eventually};

/// Where a provider of Messages and one of Chat Completions are asked, and the unified path to the first.
const PATHS: [&str; 3] = ["/claude/v1/responses", "/local/v1/responses", "/v1/responses"];
const ROUTES: &str = "[[routes]]\nmodel = '*'\ntargets = ['claude']\n";

async fn stage(extra: &str) -> Stage {
    Stage::start(&format!("{ROUTES}{extra}")).await
}

/// A request for a response, with these fields besides.
fn post(path: &str, input: &str, more: Value) -> Request {
    let mut body = json!({"model": "a-model", "input": input});
    let Value::Object(more) = more else { panic!("{more} has no fields") };
    body.as_object_mut().unwrap().extend(more);
    Request::post(path, body.to_string())
}

/// The whole response, however it came.
fn response(answer: &Response) -> Value {
    assert!(answer.whole && answer.status == 200, "{}", answer.text());
    if answer.header("content-type") == Some("application/json") {
        return answer.json();
    }
    let text = answer.text();
    let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    serde_json::from_str::<Value>(last).unwrap()["response"].clone()
}

/// The id in the first event of a stream.
fn id_in(stream: &str) -> Value {
    let id = stream.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
    json!(id.filter(|id| id.starts_with("resp_")).unwrap_or_else(|| panic!("{stream}")))
}

fn one(path: &str, id: &Value) -> String {
    format!("{path}/{}", id.as_str().unwrap())
}

/// Whether the response is known, and if not, that the error says so.
async fn is_kept(stage: &Stage, path: &str, id: &Value) -> bool {
    let answer = stage.send(&Request::get(&one(path, id))).await;
    if answer.status == 200 {
        return true;
    }
    let error = &answer.json()["error"];
    assert_eq!((answer.status, &error["code"]), (404, &json!("not_found")), "{error}");
    assert_eq!((&error["type"], &error["param"]), (&json!("invalid_request_error"), &Value::Null), "{error}");
    assert!(error["message"].as_str().unwrap().contains(id.as_str().unwrap()), "{error}");
    false
}

#[tokio::test]
async fn a_conversation_goes_on_from_a_name() {
    let stage = stage("").await;
    for path in PATHS {
        for stream in [false, true] {
            let more = |previous: &Value| json!({"stream": stream, "previous_response_id": previous});
            let first =
                post(path, "the first question", json!({"stream": stream, "instructions": "Be brief."}));
            let first = response(&stage.send(&first).await);
            assert_eq!((&first["store"], &first["previous_response_id"]), (&json!(true), &Value::Null));

            let (answer, _) = stage.pass(&post(path, "the second", more(&first["id"]))).await;
            let second = response(&answer);
            assert_eq!(second["previous_response_id"], first["id"], "{path}");
            assert_ne!(second["id"], first["id"], "{path}");

            let (answer, call) = stage.pass(&post(path, "the third", more(&second["id"]))).await;
            assert_eq!(answer.header("x-ccproxy-dropped"), None, "{path}");
            let messages = call.json()["messages"].as_array().unwrap().clone();
            let said: Vec<&str> = messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
            assert_eq!(said, ["user", "assistant", "user", "assistant", "user"], "{path}: {messages:?}");
            let place = |text| messages.iter().position(|message| message.to_string().contains(text));
            assert_eq!(
                ["the first question", "the second", "the third"].map(place),
                [Some(0), Some(2), Some(4)]
            );
            // Instructions are those of their own request.
            assert!(!call.json().to_string().contains("Be brief."), "{path}");

            // Two may go on from the same.
            let (_, call) = stage.pass(&post(path, "another", more(&first["id"]))).await;
            assert_eq!(call.json()["messages"].as_array().unwrap().len(), 3, "{path}");
        }
    }
}

#[tokio::test]
async fn tools_and_thoughts_come_back() {
    let stage = stage("").await;
    for stream in [false, true] {
        let tool =
            json!({"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false});
        let more = json!({"stream": stream, "tools": [tool], "reasoning": {"effort": "low"}});
        let first = response(&stage.send(&post(PATHS[0], "use it", more)).await);
        let call = first["output"].as_array().unwrap().iter().find(|item| item["type"] == "function_call");
        let result =
            json!({"type": "function_call_output", "call_id": call.unwrap()["call_id"], "output": "4711"});
        let more = json!({"input": [result], "tools": [tool], "reasoning": {"effort": "low"}, "previous_response_id": first["id"]});
        let (answer, call) = stage.pass(&post(PATHS[0], "", more)).await;
        assert!(answer.status == 200 && answer.text().contains("4711"), "{}", answer.text());
        let said = &call.json()["messages"][1]["content"];
        assert_eq!((&said[0]["type"], &said[1]["type"]), (&json!("thinking"), &json!("tool_use")), "{said}");
    }
}

#[tokio::test]
async fn a_response_is_given_as_it_was_answered_and_forgotten_when_asked() {
    let stage = stage("").await;
    for path in PATHS {
        for stream in [false, true] {
            let answer = stage.send(&post(path, "hi", json!({"stream": stream, "store": true}))).await;
            assert_eq!(answer.header("x-ccproxy-dropped"), None, "{path}");
            let whole = response(&answer);
            let id = &whole["id"];
            let again = stage.send(&Request::get(&one(path, id))).await;
            assert_eq!(
                (again.status, again.header("content-type")),
                (200, Some("application/json")),
                "{path}"
            );
            let told = if stream { &answer.text() } else { "" };
            assert!(answer.body == again.body || told.contains(&again.text()), "{path}: {}", again.text());

            let refused = stage.send(&Request::get(&format!("{}?stream=true", one(path, id)))).await;
            assert_eq!((refused.status, &refused.json()["error"]["param"]), (400, &json!("stream")));

            let deleted = stage.send(&Request::new("DELETE", &one(path, id))).await;
            let expected = json!({"id": id, "object": "response.deleted", "deleted": true});
            assert_eq!((deleted.status, deleted.json()), (200, expected), "{path}");
            assert!(!is_kept(&stage, path, id).await);
            let again = stage.send(&Request::new("DELETE", &one(path, id))).await;
            assert_eq!((again.status, &again.json()["error"]["code"]), (404, &json!("not_found")), "{path}");
        }
    }
    assert_eq!(stage.upstream.requests().len(), 2 * PATHS.len(), "nobody is asked for what is kept here");
}

#[tokio::test]
async fn what_is_not_known_says_what_to_do() {
    let stage = stage("").await;
    for path in PATHS {
        for stream in [false, true] {
            let more = json!({"stream": stream, "previous_response_id": "resp_unknown"});
            let answer = stage.send(&post(path, "hi", more)).await;
            let error = &answer.json()["error"];
            assert_eq!((answer.status, &error["type"]), (400, &json!("invalid_request_error")), "{path}");
            assert_eq!(error["code"], "previous_response_not_found", "{path}");
            assert_eq!(error["param"], "previous_response_id", "{path}");
            assert!(error["message"].as_str().unwrap().contains("send the whole conversation"), "{error}");
        }
    }
    assert!(stage.upstream.requests().is_empty());
}

#[tokio::test]
async fn what_is_not_to_be_kept_is_not() {
    let stage = stage("").await;
    let off = Stage::start("[translation]\nstore_limit = '0B'").await;
    for path in &PATHS[..2] {
        for stream in [false, true] {
            let more = json!({"stream": stream, "store": false});
            let whole = response(&stage.send(&post(path, "hi", more)).await);
            assert_eq!(whole["store"], false, "{path}");
            assert!(!is_kept(&stage, path, &whole["id"]).await, "{path}");

            // One that is not kept may go on from one that is.
            let kept = response(&stage.send(&post(path, "hi", json!({}))).await);
            let more = json!({"stream": stream, "store": false, "previous_response_id": kept["id"]});
            let last = response(&stage.send(&post(path, "on", more)).await);
            assert_eq!((&last["store"], &last["previous_response_id"]), (&json!(false), &kept["id"]));

            let whole =
                response(&off.send(&post(path, "hi", json!({"stream": stream, "store": true}))).await);
            assert_eq!(whole["store"], false, "{path}");
            let more = json!({"previous_response_id": whole["id"]});
            assert_eq!(off.send(&post(path, "hi", more)).await.status, 400, "{path}");
            assert_eq!(off.send(&Request::get(&one(path, &whole["id"]))).await.status, 501, "{path}");
        }
    }
}

#[tokio::test]
async fn what_does_not_end_well_is_not_kept() {
    let stage = stage("").await;
    for path in &PATHS[..2] {
        let ask = post(path, "hi", json!({"stream": true}));
        let cut = stage.scripted(Script::fault(Fault::Close(At::Body(600))), &ask).await.text();
        assert!(!cut.contains("response.completed"), "{cut}");
        assert!(!is_kept(&stage, path, &id_in(&cut)).await, "{path}");

        // An answer that was cut short by its own limit has ended well.
        let limit = if path.contains("claude") {
            r#"{"id":"x","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"so"}],"stop_reason":"max_tokens","usage":{"input_tokens":1,"output_tokens":1}}"#
        } else {
            r#"{"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"so"},"finish_reason":"length"}]}"#
        };
        let whole = response(&stage.scripted(Script::whole(200, limit), &post(path, "hi", json!({}))).await);
        assert_eq!(whole["status"], "incomplete", "{path}");
        assert!(is_kept(&stage, path, &whole["id"]).await, "{path}");
    }
}

#[tokio::test]
async fn who_goes_before_the_end_leaves_nothing() {
    let stage = stage("").await;
    let (mut conn, ask) =
        (Conn::open(stage.app.address()).await, post(PATHS[0], "hi", json!({"stream": true})));
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(600))));
    conn.send(&ask).await;
    let mut head = conn.head(&ask).await;
    let Piece::Data(begun) = conn.piece(&mut head).await else { panic!("nothing has begun") };
    drop(conn);
    eventually("the call is given up", || stage.app.stats().client_gone() == 1).await;
    assert!(!is_kept(&stage, PATHS[0], &id_in(&String::from_utf8(begun).unwrap())).await);
}

#[tokio::test]
async fn each_client_has_its_own() {
    let key = |name: &str| {
        let hash = blake3::hash(format!("{name}s-key").as_bytes());
        format!("{{ name = '{name}', hash = 'blake3:{hash}' }}")
    };
    let stage = stage(&format!("[auth]\nkeys = [{}, {}]", key("alice"), key("bob"))).await;
    let path = PATHS[0];
    let as_who = |request: Request, who: &str| request.header("x-api-key", &format!("{who}s-key"));
    let whole = response(&stage.send(&as_who(post(path, "hi", json!({})), "alice")).await);
    let id = &whole["id"];
    let on = post(path, "on", json!({"previous_response_id": id}));
    let status = async |request: Request, who: &str| stage.send(&as_who(request, who)).await.status;
    assert_eq!(status(Request::get(&one(path, id)), "bob").await, 404);
    assert_eq!(status(Request::new("DELETE", &one(path, id)), "bob").await, 404);
    assert_eq!(status(on.clone(), "bob").await, 400);
    assert_eq!(stage.send(&Request::get(&one(path, id))).await.status, 401);
    assert_eq!(status(Request::get(&one(path, id)), "alice").await, 200);
    assert_eq!(status(on, "alice").await, 200);
}

#[tokio::test]
async fn who_keeps_responses_is_asked() {
    let stage = Stage::start("[[routes]]\nmodel = '*'\ntargets = ['claude', 'codex']").await;
    for path in [ask::RESPONSES, "/v1/responses"] {
        let (_, call) = stage.pass(&Request::get(&format!("{path}/resp_theirs"))).await;
        assert_eq!((call.method.as_str(), call.path()), ("GET", "/v1/responses/resp_theirs"));
        let (_, call) = stage.pass(&Request::new("DELETE", &format!("{path}/resp_theirs"))).await;
        assert_eq!(call.method, "DELETE");
    }
    let body = r#"{"model":"m","input":"hi","previous_response_id":"resp_theirs","store":true}"#;
    let (_, call) = stage.pass(&Request::post(ask::RESPONSES, body)).await;
    assert_eq!(call.body, body.as_bytes());
}

#[tokio::test]
async fn a_conversation_stays_within_the_limit_of_a_body() {
    let stage = stage("[server]\nbody_limit = '4KiB'").await;
    let text = "x".repeat(3000);
    let first = response(&stage.send(&post(PATHS[0], &text, json!({}))).await);
    let more = json!({"previous_response_id": first["id"]});
    assert_eq!(stage.send(&post(PATHS[0], &text, more)).await.status, 413);
}
