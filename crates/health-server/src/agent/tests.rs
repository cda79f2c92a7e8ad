use std::net::SocketAddr;

use ccproxy_health::{Builder, Identity, Outcome, Scope, Spec, check_fn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, advance};
use tokio_util::task::TaskTracker;

use super::*;

fn builder() -> Builder {
    Builder::new(Identity::new("1.2.3", "service", "Service"))
}

#[test]
fn the_line_follows_the_life() {
    let mut gated = builder();
    gated.gate("storage open");
    let health = gated.build();
    let check = |expect: &str| assert_eq!(line(&health), expect);
    check("down\n");
    health.open_gate("storage open");
    check("up ready 100%\n");
    health.take_out();
    check("drain\n");
    health.undrain();
    check("up ready 100%\n");
    health.drain();
    check("drain\n");
    health.stop();
    check("down\n");
}

#[tokio::test(start_paused = true)]
async fn the_line_follows_the_checks() {
    let mut builder = builder();
    let spec = Spec::new("disk").unwrap().critical(true).fall(1).rise(1);
    let disk = builder.check(Scope::Core, spec, check_fn(std::future::pending));
    let health = builder.build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    assert_eq!(line(&health), "down\n", "not known to be ready");
    let mut changes = health.changes();
    for (outcome, expect) in [
        (Outcome::pass(), "up ready 100%\n"),
        (Outcome::warn("almost full"), "up ready 100%\n"),
        (Outcome::fail("full"), "down\n"),
    ] {
        changes.borrow_and_update();
        disk.report(outcome);
        changes.changed().await.unwrap();
        assert_eq!(line(&health), expect);
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_down_even_in_a_drain() {
    let health = builder().build();
    health.drain();
    assert_eq!(line(&health), "drain\n");
    advance(Duration::from_secs(6)).await;
    assert_eq!(line(&health), "down\n");
}

struct Serving {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinSet<()>,
}

async fn start(health: Health) -> Serving {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
    task.spawn(serve(listener, health, stop.clone()));
    Serving { address, stop, task }
}

impl Serving {
    async fn end(mut self) {
        self.stop.cancel();
        self.task.join_next().await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn whoever_connects_gets_one_line_and_an_orderly_end() {
    async fn check(address: SocketAddr, send: &[u8], expect: &str) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(send).await.unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, expect);
        // What comes late is heard out; a closed socket would answer the first with a reset, which fails the second.
        stream.write_all(b"late").await.unwrap();
        stream.write_all(b"later").await.unwrap();
    }
    let health = builder().build();
    let serving = start(health.clone()).await;
    check(serving.address, b"", "up ready 100%\n").await;
    check(serving.address, b"server-1\n", "up ready 100%\n").await;
    check(serving.address, &[b'x'; 10_000], "up ready 100%\n").await;
    health.drain();
    check(serving.address, b"", "drain\n").await;
    serving.end().await;
}

#[tokio::test]
async fn those_who_stay_keep_nobody_out() {
    let serving = start(builder().build()).await;
    let mut stay = Vec::new();
    for _ in 0..MAX_CONNECTIONS + 8 {
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        let mut heard = [0; 14];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"up ready 100%\n");
        stay.push(stream);
    }
    // They are still connected, and the end does not wait for them to go.
    tokio::time::pause();
    let before = Instant::now();
    serving.end().await;
    assert_eq!(Instant::now(), before);
}
