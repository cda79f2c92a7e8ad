//! The faults of docs/HEALTH.md, made on the real program, and the verdicts written down there.
#![cfg(target_os = "linux")]

use std::fs::DirEntry;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::support::program::Program;
use crate::support::{Conn, Request, Response, send, within};

impl Program {
    /// Stops it, and waits until it stands still: a signal takes a moment to reach every thread.
    async fn stop(&self) {
        self.signal(Signal::STOP);
        let tasks = format!("/proc/{}/task", self.child.id().unwrap());
        let stands = |task: DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.contains(") T ")
        };
        let all = || std::fs::read_dir(&tasks).unwrap().flatten().all(stands);
        within("the stop", async {
            while !all() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Asks until the answer is as wanted.
    async fn until(&self, path: &str, wanted: impl Fn(&Response) -> bool) -> Response {
        within(path, async {
            loop {
                let answer = send(self.main, &Request::get(path)).await;
                if wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }
}

/// The verdicts of live and ready on a connection that is open.
async fn verdicts(conn: &mut Conn) -> [(u16, String); 2] {
    let mut verdicts = Vec::new();
    for path in ["/health/live", "/health/ready"] {
        let probe = Request::get(path);
        conn.send(&probe).await;
        let answer = conn.response(&probe).await;
        verdicts.push((answer.status, answer.json()["status"].as_str().unwrap_or_default().to_owned()));
    }
    verdicts.try_into().unwrap()
}

fn is(verdicts: &[(u16, String); 2], expect: [(u16, &str); 2]) -> bool {
    verdicts.iter().zip(expect).all(|(got, expect)| (got.0, got.1.as_str()) == expect)
}

#[tokio::test]
async fn no_file_descriptor_is_left() {
    let program = Program::start("ulimit -n 64", "").await;
    let mut conn = Conn::open(program.main).await;
    within("it is well", async {
        while !is(&verdicts(&mut conn).await, [(200, "pass"), (200, "pass")]) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let mut hoard = Vec::new();
    for _ in 0..64 {
        hoard.push(TcpStream::connect(program.main).await.unwrap());
    }
    within("the check notices", async {
        while !is(&verdicts(&mut conn).await, [(200, "pass"), (200, "warn")]) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let probe = Request::get("/health/ready");
    conn.send(&probe).await;
    assert!(conn.response(&probe).await.text().contains("file_descriptors"));
    // A fresh prober gets no answer while there is none to be had, and gets one as soon as there is.
    let (mut fresh, live) = (Conn::open(program.main).await, Request::get("/health/live"));
    fresh.send(&live).await;
    drop(hoard);
    assert_eq!(fresh.response(&live).await.status, 200);
}

#[tokio::test]
async fn a_directory_to_write_to_is_gone() {
    let program = Program::start("", "[health]\ndisk = ['data']").await;
    let ready = program.until("/health/ready", |ready| ready.json()["status"] == "warn").await;
    assert!(ready.status == 200 && ready.text().contains("disk"), "{}", ready.text());
    let program = Program::start("", "[health]\ndisk = ['data']\ncritical = ['disk']").await;
    let ready = program.until("/health/ready", |ready| ready.text().contains("disk(data): ")).await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (503, Some("fail")), "{}", ready.text());
    assert_eq!(send(program.main, &Request::get("/health/live")).await.status, 200);
}

#[tokio::test]
async fn stopped_and_continued() {
    let program = Program::start("", "[health]\nstall_limit = '1s'").await;
    program.until("/health/ready", |ready| ready.status == 200).await;
    for at in [program.main, program.management] {
        program.stop().await;
        let (mut conn, live) = (Conn::open(at).await, Request::get("/health/live"));
        conn.send(&live).await;
        let answer = tokio::time::timeout(Duration::from_millis(1500), conn.response(&live)).await;
        assert!(answer.is_err(), "while it is stopped it says nothing");
        program.signal(Signal::CONT);
        program.until("/health/live", |live| live.status == 200).await;
        program.until("/health/ready", |ready| ready.status == 200).await;
    }
}

#[tokio::test]
async fn more_connections_than_are_accepted_at_once() {
    let program = Program::start("", "").await;
    program.until("/health/ready", |ready| ready.status == 200).await;
    let mut crowd = tokio::task::JoinSet::new();
    let main = program.main;
    for _ in 0..600 {
        crowd.spawn(async move { TcpStream::connect(main).await });
    }
    for at in [program.management, program.main] {
        for path in ["/health/live", "/health/ready"] {
            assert_eq!(send(at, &Request::get(path)).await.status, 200, "{path}");
        }
    }
    while let Some(connected) = crowd.join_next().await {
        connected.unwrap().unwrap();
    }
}

#[tokio::test]
async fn an_upstream_that_never_lets_anybody_in() {
    // A queue of one that is never emptied: what comes then hangs while it connects, as behind a name that hangs.
    let full = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let mut queue = tokio::task::JoinSet::new();
    for _ in 0..8 {
        queue.spawn(TcpStream::connect(address));
    }
    let toml = format!(
        "[providers.far]\nkind = 'openai-compatible'\nbase_url = 'http://{address}/v1'\ntimeouts = {{ connect = '200ms' }}"
    );
    let program = Program::start("", &toml).await;
    let ask = Request::post("/far/v1/chat/completions", r#"{"model":"m","messages":[]}"#);
    within("traffic tells", async {
        loop {
            assert_eq!(send(program.main, &ask).await.status / 100, 5);
            if send(program.main, &Request::get("/plugins/far/health/upstream")).await.status == 503 {
                break;
            }
        }
    })
    .await;
    let ready = send(program.main, &Request::get("/health/ready")).await;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("warn")));
    assert_eq!(send(program.main, &Request::get("/health/live")).await.status, 200);
}
