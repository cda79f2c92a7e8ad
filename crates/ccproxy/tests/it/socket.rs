//! The Responses WebSocket, before providers of every dialect.

use ccproxy_testkit::upstream::{At, Fault, Script};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Request, Stage, eventually, within};

/// A client of the socket.
struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    async fn open(stage: &Stage, instance: &str) -> Self {
        let address = stage.app.address();
        let url = format!("ws://{address}/{instance}/v1/responses");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("openai-beta", "responses_websockets=2026-02-06".parse().unwrap());
        let io = TcpStream::connect(address).await.unwrap();
        let (socket, response) = within("the handshake", client_async(request, io)).await.unwrap();
        assert_eq!(response.status(), 101);
        Self(socket)
    }

    async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Message {
        loop {
            match within("a frame", self.0.next()).await.unwrap().unwrap() {
                Message::Ping(_) => {}
                message => return message,
            }
        }
    }

    async fn event(&mut self) -> Value {
        serde_json::from_str(self.next().await.to_text().unwrap()).unwrap()
    }

    /// All events of one answer, up to its end or an error.
    async fn answer(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.event().await;
            let last = ["response.completed", "error"].contains(&event["type"].as_str().unwrap());
            events.push(event);
            if last {
                return events;
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        match self.next().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }
}

fn create(input: &str) -> Value {
    json!({"type": "response.create", "model": "a-model", "input": input})
}

fn after(id: &Value, input: &str) -> Value {
    let mut frame = create(input);
    frame["previous_response_id"] = id.clone();
    frame
}

/// How many messages or items the last request to the provider had, and whether it says this.
fn asked(stage: &Stage, text: &str) -> (usize, bool) {
    let last = stage.upstream.requests().pop().unwrap().json();
    let list = ["messages", "input"].into_iter().find_map(|key| last[key].as_array()).unwrap();
    (list.len(), last.to_string().contains(text))
}

#[tokio::test]
async fn turns_go_on_from_each_other_whatever_the_provider_speaks() {
    let stage = Stage::start("").await;
    for instance in ["claude", "local", "codex"] {
        let mut socket = Socket::open(&stage, instance).await;
        socket.send(&create("the first question")).await;
        let events = socket.answer().await;
        assert_eq!(events[0]["type"], "response.created", "{instance}");
        for (number, event) in events.iter().enumerate() {
            assert_eq!(event["sequence_number"], number, "{instance}: {event}");
        }
        let response = &events.last().unwrap()["response"];
        assert_eq!(response["status"], "completed", "{instance}");
        let said = response["output"].as_array().unwrap().len();

        socket.send(&after(&response["id"], "the second question")).await;
        assert_eq!(socket.answer().await.last().unwrap()["type"], "response.completed", "{instance}");
        let (items, first) = asked(&stage, "the first question");
        assert!(first && items >= 3 && items <= 2 + said, "{instance}: {items} of {said}");
        let last = stage.upstream.requests().pop().unwrap();
        assert_eq!(last.json().get("previous_response_id"), None, "{instance}");
        assert_eq!(last.header("openai-beta"), None, "{instance}");
    }
}

#[tokio::test]
async fn what_is_only_prepared_reaches_no_provider() {
    let stage = Stage::start("").await;
    let mut socket = Socket::open(&stage, "claude").await;
    let mut frame = create("be prepared");
    frame["generate"] = json!(false);
    socket.send(&frame).await;
    let events = socket.answer().await;
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["response.created", "response.completed"]);
    assert_eq!(events[1]["response"]["output"], json!([]));
    assert!(stage.upstream.requests().is_empty());

    socket.send(&after(&events[1]["response"]["id"], "now")).await;
    assert_eq!(socket.answer().await.last().unwrap()["type"], "response.completed");
    assert!(asked(&stage, "be prepared").1 && asked(&stage, "now").1);
}

