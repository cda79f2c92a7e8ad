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

/// What generates a token costs a thousandth of a dollar.
const PRICES: &str = "[[pricing.models]]\nmodel = '*'\ninput = 0\noutput = 1000\n";

/// A replica that asks for the same key, and is alone.
fn plain() -> String {
    format!("[[auth.keys]]\nname = 'a'\nhash = 'blake3:{}'", blake3::hash(b"a-key"))
}

/// What one request costs, in thousandths of a dollar.
async fn cost_of_one(replica: &Stage) -> f64 {
    let answer = replica.send(&asks()).await;
    answer.json()["usage"]["completion_tokens"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_hold_one_budget() {
    let Some(redis) = Redis::start("two_replicas_hold_one_budget") else { return };
    let slow = |config: String| config.replace("[[auth", "timeout = '1s'\n[[auth");
    let config = |limits: &str| slow(format!("{}\n{PRICES}", redis.config(limits)));
    let cost = cost_of_one(&Stage::start(&plain()).await).await;
    // As much as 400 requests.
    let budget = format!("budget_per_month = '{:.3}'", cost * 0.4);
    let (one, other) = (Stage::start(&config(&budget)).await, Stage::start(&config(&budget)).await);
    told(&one, "pass").await;
    told(&other, "pass").await;
    let time = Duration::from_secs(1);
    let ((first, _), (second, _)) = tokio::join!(load(&one, time), load(&other, time));
    let passed = f64::from(first + second);
    assert!((passed / 400.0 - 1.0).abs() < 0.05, "{first} + {second}");
    assert!(first > 40 && second > 40, "each has its share: {first} and {second}");
    // One that starts afterwards learns it with its first request.
    let third = Stage::start(&config(&budget)).await;
    told(&third, "pass").await;
    let refused = third.send(&asks()).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.text().contains("USD per month for the key"), "{}", refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_was_spent_without_it_is_told_later() {
    let Some(mut redis) = Redis::start("money_that_was_spent_without_it_is_told_later") else { return };
    let cost = cost_of_one(&Stage::start(&plain()).await).await;
    let limits = format!("budget_per_month = '{:.3}'", cost * 0.04);
    let config = format!("{}\n{PRICES}", redis.config(&limits));
    let (one, other) = (Stage::start(&config).await, Stage::start(&config).await);
    told(&one, "pass").await;
    told(&other, "pass").await;
    redis.stop();
    told(&one, "warn").await;
    told(&other, "warn").await;
    // Each alone has all of it.
    for replica in [&one, &other] {
        for _ in 0..39 {
            assert_eq!(replica.send(&asks()).await.status, 200);
        }
    }
    redis.run();
    told(&one, "pass").await;
    told(&other, "pass").await;
    // It has forgotten everything, and nobody asks here: what was spent is told all the same.
    let third = Stage::start(&config).await;
    told(&third, "pass").await;
    let refused = eventually_answers(&third.app, &asks(), |answer| answer.status == 429).await;
    assert!(refused.text().contains("USD per month"), "{}", refused.text());
    assert_eq!(one.send(&asks()).await.status, 429);
    assert_eq!(other.send(&asks()).await.status, 429);
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
