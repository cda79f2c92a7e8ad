//! The main runtime blocked: the thread goes on answering, and tells.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::support::Service;

const LIMIT: Duration = Duration::from_secs(1);

/// Asks on a connection of its own, without any runtime.
fn live(address: SocketAddr) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(b"GET /health/live HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Asks until the answer is this one; how long that took.
fn until(address: SocketAddr, status: u16) -> Duration {
    let begin = Instant::now();
    while live(address) != status {
        assert!(begin.elapsed() < Duration::from_secs(20), "never {status}");
    }
    begin.elapsed()
}

#[test]
fn a_blocked_runtime_is_told_of() {
    let (address_of, address) = mpsc::channel();
    let (block, blocked) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let (go, gone) = oneshot::channel::<()>();
    let (end, ended) = oneshot::channel::<()>();
    let main = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::with(|builder| {
                builder.stall_limit(LIMIT);
            });
            let listening = service.listen();
            address_of.send(listening.tcp.unwrap()).unwrap();
            gone.await.unwrap();
            // What no asynchronous program should do.
            blocked.0.send(()).unwrap();
            block.1.recv().unwrap();
            ended.await.unwrap();
            listening.stop().await;
            service.end().await;
        });
    });
    let address = address.recv().unwrap();
    assert_eq!(live(address), 200);
    go.send(()).unwrap();
    blocked.1.recv().unwrap();
    assert_eq!(live(address), 200, "a short block is no stall");
    let seen = until(address, 503);
    assert!(seen < LIMIT + Duration::from_secs(1), "told too late: {seen:?}");
    block.0.send(()).unwrap();
    let back = until(address, 200);
    assert!(back < Duration::from_secs(2), "back too late: {back:?}");
    end.send(()).unwrap();
    main.join().unwrap();
}
