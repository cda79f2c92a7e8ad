use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Serves each request by what `answer` makes of it; an empty answer leaves it without one.
async fn serve(listener: TcpListener, answer: fn(&str) -> &'static str) {
    let mut connections = JoinSet::new();
    while let Ok((mut socket, _)) = listener.accept().await {
        connections.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = socket.read(&mut buffer).await {
                let request = std::str::from_utf8(&buffer[..read]).unwrap();
                let answer = answer(request);
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
                socket.write_all(answer.as_bytes()).await.unwrap();
                if request.contains("Connection: close") {
                    break;
                }
            }
        });
    }
}

async fn check(fresh: bool, pace: Pace, answer: fn(&str) -> &'static str) -> Report {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let paths = vec!["/a".to_owned(), "/b".to_owned()];
    let plan = Plan { address, paths, fresh, pace };
    tokio::select! {
        () = serve(listener, answer) => panic!("the server ended"),
        report = run(plan) => report.unwrap(),
    }
}

fn paced(probes: u64) -> Pace {
    Pace::Open { rate: 1_000, probes, timeout: Duration::from_millis(50) }
}

fn well(request: &str) -> &'static str {
    if request.starts_with("GET /a ") {
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    } else {
        "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"
    }
}

#[tokio::test]
async fn answers_are_counted_by_path_and_status() {
    let flood = Pace::Closed { connections: 3, probes: 40 };
    for (fresh, pace) in [(false, paced(40)), (true, paced(40)), (false, flood), (true, flood)] {
        let report = check(fresh, pace, well).await;
        assert_eq!((report.probes, report.troubles.len()), (40, 0), "{report:?}");
        assert_eq!(report.paths["/a"].statuses, BTreeMap::from([(200, 20)]));
        assert_eq!(report.paths["/b"].statuses, BTreeMap::from([(503, 20)]));
        assert_eq!((report.paths["/a"].body, report.paths["/b"].body), (2, 0));
        assert!(report.latency_us.max >= report.paths["/a"].answer_us.p50);
    }
}

#[tokio::test]
async fn a_paced_run_keeps_its_rate_and_tells_changes_once() {
    let report = check(true, paced(50), well).await;
    assert!(report.seconds >= 0.049, "{report:?}");
    let told: Vec<_> = report.changes.iter().map(|change| (change.path.as_str(), change.status)).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&("/a", 200)) && told.contains(&("/b", 503)), "{told:?}");
}

#[tokio::test]
async fn troubles_are_counted_and_end_nothing() {
    let trouble = async |answer, expect: &str| {
        let report = check(false, paced(4), answer).await;
        assert_eq!(report.troubles, BTreeMap::from([(expect.to_owned(), 4)]), "{report:?}");
    };
    trouble(|_| "", "timeout").await;
    trouble(|_| "SSH-2.0\r\n\r\n", "malformed").await;
    trouble(|_| "HTTP/1.1 200 OK\r\n\r\n", "malformed").await;
    trouble(|_| "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nok", "malformed").await;
}

#[tokio::test]
async fn a_closed_port_is_a_trouble_of_each_probe() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let plan = Plan { address, paths: vec!["/".to_owned()], fresh: false, pace: paced(5) };
    let report = run(plan).await.unwrap();
    assert_eq!(report.troubles, BTreeMap::from([("connect".to_owned(), 5)]));
    assert_eq!(report.changes[0].status, 0);
}
