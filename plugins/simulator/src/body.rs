//! Bodies that come as the script has it: in time, and to whatever end.

use std::time::Duration;

use bytes::Bytes;
use ccproxy_plugin_api::{AnswerBody, CallError, CallErrorKind};
use futures_util::stream::unfold;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::{Instant, sleep_until};

use crate::fault::Break;
use crate::stream::Frame;

const GARBAGE: &[u8] = b"\x00\xff<html>ccproxy's simulator: not the dialect</html>\n\n";

/// A body that is there as a whole.
pub(crate) fn whole(bytes: Bytes) -> AnswerBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A body that begins as `bytes` and then breaks: at its half, or at once.
pub(crate) fn broken(bytes: &Bytes, at_once: bool, end: Break) -> AnswerBody {
    let half = if at_once { 0 } else { bytes.len() / 2 };
    let frame = Frame { bytes: bytes.slice(..half), tokens: 0 };
    play(vec![frame], 0, Some(end))
}

/// Plays frames at a rate of tokens a second (0: as fast as they are taken), then ends, or breaks after `after` frames.
pub(crate) fn stream(mut frames: Vec<Frame>, rate: u32, fault: Option<(usize, Break)>) -> AnswerBody {
    if let Some((after, _)) = fault {
        // The last event would make the stream look whole.
        frames.truncate(after.min(frames.len().saturating_sub(1)));
    }
    play(frames, rate, fault.map(|(_, end)| end))
}

struct Tape {
    frames: std::vec::IntoIter<Frame>,
    started: Instant,
    tokens: u32,
    rate: u32,
    end: Option<Break>,
}

fn play(frames: Vec<Frame>, rate: u32, end: Option<Break>) -> AnswerBody {
    let tape = Tape { frames: frames.into_iter(), started: Instant::now(), tokens: 0, rate, end };
    BodyExt::boxed_unsync(StreamBody::new(unfold(tape, next)))
}

async fn next(mut tape: Tape) -> Option<(Result<http_body::Frame<Bytes>, CallError>, Tape)> {
    if let Some(frame) = tape.frames.next() {
        tape.tokens = tape.tokens.saturating_add(frame.tokens);
        if tape.rate > 0 {
            let due = Duration::from_secs_f64(f64::from(tape.tokens) / f64::from(tape.rate));
            sleep_until(tape.started + due).await;
        }
        return Some((Ok(http_body::Frame::data(frame.bytes)), tape));
    }
    let last = match tape.end.take()? {
        Break::Truncate => return None,
        Break::Stall => std::future::pending().await,
        Break::Garbage => Ok(http_body::Frame::data(Bytes::from_static(GARBAGE))),
        Break::Reset => Err(CallError::new(CallErrorKind::Reset, "connection reset by the simulator")),
    };
    Some((last, tape))
}
