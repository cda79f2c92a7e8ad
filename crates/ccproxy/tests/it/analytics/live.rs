//! Records as they come.

use std::net::SocketAddr;

use ccproxy_testkit::upstream::Script;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::client::{Head, Piece};
use crate::support::stage::ask;
use crate::support::{Conn, Request, Stage, send, within};

const LIVE: &str = "/api/requests/live";

/// A page that follows.
struct Follower {
    conn: Conn,
    head: Head,
    text: String,
}

impl Follower {
    async fn at(address: SocketAddr) -> Self {
        Self::of(address, LIVE).await
    }

    async fn of(address: SocketAddr, page: &str) -> Self {
        let mut conn = Conn::open(address).await;
        let request = Request::get(page);
        conn.send(&request).await;
        let head = conn.head(&request).await;
        let mut follower = Self { conn, head, text: String::new() };
        if follower.head.status == 200 {
            // The first comment says that everything from now on is told.
            follower.until(":\n\n").await;
        }
        follower
    }

    async fn until(&mut self, end: &str) {
        while !self.text.contains(end) {
            match self.conn.piece(&mut self.head).await {
                Piece::Data(data) => self.text.push_str(&String::from_utf8(data).unwrap()),
                other => panic!("{other:?} after {:?}", self.text),
            }
        }
    }

    async fn record(&mut self) -> Value {
        self.until("event: request\ndata: ").await;
        let from = self.text.find("event: request\ndata: ").unwrap() + "event: request\ndata: ".len();
        self.text.drain(..from);
        self.until("\n\n").await;
        let to = self.text.find("\n\n").unwrap();
        let record = serde_json::from_str(&self.text[..to]).unwrap();
        self.text.drain(..to + 2);
        record
    }
}

#[tokio::test]
async fn each_record_at_each_door() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("m.sock");
    let stage = Stage::start(&format!("[management]\nport = 0\nsocket = {socket:?}\n")).await;
    let mut followers =
        vec![Follower::at(stage.app.address()).await, Follower::at(stage.app.management()).await];
    let mut unix = UnixStream::connect(&socket).await.unwrap();
    unix.write_all(format!("GET {LIVE} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let has = |heard: &[u8], text: &str| String::from_utf8_lossy(heard).contains(text);
    within("the socket's page begins", async {
        while !has(&heard, ":\n\n") {
            assert_ne!(unix.read_buf(&mut heard).await.unwrap(), 0);
        }
    })
    .await;
    for n in 0..3 {
        let id = format!("live-{n}");
        let request = ask::request(ask::CHAT, n == 1).header("x-request-id", &id);
        assert_eq!(stage.send(&request).await.status, 200);
        for follower in &mut followers {
            let record = follower.record().await;
            assert_eq!((&record["id"], &record["stream"]), (&id.as_str().into(), &(n == 1).into()));
        }
        within("the socket's page goes on", async {
            while !has(&heard, &format!("\"id\":\"{id}\"")) {
                assert_ne!(unix.read_buf(&mut heard).await.unwrap(), 0);
            }
        })
        .await;
    }
}

#[tokio::test]
async fn only_what_is_asked_for() {
    let stage = Stage::start("").await;
    let follow = async |query: &str| Follower::of(stage.app.address(), &format!("{LIVE}?{query}")).await;
    let mut failed = follow("ending=failed&fault=upstream&provider=codex").await;
    let mut named = follow("session=none&model=&provider=codex&provider=claude").await;
    let mut slow = follow("min_duration_ms=3600000").await;
    let mut all = follow("").await;
    let id = |n: &str| ask::request(ask::CHAT, false).header("x-request-id", n);
    stage.send(&id("well")).await;
    stage.scripted(Script::error(500), &id("ill")).await;
    assert_eq!(all.record().await["id"], "well");
    assert_eq!(all.record().await["id"], "ill");
    assert_eq!(failed.record().await["id"], "ill");
    for follower in [&mut named, &mut slow] {
        let piece = follower.conn.piece(&mut follower.head);
        let waited = tokio::time::timeout(std::time::Duration::from_millis(50), piece).await;
        assert!(waited.is_err(), "{:?}: it is told nothing", waited.ok());
    }
    // The same questions are wrong as of those that are kept.
    for (query, part) in [
        ("ending=over", "ending: \"over\" is none of done"),
        ("limit=3", "limit: is no parameter here; there are model, "),
        ("since=1h", "since: is no parameter here"),
    ] {
        let answer = stage.send(&Request::get(&format!("{LIVE}?{query}"))).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().replace('\\', "").contains(part), "{}", answer.text());
    }
}

#[tokio::test]
async fn so_many_readers_and_no_more() {
    let stage = Stage::start("").await;
    let mut followers = Vec::new();
    for _ in 0..64 {
        followers.push(Follower::at(stage.app.address()).await);
    }
    let refused = stage.send(&Request::get(LIVE)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    let head = stage.send(&Request::new("HEAD", LIVE)).await;
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    stage.send(&ask::request(ask::CHAT, false)).await;
    for follower in &mut followers {
        follower.record().await;
    }
    // Whoever leaves makes room.
    drop(followers);
    within("a place comes free", async {
        while Follower::at(stage.app.address()).await.head.status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn followers_hold_up_no_shutdown() {
    let stage = Stage::start("[management]\nport = 0\n[shutdown]\ndrain_delay = '0s'\n").await;
    let mut main = Follower::at(stage.app.address()).await;
    let mut management = Follower::at(stage.app.management()).await;
    send(stage.app.address(), &ask::request(ask::CHAT, false)).await;
    main.record().await;
    management.record().await;
    stage.app.drain();
    let end = within("the end", stage.app.ended()).await;
    assert_eq!(end, ccproxy_server::End::Drained);
    assert_eq!(main.conn.piece(&mut main.head).await, Piece::End, "it ends as a whole answer does");
}
