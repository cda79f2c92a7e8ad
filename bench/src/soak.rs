//! The soak: requests of every kind, with every fault, and clients that go away, over and over; each answer is judged.
//!
//! Here a wrong answer ends nothing: it is counted, and told.

mod case;
mod cases;
mod client;
mod judge;
mod report;
mod table;
mod turns;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::Full;
use hyper::Request;
use hyper::header::HeaderValue;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use case::{Case, Right};
use client::{Client, PATIENCE, Stay, Trouble};
pub use report::{Mark, Report};

/// What the simulator is told to do.
const ORDER: &str = "x-ccproxy-simulate";

/// How much, and against whom.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// ccproxy, as `bench/soak-run` configures it.
    pub address: SocketAddr,
    /// Clients, each with one request under way.
    pub clients: u32,
    /// At least so many requests.
    pub requests: u64,
}

/// What all clients share.
struct Shared {
    cases: Vec<Case>,
    turns: AtomicU64,
    done: AtomicU64,
    goal: u64,
    report: Mutex<Report>,
    tell: Box<dyn Fn(Mark) + Send + Sync>,
}

/// Runs the plan to its end; `tell` hears of every percent.
///
/// # Errors
/// When a client dies.
pub async fn run(plan: Plan, tell: impl Fn(Mark) + Send + Sync + 'static) -> Result<Report, JoinError> {
    let (cases, begun) = (cases::all(), Instant::now());
    let shared = Arc::new(Shared {
        report: Mutex::new(Report { kinds: cases.len(), ..Report::default() }),
        cases,
        turns: AtomicU64::new(0),
        done: AtomicU64::new(0),
        goal: plan.requests,
        tell: Box::new(tell),
    });
    let mut clients = JoinSet::new();
    for _ in 0..plan.clients {
        clients.spawn(work(Client::new(plan.address), Arc::clone(&shared)));
    }
    while let Some(ended) = clients.join_next().await {
        ended?;
    }
    let mut report = std::mem::take(&mut *shared.report.lock().unwrap_or_else(PoisonError::into_inner));
    report.requests = shared.done.load(Ordering::Relaxed);
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

async fn work(mut client: Client, shared: Arc<Shared>) {
    let cases = shared.cases.len().max(1) as u64;
    while shared.done.load(Ordering::Relaxed) < shared.goal {
        let turn = shared.turns.fetch_add(1, Ordering::Relaxed);
        let at = usize::try_from(turn % cases).unwrap_or_default();
        let Some(case) = shared.cases.get(at) else { return };
        let outcome = timeout(PATIENCE, ask(&mut client, case, turn)).await.unwrap_or(Err(Trouble::Hangs));
        if outcome.is_err() {
            client.leave();
        }
        shared.note(case, outcome);
    }
}

impl Shared {
    fn note(&self, case: &Case, outcome: Result<u64, Trouble>) {
        let sent = *outcome.as_ref().unwrap_or(&1);
        let before = self.done.fetch_add(sent, Ordering::Relaxed);
        if let Err(trouble) = outcome {
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            report.hangs += u64::from(matches!(trouble, Trouble::Hangs));
            report.wrong(case, &trouble.to_string());
        }
        let percent = |done: u64| 100 * done / self.goal.max(1);
        for percent in percent(before) + 1..=percent(before + sent).min(100) {
            (self.tell)(Mark { percent, requests: before + sent });
        }
    }
}

/// Asks, and judges what comes; gives how many requests that were.
async fn ask(client: &mut Client, case: &Case, turn: u64) -> Result<u64, Trouble> {
    let stay = match case.right {
        Right::Kept => return turns::kept(client, case).await,
        Right::Socket => return turns::socket(client, case).await,
        Right::Left => Stay::Begun,
        Right::GivenUp => Stay::Briefly,
        Right::Outcome { .. } | Right::Page { .. } => Stay::ToTheEnd,
    };
    let word = format!("w{turn}");
    let mut request = Request::new(Full::new(case.body.clone()));
    *request.method_mut() = case.method.clone();
    *request.uri_mut() = case.path.parse().map_err(hyper::http::Error::from)?;
    request.headers_mut().clone_from(&case.headers);
    if let Some(order) = &case.order {
        let order = HeaderValue::try_from(format!("{order}text={word}")).map_err(hyper::http::Error::from)?;
        request.headers_mut().insert(ORDER, order);
    }
    let seen = client.send(request, stay).await?;
    case.right.wrong(&seen, &word).map_err(Trouble::Wrong)?;
    Ok(1)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;
    use crate::bodies::{self, DIALECTS};
    use crate::fault::Fault;
    use crate::shape::Shape;
    use crate::upstream;

    /// What the mock upstream itself does, whole and streamed, Anthropic's words first.
    const RAW: [(Fault, [&str; 2]); 10] = [
        (Fault::RateLimit, ["429 rate_limit_error|429 rate_limit_exceeded"; 2]),
        (Fault::Overloaded, ["529 overloaded_error|503 overloaded"; 2]),
        (Fault::ServerError, ["500 api_error|500 server_error"; 2]),
        (Fault::Auth, ["401 authentication_error|401 invalid_api_key"; 2]),
        (Fault::TooLong, ["400 invalid_request_error|400 context_length_exceeded"; 2]),
        (
            Fault::OverloadedStream,
            ["529 overloaded_error|503 overloaded", "event overloaded_error|event overloaded"],
        ),
        (Fault::Reset, ["cut"; 2]),
        (Fault::Stall, ["silence"; 2]),
        (Fault::Truncate, ["broken"; 2]),
        (Fault::Garbage, ["broken"; 2]),
    ];

    #[tokio::test]
    async fn the_mock_upstream_has_every_fault() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let check = async {
            for ((fault, expect), dialect) in
                RAW.into_iter().flat_map(|row| DIALECTS.map(|dialect| (row, dialect)))
            {
                for (events, expect) in [0, 5].into_iter().zip(expect) {
                    let body = bodies::request(dialect, &Shape { fault: Some(fault), ..Shape::of(events) });
                    let path = format!("http://{address}/v1{}", bodies::route(dialect));
                    let request = Request::post(path).body(Full::new(body)).unwrap();
                    let mut client = Client::new(address);
                    let asked = client.send(request, Stay::ToTheEnd);
                    let right = Right::outcome(dialect, expect, case::Text::Any);
                    match timeout(Duration::from_millis(300), asked).await {
                        Ok(seen) => {
                            assert_eq!(right.wrong(&seen.unwrap(), ""), Ok(()), "{fault:?} {dialect}")
                        }
                        Err(_) => assert_eq!(expect, "silence", "{fault:?} {dialect}"),
                    }
                }
            }
        };
        tokio::select! {
            served = upstream::serve(listener) => panic!("the upstream ended: {served:?}"),
            () = check => {}
        }
    }

    #[test]
    fn every_fault_has_its_turn_in_every_dialect() {
        let cases = cases::all();
        for fault in Fault::ALL {
            for dialect in DIALECTS {
                let route = bodies::route(dialect);
                let turns = cases
                    .iter()
                    .filter(|case| case.name.ends_with(fault.name()) && case.path.ends_with(route))
                    .count();
                assert!(turns >= 8, "{fault:?} {dialect}: {turns}");
            }
        }
    }
}
