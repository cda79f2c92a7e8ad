use ccproxy_config::Env;

use super::*;
use crate::cli::Color;
use crate::commands::health::verdict::Verdict;
use crate::commands::told::figures::{Credential, Lane, Left, Percentiles, Requests};

fn standing() -> Standing {
    let page = r#"{"status":"warn","output":"x","checks":{"claude/rate_limit":[{"status":"warn","output":"7 percent of tokens left"}]}}"#;
    let figures = Figures {
        requests: 1200,
        failed: 12,
        duration_ms: Percentiles { p50: Some(850.0), p95: Some(4200.0), ..Percentiles::default() },
        first_token_ms: Percentiles { p50: Some(410.0), ..Percentiles::default() },
        ..Figures::default()
    };
    let claude = Provider {
        name: "claude".to_owned(),
        kind: "anthropic".to_owned(),
        status: "warn".to_owned(),
        started: true,
        breaker: "open".to_owned(),
        resting_ms: Some(9500),
        running: 3,
        concurrency: Some(8),
        latency_ms: Some(320.0),
        credentials: vec![Credential { usable: true, ..Credential::default() }, Credential::default()],
        rate_limit: Some([("tokens".to_owned(), Left { remaining: 7 })].into()),
    };
    Standing {
        health: Verdict::of("http://127.0.0.1:8000/health", 200, page.as_bytes()),
        overview: Some(Overview {
            version: "1.2.3".to_owned(),
            phase: "ready".to_owned(),
            uptime_s: 7500,
            address: Some("127.0.0.1:8000".to_owned()),
            requests: Requests { begun: 5000, failed: 12, ..Requests::default() },
            memory_bytes: Some(64 << 20),
            recorder: Recorder {
                store: "sqlite".to_owned(),
                lanes: vec![Lane { name: "store".to_owned(), capacity: 16384, ..Lane::default() }],
            },
            ..Overview::default()
        }),
        traffic: Some(Traffic {
            last_5m: Figures::default(),
            last_24h: figures,
            today_usd: None,
            today_unpriced: 1,
            last_7d_usd: Some(12.25),
            last_7d_unpriced: 4,
        }),
        providers: vec![claude],
        missing: Vec::new(),
    }
}

#[test]
fn one_screen() {
    let text = text(&standing(), Paint::new(Color::Never, &Env::default()), 120);
    let expect = "\
! warn  http://127.0.0.1:8000/health
  ! warn  claude/rate_limit: 7 percent of tokens left

ccproxy 1.2.3 at 127.0.0.1:8000, ready for 2 h 5 min, 64.0 MiB
0 running, 0 sockets; since the start 5,000 requests, 0 clients gone

TRAFFIC  REQUESTS  FAILED  SHARE  CLIENT/US/PROVIDER  GONE  P50     P95     FIRST TOKEN
5 min    0         0       -      0/0/0               0     -       -       -
24 h     1,200     12      1.0 %  0/0/0               0     850 ms  4.20 s  410 ms
spent ? today, $12.25+ in 7 days; 4 requests have no known price

PROVIDER  KIND       HEALTH  TRAFFIC            RUNNING  LATENCY  LEFT        CREDENTIALS
claude    anthropic  ! warn  breaker open 10 s  3/8      320 ms   tokens 7 %  1/2

RECORDS FOR  STATE      QUEUED   DROPPED
store        ✓ follows  0/16384  0
";
    assert_eq!(text, expect);
}

/// What is seen of a text on a terminal.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain + rest
}

#[test]
fn narrow_terminals_and_colours() {
    let told = |color, width| text(&standing(), Paint::new(color, &Env::default()), width);
    assert!(told(Color::Always, 120).contains("\u{1b}[33m! warn\u{1b}[0m"));
    for width in [40, 80, 120] {
        let bare = told(Color::Never, width);
        assert!(bare.lines().all(|line| line.chars().count() <= width), "{bare}");
        assert_eq!(plain(&told(Color::Always, width)), bare, "without the colours it says the same");
    }
}
