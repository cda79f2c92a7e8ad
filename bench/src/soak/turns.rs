//! Conversations: responses that are kept, and WebSockets.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::Request;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use super::case::Case;
use super::client::{Client, Stay, Trouble};
use super::judge::Seen;

#[derive(Deserialize)]
struct Response {
    id: String,
}

/// A response is asked for, read, gone on from, deleted, and gone. Gives how many requests that were.
pub(super) async fn kept(client: &mut Client, case: &Case) -> Result<u64, Trouble> {
    let post = |body: String| {
        let mut request = Request::post(&case.path).body(Full::new(Bytes::from(body)))?;
        request.headers_mut().clone_from(&case.headers);
        Ok::<_, Trouble>(request)
    };
    let body = String::from_utf8_lossy(&case.body);
    let first = read(&client.send(post(body.to_string())?, Stay::ToTheEnd).await?)?;
    let one = format!("{}/{first}", case.path);
    let empty = Full::new(Bytes::new());
    expect(200, &first, &client.send(Request::get(&one).body(empty.clone())?, Stay::ToTheEnd).await?)?;
    let next = with(&body, &format!(r#""previous_response_id":"{first}""#));
    let second = read(&client.send(post(next)?, Stay::ToTheEnd).await?)?;
    expect(200, &first, &client.send(Request::delete(&one).body(empty.clone())?, Stay::ToTheEnd).await?)?;
    expect(404, "not_found", &client.send(Request::get(&one).body(empty)?, Stay::ToTheEnd).await?)?;
    if first == second {
        return Err(Trouble::Wrong(format!("{first} is the name of two responses")));
    }
    Ok(5)
}

fn read(seen: &Seen) -> Result<String, Trouble> {
    let response: Option<Response> = serde_json::from_slice(&seen.body).ok();
    let id = response.filter(|_| seen.status == 200).map(|response| response.id);
    id.ok_or_else(|| Trouble::Wrong(format!("no response, but {}", seen.status)))
}

fn expect(status: u16, says: &str, seen: &Seen) -> Result<(), Trouble> {
    let right = seen.status == status && String::from_utf8_lossy(&seen.body).contains(says);
    right
        .then_some(())
        .ok_or_else(|| Trouble::Wrong(format!("{} instead of {status} and {says}", seen.status)))
}

/// An object with a field more.
fn with(body: &str, field: &str) -> String {
    body.replacen('{', &format!("{{{field},"), 1)
}

/// Two turns on a WebSocket, the second going on from the first. Gives how many requests that were.
pub(super) async fn socket(client: &Client, case: &Case) -> Result<u64, Trouble> {
    let io = TcpStream::connect(client.address).await?;
    let (mut socket, _) = client_async(format!("ws://{}{}", client.address, case.path), io).await?;
    let create = with(&String::from_utf8_lossy(&case.body), r#""type":"response.create""#);
    socket.send(Message::text(create.clone())).await?;
    let first = completed(&mut socket).await?;
    socket.send(Message::text(with(&create, &format!(r#""previous_response_id":"{first}""#)))).await?;
    completed(&mut socket).await?;
    // Every other client just goes away.
    if first.len() % 2 == 0 {
        socket.close(None).await?;
    }
    Ok(3)
}

#[derive(Deserialize)]
struct Event {
    r#type: String,
    response: Option<Response>,
}

/// Reads the events of an answer, and gives its id.
async fn completed(socket: &mut tokio_tungstenite::WebSocketStream<TcpStream>) -> Result<String, Trouble> {
    let mut events = 0;
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message? else { continue };
        let event: Event = serde_json::from_str(&text).map_err(|error| Trouble::Wrong(error.to_string()))?;
        events += 1;
        match (event.r#type.as_str(), event.response) {
            ("response.completed", Some(response)) if events > 2 => return Ok(response.id),
            ("response.completed" | "error" | "response.failed", _) => {
                return Err(Trouble::Wrong(format!("{} after {events} events", event.r#type)));
            }
            _ => {}
        }
    }
    Err(Trouble::Wrong("the WebSocket ended before the answer".to_owned()))
}
