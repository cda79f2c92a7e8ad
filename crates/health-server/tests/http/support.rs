//! What the tests share: a health to look at, and clients that say exactly what they are told to.

use std::sync::Arc;

use ccproxy_health::{Builder, Health, Identity, Outcome, Profile, Reporter, Scope, Spec, State};
use ccproxy_health_server::{Body, Details, Listener, Listening, Pages, PagesOptions, Sight, metrics};
use http::{Request, Response};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) const LIVE: &str =
    r#"{"status":"pass","version":"1.2.3","output":"Application process is running"}"#;
pub(crate) const DRAINING: &str = r#"{"status":"fail","version":"1.2.3","output":"Service is draining"}"#;
pub(crate) const SEED_CACHE: &str = "no-cache, no-store, must-revalidate";

/// A service that has started: a core component `disk`, a plugin `claude` with a component `upstream`.
pub(crate) struct Service {
    pub(crate) health: Health,
    pub(crate) disk: Reporter,
    pub(crate) upstream: Reporter,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn ietf() -> Self {
        Self::with(|builder| {
            builder.profile(Profile::Ietf);
        })
    }

    pub(crate) fn with(adapt: impl FnOnce(&mut Builder)) -> Self {
        let mut builder = Builder::new(Identity::new("1.2.3", "claude-code-proxy", "CCProxy API Server"));
        builder.container().part("server").started();
        adapt(&mut builder);
        let spec = |name| Spec::new(name).unwrap().fall(1).rise(1);
        let disk = builder.passive(Scope::Core, spec("disk"));
        let upstream = builder.passive(Scope::plugin("claude"), spec("upstream"));
        let health = builder.build();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        health.start(&tasks, stop.clone());
        Self { health, disk, upstream, tasks, stop }
    }

    /// Reports of the disk, and waits until it is known.
    pub(crate) async fn disk(&self, outcome: Outcome) {
        let mut changes = self.health.changes();
        let expect = State::from(outcome.status);
        self.disk.report(outcome);
        let state = || self.health.snapshot().find(&Scope::Core, "disk").unwrap().state();
        while state() != expect {
            changes.changed().await.unwrap();
        }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Its pages. `Bearer see` sees, `Bearer order` sees and orders.
    pub(crate) fn pages(&self, details: Details) -> Pages {
        let options = PagesOptions {
            details,
            guard: Arc::new(|headers| {
                let shown = |key: &str| headers.get("authorization").is_some_and(|value| value == key);
                let command = shown("Bearer order");
                Sight { details: command || shown("Bearer see"), command }
            }),
            names: Some(Arc::new(|name| name == "ops.example")),
            envoy_degraded: true,
            registry: Some(Arc::new(metrics::registry(&self.health))),
        };
        Pages::new(self.health.clone(), options)
    }

    /// A listener on a free port, which shows everything.
    pub(crate) fn listen(&self) -> Listening {
        let tcp = Some(("127.0.0.1:0".parse().unwrap(), self.pages(Details::Always)));
        Listener { tcp, ..Listener::default() }.start().unwrap()
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn parse(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no end of head: {raw:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// Sends bytes on a connection of its own and reads to its end, which is a FIN: a reset would be an error.
pub(crate) async fn raw(listening: &Listening, request: &str) -> Reply {
    let stream = TcpStream::connect(listening.tcp.unwrap()).await.unwrap();
    say(stream, request).await
}

pub(crate) async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Reply {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the connection ends in FIN");
    Reply::parse(&answer)
}

/// A request to the pages themselves.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// What the pages answer.
pub(crate) fn response(pages: &Pages, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let request = request(method, path, headers);
    let page =
        pages.find(request.method(), request.uri().path()).unwrap_or_else(|| panic!("{path} is no page"));
    pages.answer(page, &request)
}

/// The same, read whole.
pub(crate) async fn ask(pages: &Pages, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let (parts, body) = response(pages, method, path, headers).into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("\r\n{name}: {}", value.to_str().unwrap())
    };
    let head: String = parts.headers.iter().map(line).collect();
    Reply {
        status: parts.status.as_u16(),
        head: format!("HTTP{head}"),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
