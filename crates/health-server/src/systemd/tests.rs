use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use ccproxy_health::{Builder, Identity, Outcome, Scope, Spec, check_fn};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};
use tokio_util::task::TaskTracker;

use super::*;

fn builder() -> Builder {
    Builder::new(Identity::new("1.2.3", "service", "Service"))
}

/// A follower on this test's own clock, and the socket where systemd would listen.
struct Stage {
    directory: tempfile::TempDir,
    systemd: Option<UnixDatagram>,
    stopping: CancellationToken,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Stage {
    async fn start(health: &Health, watchdog: Option<Duration>, deadline: Duration) -> Self {
        let mut stage = Self::deaf(health, watchdog, deadline);
        stage.listen();
        settle().await;
        stage
    }

    /// Nobody listens yet.
    fn deaf(health: &Health, watchdog: Option<Duration>, deadline: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = SocketAddr::from_pathname(directory.path().join("notify")).unwrap();
        let follower = Follower::new(Socket::new(address).unwrap(), health.clone(), watchdog, deadline);
        let (stopping, stop, mut tasks) =
            (CancellationToken::new(), CancellationToken::new(), JoinSet::new());
        tasks.spawn(follower.run(stopping.clone(), stop.clone()));
        Self { directory, systemd: None, stopping, stop, tasks }
    }

    fn listen(&mut self) {
        self.systemd = Some(listen(&self.directory.path().join("notify")));
    }

    /// What has come since the last look, one datagram each.
    fn heard(&self) -> Vec<String> {
        let systemd = self.systemd.as_ref().unwrap();
        let mut messages = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            match systemd.recv(&mut buffer) {
                Ok(bytes) => messages.push(String::from_utf8(buffer[..bytes].to_vec()).unwrap()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return messages,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// What comes in a time, with when it came.
    async fn heard_in(&self, time: Duration) -> Vec<(Duration, String)> {
        let start = Instant::now();
        let mut messages = Vec::new();
        while start.elapsed() < time {
            advance(Duration::from_millis(100)).await;
            settle().await;
            messages.extend(self.heard().into_iter().map(|message| (start.elapsed(), message)));
        }
        messages
    }

    async fn end(mut self) {
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

fn listen(path: &Path) -> UnixDatagram {
    let socket = UnixDatagram::bind(path).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

const SECOND: Duration = Duration::from_secs(1);
const IS_READY: &str = "STATUS=Service is ready to accept traffic\n";
const DRAINS: &str = "STATUS=Service is draining\n";

#[tokio::test(start_paused = true)]
async fn ready_is_said_when_the_phase_is_ready_and_once() {
    let mut gated = builder();
    gated.gate("storage open").stall_limit(3600 * SECOND);
    let health = gated.build();
    let stage = Stage::start(&health, None, SECOND).await;
    assert_eq!(stage.heard(), ["STATUS=Service is starting: storage open: waiting\n"]);
    assert_eq!(stage.heard_in(5 * SECOND).await, []);
    health.open_gate("storage open");
    settle().await;
    assert_eq!(stage.heard(), [format!("READY=1\n{IS_READY}")]);
    health.take_out();
    settle().await;
    assert_eq!(stage.heard(), [DRAINS], "an operator's drain is no stop");
    health.undrain();
    settle().await;
    assert_eq!(stage.heard(), [IS_READY]);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_status_follows_the_verdict() {
    let mut builder = builder();
    let spec = Spec::new("disk").unwrap().critical(true).fall(1).rise(1);
    let disk = builder.check(Scope::Core, spec, check_fn(std::future::pending));
    let health = builder.build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    let stage = Stage::start(&health, None, SECOND).await;
    assert_eq!(stage.heard(), ["READY=1\nSTATUS=Service is not ready: disk: not checked yet\n"]);
    for (outcome, expect) in [
        (Outcome::pass(), IS_READY),
        (
            Outcome::warn("almost\nfull"),
            "STATUS=Service is ready to accept traffic, degraded: disk: almost full\n",
        ),
        (Outcome::fail("cannot write /var/x"), "STATUS=Service is not ready: disk: cannot write [path]\n"),
    ] {
        disk.report(outcome);
        let heard = stage.heard_in(Duration::from_millis(100)).await;
        assert_eq!(heard.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), [expect]);
    }
    stage.end().await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_is_said_without_waiting_for_any_tick() {
    let health = builder().build();
    let stage = Stage::start(&health, Some(10 * SECOND), 30 * SECOND).await;
    assert_eq!(stage.heard(), [format!("READY=1\n{IS_READY}"), "WATCHDOG=1\n".to_owned()]);
    let before = Instant::now();
    health.drain();
    stage.stopping.cancel();
    settle().await;
    assert_eq!(stage.heard().concat(), format!("STOPPING=1\n{DRAINS}EXTEND_TIMEOUT_USEC=15000000\n"));
    assert_eq!(Instant::now(), before);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_life_is_a_stop_too() {
    let health = builder().build();
    let stage = Stage::start(&health, None, Duration::ZERO).await;
    stage.heard();
    health.stop();
    settle().await;
    assert_eq!(stage.heard(), ["STOPPING=1\nSTATUS=Service has stopped\n"]);
    assert_eq!(stage.heard_in(3 * SECOND).await, []);
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn time_is_asked_for_until_the_deadline() {
    let health = builder().build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    let stage = Stage::start(&health, None, 25 * SECOND).await;
    stage.heard();
    stage.stopping.cancel();
    settle().await;
    assert_eq!(stage.heard(), ["STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\n"]);
    let asked = stage.heard_in(120 * SECOND).await;
    let texts: Vec<&str> = asked.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts.len(), 2, "{asked:?}");
    assert_eq!(texts[0], "EXTEND_TIMEOUT_USEC=15000000\n");
    assert!(
        asked[0].0 < 11 * SECOND && asked[1].0 < 22 * SECOND,
        "before the last time is used up: {asked:?}"
    );
    let left: u64 = texts[1]["EXTEND_TIMEOUT_USEC=".len()..].trim().parse().unwrap();
    let until = asked[1].0 + Duration::from_micros(left);
    assert!(until >= 25 * SECOND && until <= 31 * SECOND, "the deadline and a margin: {until:?}");
    stage.end().await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_hears_nothing_of_a_stalled_process() {
    // Never started, it makes no progress; the limit is 5 s.
    let health = builder().build();
    let stage = Stage::start(&health, Some(2 * SECOND), 60 * SECOND).await;
    assert_eq!(stage.heard(), [format!("READY=1\n{IS_READY}"), "WATCHDOG=1\n".to_owned()]);
    let proofs = stage.heard_in(5 * SECOND).await;
    assert_eq!(proofs.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["WATCHDOG=1\n"; 5]);
    let stalled = stage.heard_in(60 * SECOND).await;
    assert_eq!(stalled.len(), 1, "{stalled:?}");
    let (when, text) = &stalled[0];
    assert!(*when <= SECOND, "within a second of the limit: {when:?}");
    assert!(text.starts_with("STATUS=Application process is stalled: main runtime: no progress for 5 s"));
    stage.stopping.cancel();
    settle().await;
    assert_eq!(stage.heard(), ["STOPPING=1\n"], "nor does it get more time");
    stage.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_hears_of_a_process_that_drains() {
    let health = builder().build();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    health.start(&tasks, stop.clone());
    let stage = Stage::start(&health, Some(SECOND), SECOND).await;
    health.drain();
    stage.stopping.cancel();
    settle().await;
    stage.heard();
    let proofs = stage.heard_in(60 * SECOND).await;
    assert_eq!(proofs.len(), 120);
    assert!(proofs.iter().all(|(_, text)| text == "WATCHDOG=1\n"));
    stage.end().await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_sent_is_sent_later() {
    let health = builder().build();
    let mut stage = Stage::deaf(&health, None, SECOND);
    settle().await;
    stage.listen();
    let heard = stage.heard_in(SECOND).await;
    assert_eq!(
        heard.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        [format!("READY=1\n{IS_READY}")]
    );
    stage.end().await;
}

#[test]
fn the_environment_says_who_listens() {
    fn check(variables: &[(&str, &str)], expect: Option<Option<Duration>>) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        assert_eq!(Systemd::from_env(variable).map(|systemd| systemd.watchdog), expect, "{variables:?}");
    }
    let socket = ("NOTIFY_SOCKET", "/run/systemd/notify");
    let own = std::process::id().to_string();
    check(&[], None);
    check(&[("NOTIFY_SOCKET", "")], None);
    check(&[("NOTIFY_SOCKET", "run/notify")], None);
    check(&[("NOTIFY_SOCKET", "vsock:2:1234")], None);
    check(&[("NOTIFY_SOCKET", &format!("/{}", "x".repeat(200)))], None);
    check(&[("WATCHDOG_USEC", "1000000")], None);
    check(&[socket], Some(None));
    check(&[("NOTIFY_SOCKET", "@notify")], Some(None));
    check(&[socket, ("WATCHDOG_USEC", "1000000")], Some(Some(SECOND)));
    check(&[socket, ("WATCHDOG_USEC", "1000000"), ("WATCHDOG_PID", &own)], Some(Some(SECOND)));
    check(&[socket, ("WATCHDOG_USEC", "1000000"), ("WATCHDOG_PID", "1")], Some(None));
    check(&[socket, ("WATCHDOG_USEC", "1000000"), ("WATCHDOG_PID", "")], Some(None));
    check(&[socket, ("WATCHDOG_USEC", "0")], Some(None));
    check(&[socket, ("WATCHDOG_USEC", "soon")], Some(None));
}

#[test]
fn the_thread_tells_and_ends_when_it_is_dropped() {
    fn check(systemd: &UnixDatagram, name: &str) {
        let health = builder().build();
        let variable = |asked: &str| (asked == "NOTIFY_SOCKET").then(|| OsString::from(name));
        let following = Systemd::from_env(variable).unwrap().start(health.clone(), 60 * SECOND).unwrap();
        let hear = || {
            let mut buffer = [0; 4096];
            let bytes = systemd.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..bytes].to_vec()).unwrap()
        };
        systemd.set_read_timeout(Some(30 * SECOND)).unwrap();
        assert_eq!(hear(), format!("READY=1\n{IS_READY}"));
        following.reloading();
        let told = hear();
        let micros = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
        assert!(micros.parse::<u64>().unwrap() > 0, "{told}");
        following.reloaded();
        assert_eq!(hear(), "READY=1\n");
        following.stopping();
        // What comes after the end has begun would undo it.
        following.reloading();
        assert_eq!(hear(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\n");
        drop(following);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    check(&UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap());
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("ccproxy-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        check(&UnixDatagram::bind_addr(&address).unwrap(), &format!("@{name}"));
    }
}
