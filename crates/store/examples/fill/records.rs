//! Records as they come from a proxy with a few providers, models and keys.

use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Ending, Fault, Millis, Record, Tokens};
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

/// Model, provider, kind, dialect, operation, and how many of a hundred requests are its.
const MODELS: [(&str, &str, &str, &str, &str, u32); 6] = [
    ("claude-sonnet-4-6", "claude", "anthropic", "messages", "messages", 40),
    ("claude-opus-4-6", "claude", "anthropic", "messages", "messages", 10),
    ("gpt-5.1", "openai", "openai", "chat", "chat/completions", 20),
    ("gpt-5.1-codex", "openai", "openai", "responses", "responses", 15),
    ("gpt-5-mini", "azure", "openai-compatible", "chat", "chat/completions", 10),
    ("qwen3-coder", "local", "openai-compatible", "chat", "chat/completions", 5),
];

const KEYS: [&str; 8] = ["ci", "alice", "bob", "carol", "dave", "erin", "batch", "intern"];

/// Status, error, fault, and how many of a thousand requests end so.
const FAILURES: [(u16, &str, Fault, u32); 6] = [
    (429, "rate_limited", Fault::Upstream, 12),
    (529, "overloaded", Fault::Upstream, 8),
    (504, "timeout", Fault::Upstream, 4),
    (400, "invalid_request", Fault::Client, 10),
    (404, "unknown_model", Fault::Client, 2),
    (500, "internal", Fault::Us, 1),
];

/// A time whose logarithm is about normally distributed.
fn spread(random: &mut Rng, middle: f64) -> Millis {
    let normal: f64 = (0..6).map(|_| random.f64()).sum::<f64>() - 3.0;
    Duration::from_secs_f64(middle * normal.exp()).into()
}

/// As the proxy makes them: the time, and chance.
fn id(random: &mut Rng, began: Timestamp) -> String {
    format!("{:032x}", u128::from(began.as_millisecond().unsigned_abs()) << 80 | random.u128(..) >> 48)
}

/// An exchange that ends at a moment.
pub(crate) fn record(random: &mut Rng, ended: Timestamp) -> Record {
    let mut dice = random.u32(..100);
    let model = MODELS.iter().find(|model| {
        let hit = dice < model.5;
        dice = dice.saturating_sub(model.5);
        hit
    });
    let (model, provider, kind, dialect, operation, _) = model.copied().unwrap_or_default();
    let mut dice = random.u32(..1000);
    let failure = FAILURES.iter().find(|failure| {
        let hit = dice < failure.3;
        dice = dice.saturating_sub(failure.3);
        hit
    });
    let gone = failure.is_none() && random.u32(..1000) < 15;
    let stream = random.u32(..10) < 7;
    let first = spread(random, 0.7);
    let duration = Millis(first.0 + spread(random, 6.0).0);
    let began = ended - SignedDuration::try_from(duration.0).unwrap_or_default();
    let (input, output) = (random.u64(200..60_000), random.u64(10..4_000));
    let counted = failure.is_none();
    let status = if gone { None } else { Some(failure.map_or(200, |failure| failure.0)) };
    Record {
        id: id(random, began),
        began,
        session: (random.u32(..10) < 6).then(|| format!("session-{:06}", random.u32(..40_000))),
        key: KEYS.get(random.usize(..KEYS.len())).map(|key| (*key).to_owned()),
        operation: operation.to_owned(),
        dialect: Some(dialect.to_owned()),
        route: (random.u32(..10) < 8).then(|| "*".to_owned()),
        provider: Some(provider.to_owned()),
        kind: Some(kind.to_owned()),
        model: Some(model.to_owned()),
        served_model: Some(model.to_owned()),
        stream,
        status,
        upstream_status: Some(status.unwrap_or(200)),
        ending: match (failure, gone) {
            (Some(_), _) => Ending::Failed,
            (None, true) => Ending::ClientGone,
            (None, false) => Ending::Done,
        },
        error: failure.map(|failure| failure.1.to_owned()),
        fault: failure.map(|failure| failure.2),
        attempts: vec![Attempt {
            provider: provider.to_owned(),
            model: Some(model.to_owned()),
            after: Duration::from_micros(random.u64(50..900)).into(),
            duration: first,
            status: Some(status.unwrap_or(200)),
            error: None,
            span: None,
        }],
        first_byte: Some(first),
        first_token: (stream && counted).then_some(first),
        duration,
        tokens: Tokens {
            input: counted.then_some(input),
            output: counted.then_some(output),
            cache_read: counted.then_some(input / 2),
            cache_write: (counted && kind == "anthropic").then_some(input / 8),
            reasoning: (counted && kind == "openai").then_some(output / 3),
        },
        cost: (counted && model != "qwen3-coder")
            .then(|| Cost::from_nanos(i64::try_from(input * 3_000 + output * 15_000).unwrap_or(0))),
        request_bytes: input * 4,
        response_bytes: output * 6,
        trace: None,
    }
}