#[tokio::test]
async fn an_error_is_an_event_and_the_socket_stays() {
    let stage = Stage::start("").await;
    let mut socket = Socket::open(&stage, "claude").await;
    let wrong = [
        (json!({"type": "response.steer"}), 400, Value::Null),
        (json!({"type": "response.create", "input": "x"}), 400, Value::Null),
        (after(&json!("resp_unknown"), "x"), 400, json!("previous_response_not_found")),
    ];
    for (frame, status, code) in wrong {
        socket.send(&frame).await;
        let event = socket.event().await;
        assert_eq!((&event["type"], &event["status"]), (&json!("error"), &json!(status)), "{event}");
        assert_eq!(event["error"]["code"], code, "{event}");
        assert!(event["error"]["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert!(stage.upstream.requests().is_empty());

    stage.upstream.script(Script::error(429).header("retry-after", "7"));
    socket.send(&create("x")).await;
    let event = socket.event().await;
    assert_eq!((&event["status"], &event["headers"]["retry-after"]), (&json!(429), &json!("7")), "{event}");

    socket.send(&create("x")).await;
    assert_eq!(socket.answer().await.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn frames_are_answered_in_their_order() {
    let stage = Stage::start("").await;
    let mut socket = Socket::open(&stage, "codex").await;
    for _ in 0..3 {
        socket.send(&create("x")).await;
    }
    for _ in 0..3 {
        assert_eq!(socket.answer().await.last().unwrap()["type"], "response.completed");
    }
    // The handshake is an exchange, too.
    assert_eq!(stage.counts().await, [4, 4, 0, 0]);
}

#[tokio::test]
async fn what_is_no_text_closes_the_socket() {
    let stage = Stage::start("[server]\nbody_limit = '4KiB'").await;
    let mut socket = Socket::open(&stage, "claude").await;
    socket.0.send(Message::binary(vec![1_u8, 2])).await.unwrap();
    assert_eq!(socket.closed().await, 1003);
    let mut socket = Socket::open(&stage, "claude").await;
    socket.send(&create(&"x".repeat(5000))).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn who_goes_is_not_answered_any_longer() {
    let stage = Stage::start("").await;
    let mut socket = Socket::open(&stage, "claude").await;
    stage.upstream.script(Script::fault(Fault::Stall(At::Body(600))));
    socket.send(&create("x")).await;
    assert_eq!(socket.event().await["type"], "response.created");
    drop(socket);
    eventually("the call is given up", || stage.app.stats().client_gone() == 1).await;
}

#[tokio::test]
async fn a_drain_lets_the_answer_end_and_then_closes() {
    let stage = Stage::start("[shutdown]\ndrain_delay = '10ms'\ndeadline = '20s'").await;
    let (mut idle, mut busy) = (Socket::open(&stage, "claude").await, Socket::open(&stage, "codex").await);
    stage.upstream.script(Script::default().gap(std::time::Duration::from_millis(40)));
    busy.send(&create("x")).await;
    assert_eq!(busy.event().await["type"], "response.created");
    stage.app.drain();
    assert_eq!(idle.closed().await, 1001);
    assert_eq!(busy.answer().await.last().unwrap()["type"], "response.completed");
    assert_eq!(busy.closed().await, 1001);
    assert_eq!(within("the end", stage.app.ended()).await, ccproxy_server::End::Drained);
}

#[tokio::test]
async fn what_is_kept_is_the_same_on_every_connection_and_by_http() {
    let stage = Stage::start("").await;
    let post = async |instance: &str, body: Value| {
        stage.send(&Request::post(&format!("/{instance}/v1/responses"), body.to_string())).await.json()
    };
    for instance in ["claude", "local"] {
        // By HTTP, then on a socket, then on another, then by HTTP again.
        let first = post(instance, json!({"model": "m", "input": "the first question"})).await;
        let mut id = first["id"].clone();
        for question in ["the second", "the third"] {
            let mut socket = Socket::open(&stage, instance).await;
            socket.send(&after(&id, question)).await;
            let answer = socket.answer().await.pop().unwrap()["response"].clone();
            assert_eq!(
                (&answer["store"], &answer["previous_response_id"]),
                (&json!(true), &id),
                "{instance}"
            );
            assert!(asked(&stage, "the first question").1 && asked(&stage, question).1, "{instance}");
            id = answer["id"].clone();
            let path = format!("/{instance}/v1/responses/{}", id.as_str().unwrap());
            assert_eq!(stage.send(&Request::get(&path)).await.json(), answer, "{instance}");
        }
        let last = json!({"model": "m", "input": "the fourth", "previous_response_id": id});
        assert_eq!(post(instance, last).await["status"], "completed", "{instance}");
        assert_eq!(asked(&stage, "the first question"), (7, true), "{instance}");

        let mut socket = Socket::open(&stage, instance).await;
        let mut frame = create("x");
        frame["store"] = json!(false);
        socket.send(&frame).await;
        let answer = socket.answer().await.pop().unwrap()["response"].clone();
        assert_eq!(answer["store"], false, "{instance}");
        let mut other = Socket::open(&stage, instance).await;
        other.send(&after(&answer["id"], "on")).await;
        assert_eq!(other.event().await["error"]["code"], "previous_response_not_found", "{instance}");
        // The connection itself remembers its last.
        socket.send(&after(&answer["id"], "on")).await;
        assert_eq!(socket.answer().await.last().unwrap()["type"], "response.completed", "{instance}");
    }
}
