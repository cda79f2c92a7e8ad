//! Five minutes of a proxy with some trouble, the same every time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::{Cost, Ending, Fault, Record};

use crate::commands::health::verdict::Verdict;
use crate::commands::told::figures::{Left, Overview, Provider, Requests};
use crate::commands::top::feed::{Look, News};
use crate::commands::top::state::State;
use crate::commands::top::state::tests::record;

const HEALTH: &str = r#"{"status":"warn","output":"codex/breaker","checks":{
    "claude/rate_limit":[{"status":"warn","output":"7 percent of the tokens of this minute are left"}],
    "codex/breaker":[{"status":"fail","output":"open after 5 failures of 5; it is tried again in 8 s"}]}}"#;

/// Model, provider, tokens in and out, cost in thousandths of a dollar if its price is known, milliseconds.
type Kind = (&'static str, &'static str, u64, u64, Option<i64>, u64);
const KINDS: [Kind; 5] = [
    ("claude-sonnet-4-6", "claude", 3200, 410, Some(16), 2100),
    ("claude-haiku-4-5", "claude", 900, 120, Some(2), 640),
    ("claude-sonnet-4-6", "claude", 11_400, 890, Some(48), 5400),
    ("gpt-5.1", "codex", 2600, 350, Some(7), 1800),
    ("qwen3-coder", "local", 1500, 260, None, 930),
];
const KEYS: [&str; 4] = ["alice", "ci", "alice", "night-batch"];
/// The provider `codex` fails from this second on …
const BREAKS: u64 = 295;
/// … and its breaker lets nothing through from this one on.
const OPENS: u64 = 299;

fn request(second: u64, n: u64) -> Option<Record> {
    let (model, provider, input, output, cost, millis) =
        KINDS[usize::try_from(n * 40_503 / 256 % 5).unwrap()];
    let is_codex = provider == "codex";
    if is_codex && second >= OPENS {
        return None;
    }
    let failed = is_codex && second >= BREAKS || n.is_multiple_of(97);
    let gone = n.is_multiple_of(61) && !failed;
    let mut record = record(n);
    record.began = jiff::Timestamp::from_second(1_764_150_000 + i64::try_from(second).unwrap()).unwrap();
    record.key = Some(KEYS[usize::try_from(n % 4).unwrap()].to_owned());
    (record.model, record.provider) = (Some(model.to_owned()), Some(provider.to_owned()));
    record.status = Some(if failed { 502 } else { 200 });
    record.ending = match (failed, gone) {
        (true, _) => Ending::Failed,
        (_, true) => Ending::ClientGone,
        _ => Ending::Done,
    };
    record.error = failed.then(|| "unreachable_upstream".to_owned());
    record.fault = failed.then_some(Fault::Upstream);
    record.duration.0 = Duration::from_millis(millis + n * 37 % (millis / 2) + second * millis / 700);
    record.tokens.input = (!failed).then_some(input + n % 13 * 40);
    record.tokens.output = (!failed).then_some(output + n % 7 * 15);
    record.cost = cost.filter(|_| !failed).map(|cost| Cost::from_nanos(cost * 1_000_000));
    Some(record)
}

fn provider(name: &str, kind: &str, status: &str, running: u64, latency: f64) -> Provider {
    Provider {
        name: name.to_owned(),
        kind: kind.to_owned(),
        status: status.to_owned(),
        started: true,
        breaker: "closed".to_owned(),
        running,
        latency_ms: Some(latency),
        ..Provider::default()
    }
}

fn providers(second: u64) -> Vec<Provider> {
    let claude = Provider {
        concurrency: Some(32),
        rate_limit: Some(BTreeMap::from([("tokens".to_owned(), Left { remaining: 7 })])),
        ..provider("claude", "anthropic", "warn", 11, 412.0)
    };
    let mut codex = provider("codex", "openai", "pass", 2, 655.0);
    if second >= OPENS {
        (codex.status, codex.breaker) = ("fail".to_owned(), "open".to_owned());
        (codex.running, codex.resting_ms) = (0, Some(8000));
    }
    vec![claude, codex, provider("local", "openai-compatible", "pass", 3, 48.0)]
}

/// How many requests end in a second: a slow wave, with a bump.
fn rate(second: u64) -> u64 {
    let wave = second / 10 % 12;
    4 + wave.min(12 - wave) / 2 + second * 13 % 3 + if (140..170).contains(&second) { 6 } else { 0 }
}

pub(super) fn scene() -> State {
    let mut state = State::new("http://127.0.0.1:8000".to_owned());
    let (mut n, mut failed, mut gone) = (0, 0, 0);
    for second in 0..=300 {
        let at = Duration::from_secs(second);
        for _ in 0..rate(second) {
            n += 1;
            let Some(record) = request(second, n) else { continue };
            failed += u64::from(record.ending == Ending::Failed);
            gone += u64::from(record.ending == Ending::ClientGone);
            state.hear(News::Record(Arc::new(record)), at);
        }
        let requests =
            Requests { begun: n + 14, done: n - failed - gone, failed, client_gone: gone, running: 14 };
        let overview = Overview {
            version: "1.2.3".to_owned(),
            phase: "ready".to_owned(),
            uptime_s: 93_500 + second,
            requests,
            ..Overview::default()
        };
        let health = Verdict::of("http://127.0.0.1:8000/health", 200, HEALTH.as_bytes());
        let look = Look { at, health, overview, providers: providers(second) };
        state.hear(News::Look(Box::new(look)), at);
    }
    state
}
