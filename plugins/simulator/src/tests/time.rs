//! When things come, on paused time.

use std::time::Duration;

use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::{Ask, data, post, text};

fn ask() -> Ask {
    post("messages", r#"{"model":"m","max_tokens":999,"messages":[{"role":"user","content":"x"}]}"#)
}

#[tokio::test(start_paused = true)]
async fn latency_comes_before_the_head() {
    let check = async |ask: Ask, expect| {
        let start = Instant::now();
        ask.call().await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(expect));
    };
    check(ask(), 0).await;
    check(ask().config("latency = '50ms'"), 50).await;
    check(ask().config("latency = '50ms'").script("latency=200ms"), 200).await;
    check(ask().config("latency = '50ms'").script("latency=0s"), 0).await;
    check(ask().script("latency=30ms, fault=auth"), 30).await;
}

#[tokio::test(start_paused = true)]
async fn tokens_come_at_their_rate() {
    let ask = ask().streamed().config("token_rate = 10").script("tokens=20");
    let start = Instant::now();
    let mut body = ask.call().await.unwrap().into_body();
    let mut tokens = 0;
    while let Some(frame) = body.frame().await {
        let event = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
        tokens += data(&event).iter().filter(|event| !text(event, "/delta/text").is_empty()).count();
        assert_eq!(start.elapsed(), Duration::from_millis(100) * u32::try_from(tokens).unwrap(), "{event}");
    }
    assert_eq!(tokens, 20);
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_a_stream_takes_no_time() {
    let start = Instant::now();
    ask().streamed().script("tokens=20000").body().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stall_lasts_until_the_body_is_dropped() {
    for ask in [ask(), ask().streamed()] {
        let mut body = ask.script("fault=stall, after=1").call().await.unwrap().into_body();
        assert!(body.frame().await.unwrap().is_ok());
        let day = Duration::from_secs(86_400);
        assert!(timeout(day, body.frame()).await.is_err());
        drop(body);
    }
}
