//! A follower that stands still costs a bounded queue, and nobody a request.

use crate::support::program::Program;
use crate::support::stage::ask;
use crate::support::{Conn, Request, send, within};

const CLIENTS: usize = 16;
/// How many records may wait.
const QUEUE: usize = 16 * 1024;
/// More than that.
const ROUND: usize = 17_600;

async fn ask(program: &Program, requests: usize) {
    let client = async || {
        let mut conn = Conn::open(program.main).await;
        let request = ask::request("/demo/v1/messages", false);
        for _ in 0..requests / CLIENTS {
            conn.send(&request).await;
            assert_eq!(conn.response(&request).await.status, 200);
        }
    };
    futures_util::future::join_all((0..CLIENTS).map(|_| client())).await;
}

/// Memory that the process has, in MiB.
fn memory(program: &Program) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_never_comes_costs_a_bounded_queue() {
    // Opening it waits for whoever reads.
    let fifo = "mkfifo access.log";
    let log = "[plugins.access-log]\nenabled = true\npath = 'access.log'\n[store]\nenabled = false\n";
    let program = Program::start(fifo, log).await;
    ask(&program, ROUND).await;
    let full = memory(&program);
    ask(&program, ROUND).await;
    let now = memory(&program);
    assert!(now <= full + 4, "{full} MiB became {now} MiB");
    let page = send(program.main, &Request::get("/metrics")).await.text();
    let dropped =
        format!("ccproxy_recorder_dropped_total{{follower=\"access-log\"}} {}\n", 2 * ROUND - QUEUE);
    assert!(page.contains(&dropped), "not {dropped}");
    let health = Request::get("/health");
    within("health tells of it", async {
        while !send(program.main, &health).await.text().contains("records are dropped for access-log") {
            ask(&program, CLIENTS).await;
        }
    })
    .await;
}
