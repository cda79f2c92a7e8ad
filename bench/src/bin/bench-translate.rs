//! What a translation costs by itself: nanoseconds of CPU for a request, an answer, and a stream of 100 pieces of text,
//! for each ordered pair of dialects.

use std::io::{self, Write};
use std::time::Duration;

use ccproxy_bench::translate::{answer, events, request};
use ccproxy_translate::{Exchange, Profile, Progress, Stamp};
use ccproxy_wire::Dialect;
use tokio::time::Instant;

const ALL: [Dialect; 3] = [Dialect::Messages, Dialect::Chat, Dialect::Responses];
const PIECES: usize = 100;
const ROUNDS: usize = 15;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| client | provider | request, µs | whole answer, µs | stream of {PIECES}, µs | per event, ns |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---:|")?;
    for client in ALL {
        for provider in ALL.into_iter().filter(|provider| *provider != client) {
            row(client, provider, &mut out)?;
        }
    }
    Ok(())
}

fn row(client: Dialect, provider: Dialect, out: &mut impl Write) -> io::Result<()> {
    let (asked, whole, events) = (request(client, true), answer(provider), events(provider, PIECES));
    let translated = best(|| drop(exchange(client, provider, &asked)));
    let said = exchange(client, provider, &asked);
    let answered = best(|| assert!(said.answer(whole.as_bytes()).is_ok_and(|(body, _)| body.len() > 500)));
    let streamed = best(|| {
        let mut stream = exchange(client, provider, &asked).stream();
        for event in &events {
            let mut out = Vec::with_capacity(event.len());
            assert!(stream.push(event.as_bytes(), &mut out).is_ok());
        }
        assert_eq!(stream.progress(), Progress::Complete);
    });
    let streamed = streamed.saturating_sub(translated);
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let (translated, answered, streamed) = (micros(translated), micros(answered), micros(streamed));
    let event = streamed * 1e3 / events.len() as f64;
    writeln!(out, "| {client} | {provider} | {translated:.1} | {answered:.1} | {streamed:.0} | {event:.0} |")
}

fn exchange(client: Dialect, provider: Dialect, asked: &str) -> Exchange {
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    match ccproxy_translate::request(client, asked.as_bytes(), "m", &Profile::of(provider), stamp) {
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
