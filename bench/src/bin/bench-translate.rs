//! What a translation costs by itself: nanoseconds of CPU for a request, an answer, and a stream of 100 pieces of text,
//! for each ordered pair of dialects.

use std::io::{self, Write};
use std::time::Duration;

use bytes::Bytes;
use ccproxy_bench::bodies::{DIALECTS, Script, reply, request};
use ccproxy_bench::shape::Shape;
use ccproxy_translate::{Exchange, Profile, Progress, Stamp};
use ccproxy_wire::Dialect;
use tokio::time::Instant;

const PIECES: u32 = 100;
const ROUNDS: usize = 15;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| client | provider | request, µs | whole answer, µs | stream of {PIECES}, µs | per event, ns |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---:|")?;
    for client in DIALECTS {
        for provider in DIALECTS.into_iter().filter(|provider| *provider != client) {
            row(client, provider, &mut out)?;
        }
    }
    Ok(())
}

fn row(client: Dialect, provider: Dialect, out: &mut impl Write) -> io::Result<()> {
    let asked = request(client, &Shape::of(PIECES));
    let whole = reply(provider);
    let mut script = Script::new(provider, PIECES);
    let writes: Vec<Bytes> = (0..PIECES).map(|_| script.write(b" lorem")).collect();
    let translated = best(|| drop(exchange(client, provider, &asked)));
    let said = exchange(client, provider, &asked);
    let answered = best(|| assert!(said.answer(&whole).is_ok_and(|(body, _)| body.len() > 500)));
    let streamed = best(|| {
        let mut stream = exchange(client, provider, &asked).stream();
        for write in &writes {
            let mut out = Vec::with_capacity(write.len());
            assert!(stream.push(write, &mut out).is_ok());
        }
        assert_eq!(stream.progress(), Progress::Complete);
    });
    let streamed = streamed.saturating_sub(translated);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (translated, answered, streamed) = (micros(translated), micros(answered), micros(streamed));
    let event = streamed * 1e3 / f64::from(PIECES);
    writeln!(out, "| {client} | {provider} | {translated:.1} | {answered:.1} | {streamed:.0} | {event:.0} |")
}

fn exchange(client: Dialect, provider: Dialect, asked: &[u8]) -> Exchange {
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    match ccproxy_translate::request(client, asked, "m", &Profile::of(provider), stamp) {
        Ok(translated) => translated.exchange,
        Err(error) => unreachable!("{error}"),
    }
}

/// The time of one run in the best of some rounds: whatever else the machine does only adds to it.
fn best(run: impl Fn()) -> Duration {
    let round = || {
        let (started, mut runs) = (Instant::now(), 0);
        while started.elapsed() < Duration::from_millis(30) {
            run();
            runs += 1;
        }
        started.elapsed() / runs
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}
