//! One connection: read a request, record it, answer it, watch for the client leaving meanwhile.

use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::reader::Reader;
use super::record::{End, Recorded};
use super::reply::{After, Plan, Reply};
use super::script::{Answer, Script};
use super::state::State;
use super::{answers, control};

/// Serves the connection to its end. Transport errors are the client's affair and end it silently.
pub(super) async fn connection(mut stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let (read, mut write) = stream.split();
    let mut reader = Reader::new(read);
    let after = loop {
        match exchange(&mut reader, &mut write, &state).await {
            Ok(Some(After::KeepAlive)) => {}
            Ok(Some(after)) => break after,
            Ok(None) | Err(_) => break After::Close,
        }
    };
    if after == After::Reset {
        let _ = stream.set_zero_linger();
    }
}

async fn exchange(
    reader: &mut Reader<ReadHalf<'_>>,
    write: &mut WriteHalf<'_>,
    state: &State,
) -> io::Result<Option<After>> {
    let Some(head) = reader.head().await? else { return Ok(None) };
    if head.expects_continue() {
        write.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let request = reader.body(head).await?;
    let head_only = request.method == "HEAD";
    let last = request.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
    let or_close = |after| if last && after == After::KeepAlive { After::Close } else { after };
    if let Some(reply) = control::handle(&request, state) {
        return Plan::new(reply, &Script::default(), head_only).write(write).await.map(or_close).map(Some);
    }
    let script = state.take_script(request.path());
    let reply = reply(&request, &script);
    let number = state.record(request);
    let plan = Plan::new(reply, &script, head_only);
    let written = tokio::select! {
        biased;
        () = reader.gone() => None,
        written = plan.write(write) => written.ok(),
    };
    state.finish(number, if written.is_some() { End::Answered } else { End::Cancelled });
    Ok(written.map(or_close))
}

fn reply(request: &Recorded, script: &Script) -> Reply {
    let mut reply = match &script.answer {
        Answer::Usual => answers::usual(request),
        Answer::Whole { status, body } => Reply::whole(*status, "application/json", body.clone()),
        Answer::Stream { status, chunks } => Reply::stream(*status, chunks.clone()),
        Answer::Raw(bytes) => Reply::raw(bytes.clone()),
        Answer::Error(status) => answers::error(request, *status),
        Answer::ErrorEvent => answers::error_event(request),
    };
    for (name, value) in &script.headers {
        reply.set(name, value);
    }
    reply
}
