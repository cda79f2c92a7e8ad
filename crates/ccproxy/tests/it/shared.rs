//! Two replicas that count together, with a real Redis or Valkey: the program that `CCPROXY_REDIS_SERVER` names, or
//! `valkey-server` or `redis-server` of the path. Where there is none, these tests say so and pass.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ccproxy_testkit::upstream::Script;
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::support::stage::ask;
use crate::support::{Conn, Request, Response, Stage, eventually_answers};

struct Redis {
    program: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Redis {
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn start(test: &str) -> Option<Self> {
        let named = std::env::var_os("CCPROXY_REDIS_SERVER").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path)
            .flat_map(|folder| ["valkey-server", "redis-server"].map(|name| folder.join(name)))
            .find(|program| program.is_file());
        let Some(program) = named.or(found) else {
            eprintln!("skipped {test}: there is neither valkey-server nor redis-server");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { program, port, child: None };
        redis.run();
        Some(redis)
    }

    fn run(&mut self) {
        let port = self.port.to_string();
        let args = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let mut command = Command::new(&self.program);
        self.child = Some(command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn config(&self, limits: &str) -> String {
        format!(
            "[shared]\nurl = 'redis://127.0.0.1:{}'\n[[auth.keys]]\nname = 'a'\nhash = 'blake3:{}'\nlimits = {{ {limits} }}",
            self.port,
            blake3::hash(b"a-key"),
        )
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn asks() -> Request {
    ask::request(ask::CHAT, false).header("x-api-key", "a-key")
}

/// Waits until a replica knows whether it is alone.
async fn told(replica: &Stage, status: &str) {
    let wanted = |answer: &Response| answer.json()["checks"]["shared"][0]["status"] == status;
    eventually_answers(&replica.app, &Request::get("/health/checks/shared"), wanted).await;
}

/// Asks for so long on some connections, and until each was refused; gives how many requests passed, and how long the slowest answer took.
async fn load(replica: &Stage, time: Duration) -> (u32, Duration) {
    let until = Instant::now() + time;
    let one = async || {
        let mut conn = Conn::open(replica.app.address()).await;
        let (mut passed, mut refused, mut slowest) = (0, false, Duration::ZERO);
        while Instant::now() < until || !refused {
            let begin = Instant::now();
            conn.send(&asks()).await;
            let status = conn.response(&asks()).await.status;
            passed += u32::from(status == 200);
            refused |= status == 429;
            slowest = slowest.max(begin.elapsed());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        (passed, slowest)
    };
    let all = join_all((0..4).map(|_| one())).await;
    all.into_iter()
        .fold((0, Duration::ZERO), |(sum, most), (passed, slowest)| (sum + passed, most.max(slowest)))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_hold_one_limit() {
    let Some(redis) = Redis::start("two_replicas_hold_one_limit") else { return };
    // A machine that is busy with other tests may take longer than 20 ms, which is not what is tried here.
    let config = redis.config("requests_per_minute = 300").replace("[[auth", "timeout = '1s'\n[[auth");
    let (one, other) = (Stage::start(&config).await, Stage::start(&config).await);
    told(&one, "pass").await;
    told(&other, "pass").await;
    let begin = Instant::now();
    let time = Duration::from_secs(4);
    let ((first, _), (second, _)) = tokio::join!(load(&one, time), load(&other, time));
    // A minute's worth, and what has come back meanwhile.
    let expect = 300.0 + begin.elapsed().as_secs_f64() * 5.0;
    let passed = f64::from(first + second);
    assert!((passed / expect - 1.0).abs() < 0.05, "{first} + {second} of {expect}");
    assert!(first > 60 && second > 60, "each has its share: {first} and {second}");
    let (one, other) = (one.send(&asks()).await, other.send(&asks()).await);
    let left =
        |answer: &Response| answer.header("x-ratelimit-remaining-requests").unwrap().parse::<u64>().unwrap();
    assert!(left(&one) <= 2 && left(&other) <= 2, "both know");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_one_replica_are_known_to_the_other() {
    let Some(redis) = Redis::start("tokens_of_one_replica_are_known_to_the_other") else { return };
    let config = redis.config("tokens_per_minute = 6000").replace("[[auth", "timeout = '1s'\n[[auth");
    let (one, other) = (Stage::start(&config).await, Stage::start(&config).await);
    told(&one, "pass").await;
    told(&other, "pass").await;
    one.upstream.script(Script::whole(
        200,
        r#"{"model":"m","usage":{"prompt_tokens":3000,"completion_tokens":3300}}"#,
    ));
    assert_eq!(one.send(&asks()).await.status, 200);
    let refused = eventually_answers(&other.app, &asks(), |answer| answer.status == 429).await;
    assert!(refused.text().contains("6000 tokens per minute"), "{}", refused.text());
    let wait = refused.header("retry-after-ms").unwrap().parse().unwrap();
    assert!(wait <= 3010, "{wait}");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(other.send(&asks()).await.status, 200, "after exactly as long as was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_it_limits_are_local_and_then_it_is_told() {
    let Some(mut redis) = Redis::start("without_it_limits_are_local_and_then_it_is_told") else { return };
    let config = redis.config("requests_per_minute = 60");
    let (one, other) = (Stage::start(&config).await, Stage::start(&config).await);
    told(&one, "pass").await;
    told(&other, "pass").await;
    redis.stop();
    let begin = Instant::now();
    let ((first, slowest), (second, _)) =
        tokio::join!(load(&one, Duration::from_secs(1)), load(&other, Duration::from_secs(1)));
    let alone = 60..=62 + begin.elapsed().as_secs();
    assert!([first, second].iter().all(|passed| alone.contains(&u64::from(*passed))), "{first} and {second}");
    assert!(slowest < Duration::from_millis(900), "nobody waits for it: {slowest:?}");
    told(&one, "warn").await;
    let ready = one.send(&Request::get("/health/ready")).await;
    assert_eq!(ready.status, 200, "and it is no reason to leave");
    redis.run();
    told(&one, "pass").await;
    told(&other, "pass").await;
    let begin = Instant::now();
    let ((first, _), (second, _)) =
        tokio::join!(load(&one, Duration::from_secs(2)), load(&other, Duration::from_secs(2)));
    // Nothing was forgotten: no fresh minute's worth is to be had, only what comes back.
    let most = begin.elapsed().as_secs() + 9;
    assert!(u64::from(first + second) <= most, "{first} + {second}");
}

#[tokio::test]
async fn a_url_that_makes_no_sense_is_a_mistake_without_its_password() {
    let check = |url: &str, expect: &str| {
        let toml = format!("[shared]\nurl = '{url}'\n");
        let settings =
            ccproxy_config::Settings::load(&ccproxy_config::Sources::from_text("t.toml", toml)).unwrap();
        let options = ccproxy_server::BuildOptions::default();
        let built = ccproxy_server::Application::build(&settings, ccproxy::plugins::PLUGINS, options);
        let error = built.err().unwrap().to_string();
        assert!(
            error.starts_with("t.toml:2:") && error.contains(expect) && !error.contains("hunter2"),
            "{error}"
        );
    };
    check("http://:hunter2@127.0.0.1", "expected redis://");
    check("rediss://:hunter2@127.0.0.1", "TLS to Redis is not built in");
}
