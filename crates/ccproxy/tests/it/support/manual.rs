//! A provider worked by hand: the test says when each byte goes out.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::within;

/// A listener whose connections the test serves itself.
pub(crate) struct Manual(TcpListener);

impl Manual {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// The next request, its body read.
    pub(crate) async fn take(&self) -> Taken {
        let (io, _) = within("a request to the provider", self.0.accept()).await.unwrap();
        io.set_nodelay(true).unwrap();
        let mut taken = Taken { io };
        taken.read().await;
        taken
    }
}

/// A request that waits for its answer.
pub(crate) struct Taken {
    io: TcpStream,
}

impl Taken {
    /// Begins an event stream.
    pub(crate) async fn begin_stream(&mut self) {
        self.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await;
    }

    pub(crate) async fn chunk(&mut self, data: &str) {
        self.write(format!("{:x}\r\n{data}\r\n", data.len()).as_bytes()).await;
    }

    pub(crate) async fn finish(&mut self) {
        self.write(b"0\r\n\r\n").await;
    }

    /// Waits until the program has closed the connection.
    pub(crate) async fn closed(&mut self) {
        let mut rest = Vec::new();
        within("the connection's end", self.io.read_to_end(&mut rest)).await.unwrap();
        assert!(rest.is_empty(), "another request: {:?}", String::from_utf8_lossy(&rest));
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
    }

    /// Reads head and body; the body's length is announced, as the program announces it.
    async fn read(&mut self) {
        let mut seen = Vec::new();
        let whole = |seen: &[u8]| {
            let text = String::from_utf8_lossy(seen).to_ascii_lowercase();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            (body.len() >= length.map_or(0, |length| length.parse().unwrap())).then_some(())
        };
        while whole(&seen).is_none() {
            assert_ne!(within("the request", self.io.read_buf(&mut seen)).await.unwrap(), 0);
        }
    }
}
