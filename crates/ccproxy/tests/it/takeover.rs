//! One process after another on the same sockets, and nobody notices.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::Script;
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use crate::support::program::Program;
use crate::support::stage::{ask, config};
use crate::support::{Conn, Request, eventually, send, within};

const TAKEOVERS: u32 = 10;

/// What all processes of a test share.
struct House {
    dir: TempDir,
    toml: String,
    _upstream: ScriptedUpstream,
}

impl House {
    /// Streams take about half a second.
    async fn new(extra: &str) -> Self {
        let upstream = ScriptedUpstream::start().await.unwrap();
        let slow = Script::default().gap(Duration::from_millis(40));
        upstream.script(slow.for_path("/v1/chat/completions").times(u32::MAX));
        let extra = format!("[shutdown]\ndrain_delay = '0s'\ndeadline = '20s'\n{extra}");
        let toml = config(&upstream.url(), "", &extra);
        Self { dir: tempfile::tempdir().unwrap(), toml, _upstream: upstream }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn start(&self, flags: &str) -> Program {
        let path = |name| self.file(name).display().to_string();
        let (takeover, socket) = (path("takeover.sock"), path("management.sock"));
        let env = [("CCPROXY__SERVER__TAKEOVER", &*takeover), ("CCPROXY__MANAGEMENT__SOCKET", &*socket)];
        Program::start_with("", &self.toml, &format!("--log-format json {flags}"), &env).await
    }

    async fn take_over(&self, from: &Program) -> Program {
        let next = self.start("--takeover").await;
        eventually("it takes over", || next.log().contains("took_over")).await;
        assert_eq!((next.main, next.management), (from.main, from.management));
        next
    }
}

/// Waits for the process's end, which has to be a good one.
async fn ended_well(mut program: Program) {
    let code = within("the end", program.child.wait()).await.unwrap().code();
    assert_eq!(code, Some(0), "{}", program.log());
    assert!(
        program.log().contains("handing_over") || program.log().contains("stopping"),
        "{}",
        program.log()
    );
}

/// Sends a request again and again, each on a connection of its own; any answer that is not good and whole is a panic.
async fn load(at: SocketAddr, request: Request, stop: Arc<AtomicBool>, count: Arc<AtomicU64>) {
    while !stop.load(Ordering::Relaxed) {
        let answer = send(at, &request).await;
        assert!(answer.status == 200 && answer.whole, "{answer:?}");
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_takeovers_under_load_lose_nothing() {
    let house = House::new("").await;
    let mut now = house.start("").await;
    within("the first is ready", async {
        while now.send(&Request::get("/health/ready")).await.status != 200 {}
    })
    .await;
    let (stop, mut clients) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    let counts: [Arc<AtomicU64>; 4] = Default::default();
    let (main, management) = (now.main, now.management);
    let requests = [
        (4, main, Request::get("/health/ready")),
        (4, main, ask::request(ask::MESSAGES, false)),
        (16, main, ask::request(ask::CHAT, true)),
        (1, management, Request::get("/health/ready")),
    ];
    for ((clients_of, at, request), count) in requests.into_iter().zip(&counts) {
        for _ in 0..clients_of {
            clients.spawn(load(at, request.clone(), Arc::clone(&stop), Arc::clone(count)));
        }
    }
    let begun = tokio::time::Instant::now();
    let mut gone = JoinSet::new();
    for _ in 0..TAKEOVERS {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let next = house.take_over(&now).await;
        gone.spawn(ended_well(std::mem::replace(&mut now, next)));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let took = begun.elapsed();
    while let Some(client) = clients.join_next().await {
        client.expect("no connection refused or reset, no answer cut");
    }
    while let Some(end) = gone.join_next().await {
        end.unwrap();
    }
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    eprintln!("{counts:?} requests in {took:?}");
    assert!(counts.iter().all(|count| *count > u64::from(TAKEOVERS)), "{counts:?}");
    let files = [house.file("takeover.sock"), house.file("management.sock")];
    assert!(files.iter().all(|file| file.exists()), "the files went along");
    UnixStream::connect(house.file("management.sock")).await.unwrap();
    now.signal(Signal::TERM);
    ended_well(now).await;
    assert!(!files.iter().any(|file| file.exists()), "and were removed by the last");
}

#[tokio::test]
async fn a_signal_after_the_takeover_cuts_nothing() {
    let house = House::new("").await;
    let old = house.start("").await;
    let request = ask::request(ask::CHAT, true);
    let mut conn = Conn::open(old.main).await;
    conn.send(&request).await;
    let mut head = conn.head(&request).await;
    conn.piece(&mut head).await;
    let _new = house.take_over(&old).await;
    // By habit, to a process that ends anyway.
    old.signal(Signal::TERM);
    let mut all = Vec::new();
    while let crate::support::client::Piece::Data(data) = conn.piece(&mut head).await {
        all.extend(data);
    }
    assert!(String::from_utf8(all).unwrap().ends_with("data: [DONE]\n\n"));
    ended_well(old).await;
}

#[tokio::test]
async fn who_is_not_ready_takes_nothing() {
    let house = House::new("").await;
    let old = house.start("").await;
    within("it is ready", async { while old.send(&Request::get("/health/ready")).await.status != 200 {} })
        .await;
    let mut lame = House { toml: house.toml.clone(), ..House::new("").await };
    lame.toml.push_str("[health]\ndisk = ['/no/such/place']\ncritical = ['disk']\n");
    let takeover = house.file("takeover.sock");
    let env = [("CCPROXY__SERVER__TAKEOVER", takeover.to_str().unwrap())];
    let mut lame = Program::start_with("", &lame.toml, "--log-format json --takeover", &env).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..20 {
        assert_eq!(send(old.main, &Request::get("/health/ready")).await.status, 200, "the old one answers");
    }
    lame.signal(Signal::TERM);
    lame.signal(Signal::TERM);
    within("its end", lame.child.wait()).await.unwrap();
    assert!(!lame.log().contains("took_over"), "{}", lame.log());
    assert_eq!(send(old.main, &Request::get("/health/ready")).await.status, 200);
    eventually("it is given up", || old.log().contains("nobody_took_over")).await;
    assert!(takeover.exists() && house.file("management.sock").exists());
    let new = house.take_over(&old).await;
    ended_well(old).await;
    assert_eq!(send(new.main, &Request::get("/health/ready")).await.status, 200);
}

#[tokio::test]
async fn where_nobody_runs_it_starts_as_ever() {
    let house = House::new("").await;
    let first = house.start("--takeover").await;
    assert!(first.log().contains("nobody_to_take_over_from"), "{}", first.log());
    assert_eq!(send(first.main, &Request::get("/health/live")).await.status, 200);
    // As after a kill: the file is there, and nobody behind it.
    let mut first = first;
    first.child.kill().await.unwrap();
    assert!(house.file("takeover.sock").exists());
    let second = house.start("--takeover").await;
    assert_eq!(send(second.main, &Request::get("/health/live")).await.status, 200);
}

#[tokio::test]
async fn with_tls_it_is_the_same() {
    let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
    let house = House::new("").await;
    let write = |name: &str, text: String| std::fs::write(house.file(name), text).unwrap();
    write("cert.pem", made.cert.pem());
    write("key.pem", made.signing_key.serialize_pem());
    let file = |dir: &Path, name: &str| dir.join(name).display().to_string();
    let (cert, key) = (file(house.dir.path(), "cert.pem"), file(house.dir.path(), "key.pem"));
    let takeover = file(house.dir.path(), "takeover.sock");
    let env = [
        ("CCPROXY__SERVER__TAKEOVER", takeover.as_str()),
        ("CCPROXY__SERVER__TLS__CERT", cert.as_str()),
        ("CCPROXY__SERVER__TLS__KEY", key.as_str()),
    ];
    let start = async |flags: &str| Program::start_with("", &house.toml, flags, &env).await;
    let old = start("--log-format json").await;
    let new = start("--log-format json --takeover").await;
    eventually("it takes over", || new.log().contains("took_over")).await;
    assert_eq!(new.main, old.main);
    ended_well(old).await;
    let url = format!("https://{}", new.main);
    let said = new.run(&["health", "--ready", "--url", &url], &[]).await;
    assert!(said.starts_with("pass https://"), "{said}");
}

#[tokio::test]
async fn without_a_socket_there_is_no_takeover() {
    let house = House::new("").await;
    let running = house.start("").await;
    let said = running.run(&["serve", "--takeover", "--log-format", "pretty"], &[]).await;
    assert!(said.contains("--takeover needs server.takeover"), "{said}");
    // Somebody else listens there, and is no ccproxy.
    let path = house.file("other.sock");
    let other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let answers = std::thread::spawn(move || {
        use std::io::Write;
        other.accept().unwrap().0.write_all(b"220 mail ESMTP\r\n").unwrap();
    });
    let env = [("CCPROXY__SERVER__TAKEOVER", path.to_str().unwrap())];
    let said = running.run(&["serve", "--takeover", "--log-format", "pretty"], &env).await;
    assert!(said.contains("other.sock does not hand over its listeners"), "{said}");
    answers.join().unwrap();
}
