//! Started by a service manager that has opened the sockets already.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};

use crate::support::{Conn, Request, send, within};

/// A command that has `first` as descriptor 3 and `second` as 4, as systemd would start it.
fn manager(dir: &TempDir, names: &str, [first, second]: [OwnedFd; 2], pid: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_ccproxy");
    let script = format!(
        "LISTEN_PID={pid} LISTEN_FDS=2 LISTEN_FDNAMES={names} exec {program} serve --log-format json 3<&0 4<&1 0</dev/null 1>/dev/null"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(dir.path()).env_clear().env("HOME", dir.path());
    command.stdin(Stdio::from(first)).stdout(Stdio::from(second)).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

fn start(dir: &TempDir, names: &str, sockets: [OwnedFd; 2]) -> Child {
    manager(dir, names, sockets, "$$").spawn().unwrap()
}

/// What it says when it does not start.
async fn refused(names: &str, sockets: [OwnedFd; 2]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let child = start(&dir, names, sockets);
    let Output { status, stderr, .. } = within("its end", child.wait_with_output()).await.unwrap();
    assert_eq!(status.code(), Some(2));
    String::from_utf8(stderr).unwrap()
}

fn tcp(address: &str) -> TcpListener {
    TcpListener::bind(address).unwrap()
}

#[tokio::test]
async fn the_sockets_of_the_manager_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.sock");
    let (main, management) = (tcp("127.0.0.1:0"), UnixListener::bind(&path).unwrap());
    let address = main.local_addr().unwrap();
    // Who comes before the program waits for it.
    let probe = Request::get("/health/live");
    let mut early = Conn::open(address).await;
    early.send(&probe).await;
    let kept = management.try_clone().unwrap();
    let mut child = start(&dir, "ccproxy.socket:management", [main.into(), management.into()]);
    assert_eq!(early.response(&probe).await.status, 200);
    assert_eq!(send(address, &probe).await.status, 200);
    let mut operator = UnixStream::connect(&path).await.unwrap();
    let drain = "POST /drain HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let mut said = String::new();
    tokio::io::AsyncWriteExt::write_all(&mut operator, drain.as_bytes()).await.unwrap();
    tokio::io::AsyncReadExt::read_to_string(&mut operator, &mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK"), "{said}");
    child.kill().await.unwrap();
    drop(kept);
    assert!(path.exists(), "the file is the manager's");
}

#[tokio::test]
async fn two_ports_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (main, management) = (tcp("127.0.0.1:0"), tcp("127.0.0.1:0"));
    let (main_at, management_at) = (main.local_addr().unwrap(), management.local_addr().unwrap());
    let _child = start(&dir, "management:http", [management.into(), main.into()]);
    assert_eq!(send(main_at, &Request::get("/v1/models")).await.status, 200);
    assert_eq!(send(management_at, &Request::get("/health/live")).await.status, 200);
    assert_eq!(send(management_at, &Request::get("/v1/models")).await.status, 404);
}

#[tokio::test]
async fn where_it_really_listens_decides_who_may_come() {
    let said = refused("http:management", [tcp("0.0.0.0:0").into(), tcp("127.0.0.1:0").into()]).await;
    assert!(said.contains("LISTEN_FDS: server.host") && said.contains("--insecure-no-auth"), "{said}");
}

#[tokio::test]
async fn sockets_that_cannot_be_told_apart_are_refused() {
    let said = refused("a:b", [tcp("127.0.0.1:0").into(), tcp("127.0.0.1:0").into()]).await;
    assert!(said.contains("second socket for the same purpose") && said.contains("\"b\""), "{said}");
    let said = refused("management:agent", [tcp("127.0.0.1:0").into(), tcp("127.0.0.2:0").into()]).await;
    assert!(said.contains("must have one address"), "{said}");
}

#[tokio::test]
async fn the_sockets_of_another_process_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (main, other) = (tcp("127.0.0.1:0"), tcp("127.0.0.1:0"));
    let address = main.local_addr().unwrap();
    let port = tcp("127.0.0.1:0").local_addr().unwrap().port().to_string();
    let mut command = manager(&dir, "a:b", [main.into(), other.into()], "1");
    let _child = command.env("CCPROXY__SERVER__PORT", &port).spawn().unwrap();
    within("it listens where the configuration says", async {
        while TcpStream::connect(format!("127.0.0.1:{port}")).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let mut unserved = Conn::open(address).await;
    unserved.send(&Request::get("/health/live")).await;
    let answer =
        tokio::time::timeout(Duration::from_millis(200), unserved.response(&Request::get("/"))).await;
    assert!(answer.is_err(), "{answer:?}");
}
