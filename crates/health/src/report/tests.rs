mod component;
mod ietf;
mod kept;

use proptest::prelude::*;
use tokio::time::advance;

use super::*;
use crate::{
    Builder, Identity, Outcome, check_fn,
    testing::{VERSION, builder, put, secs, spec},
    text::{self, Endpoint, Query},
};

/// A whole second: the microseconds must be there all the same.
fn now() -> Moment {
    Moment { instant: Instant::now(), time: Timestamp::from_second(1_700_000_000).unwrap() }
}
const NOW: &str = "2023-11-14T22:13:20.000000+00:00";

fn body_of(answer: &Answer) -> &str {
    std::str::from_utf8(&answer.body).unwrap()
}

fn check(answer: &Answer, code: u16, retry_after: Option<u32>, body: &str) {
    assert_eq!(body_of(answer), body);
    assert_eq!((answer.http_status(), answer.retry_after), (code, retry_after));
    assert_eq!(answer.ok, code == 200);
}

fn simple_body(status: &str, output: &str) -> String {
    format!(r#"{{"status":"{status}","version":"{VERSION}","output":"{output}"}}"#)
}

fn add(builder: &mut Builder, scope: Scope, name: &str, critical: bool) {
    builder.check(scope, spec(name).critical(critical), check_fn(|| async { Outcome::pass() }));
}

#[test]
fn the_originals_bytes_when_all_is_well() {
    let health = builder().build();
    check(&live(&health, View::Full), 200, None, &simple_body("pass", "Application process is running"));
    check(
        &ready(&health, View::Full, &[]),
        200,
        None,
        &simple_body("pass", "Service is ready to accept traffic"),
    );
    check(&startup(&health, View::Full, &[]), 200, None, &simple_body("pass", "Service has started"));
    let detail_body = format!(
        r#"{{"status":"pass","version":"{VERSION}","serviceId":"claude-code-proxy","description":"CCProxy API Server","time":"{NOW}","checks":{{"service_container":[{{"componentId":"service-container","componentType":"service","status":"pass","time":"{NOW}","output":"Service container operational","version":"{VERSION}"}}]}}}}"#
    );
    for view in [View::Full, View::Anonymous] {
        check(&detail_at(&health, view, &[], now()), 200, None, &detail_body);
        assert_eq!(live(&health, view), live(&health, View::Full));
        assert_eq!(ready(&health, view, &[]), ready(&health, View::Full, &[]));
    }
    for answer in [live(&health, View::StatusOnly), detail(&health, View::StatusOnly, &[])] {
        check(&answer, 200, None, r#"{"status":"pass"}"#);
    }
}

#[test]
fn passing_probes_share_one_body() {
    let health = builder().build();
    let pointers = |answer: Answer| answer.body.as_ptr();
    assert_eq!(pointers(live(&health, View::Full)), pointers(live(&health, View::Anonymous)));
    assert_eq!(pointers(ready(&health, View::Full, &[])), pointers(ready(&health, View::Full, &[])));
}

#[test]
fn starting_and_draining() {
    let mut builder = builder();
    builder.gate("config loaded").gate("storage open");
    let health = builder.build();
    let starting = simple_body("fail", "Service is starting: config loaded: waiting; storage open: waiting");
    check(&ready(&health, View::Full, &[]), 503, Some(1), &starting);
    check(&startup(&health, View::Full, &[]), 503, Some(1), &starting);
    check(&startup(&health, View::Anonymous, &[]), 503, Some(1), &simple_body("fail", "Service is starting"));
    check(&ready(&health, View::StatusOnly, &[]), 503, Some(1), r#"{"status":"fail"}"#);
    health.open_gate("config loaded");
    assert!(startup(&health, View::Full, &["storage open"]).ok);
    health.open_gate("storage open");
    assert!(ready(&health, View::Full, &[]).ok && startup(&health, View::Full, &[]).ok);
    health.drain();
    check(&ready(&health, View::Full, &[]), 503, Some(5), &simple_body("fail", "Service is draining"));
    assert_eq!(detail(&health, View::Anonymous, &[]).http_status(), 503);
    assert!(live(&health, View::Full).ok && startup(&health, View::Full, &[]).ok);
    health.stop();
    check(&ready(&health, View::Full, &[]), 503, Some(5), &simple_body("fail", "Service has stopped"));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named_in_full_and_only_there() {
    let mut builder = builder();
    builder.stall_limit(secs(60));
    add(&mut builder, Scope::Core, "db", true);
    add(&mut builder, Scope::plugin("claude"), "upstream", false);
    let health = builder.build();
    put(&health, 0, Outcome::pass());
    put(&health, 1, Outcome::fail("refused by https://u:p@api.test"));
    let degraded = "Service is ready to accept traffic, degraded";
    let named = format!("{degraded}: claude/upstream: refused by https://[redacted]@api.test");
    check(&ready(&health, View::Full, &[]), 200, None, &simple_body("warn", &named));
    check(&ready(&health, View::Anonymous, &[]), 200, None, &simple_body("warn", degraded));
    check(
        &ready(&health, View::Full, &["upstream"]),
        200,
        None,
        &simple_body("pass", "Service is ready to accept traffic"),
    );
    advance(secs(33)).await;
    let answer = ready(&health, View::Full, &["upstream"]);
    check(&answer, 503, Some(5), &simple_body("fail", "Service is not ready: db: no result for 33 s"));
}

#[tokio::test(start_paused = true)]
async fn a_plugins_page() {
    let mut builder = builder();
    builder.plugin("claude", "Anthropic");
    add(&mut builder, Scope::plugin("claude"), "cli", false);
    let health = builder.build();
    let page = |view| plugin_at(&health, view, "claude", &[], now()).unwrap();
    let described = |status, description, more| {
        format!(
            r#"{{"status":"{status}","version":"{VERSION}","serviceId":"claude","description":"{description}"{more},"time":"{NOW}","#
        )
    };
    let head = |status, more| described(status, "Anthropic", more);
    let limits = r#""thresholds":{"fall":3,"rise":2},"critical":false"#;
    let unknown = format!(r#""output":"not checked yet",{limits}}}]}}}}"#);
    let more = r#","output":"Plugin is degraded: claude/cli: not checked yet""#;
    let body = format!(
        r#"{}"checks":{{"cli":[{{"componentId":"cli","componentType":"component","status":"warn",{unknown}"#,
        head("warn", more)
    );
    check(&page(View::Full), 200, None, &body);
    check(
        &page(View::Anonymous),
        200,
        None,
        &format!(r#"{}"checks":{{}}}}"#, described("warn", "Plugin", "")),
    );
    put(&health, 0, Outcome::pass().observed(0, "ms"));
    let time = rfc3339(health.snapshot().readings[0].time.unwrap());
    let body = format!(
        r#"{}"checks":{{"cli":[{{"componentId":"cli","componentType":"component","status":"pass","time":"{time}","observedValue":0,"observedUnit":"ms","since":"{time}","consecutive":1,{limits},"lastSuccess":"{time}","ageMs":0}}]}}}}"#,
        head("pass", "")
    );
    check(&page(View::Full), 200, None, &body);
    assert_eq!(plugin(&health, View::Full, "other", &[]), None);
}

#[test]
fn plugins_without_checks_and_with_only_checks_have_pages() {
    let mut builder = builder();
    builder.plugin("bare", "");
    add(&mut builder, Scope::plugin("implied"), "x", false);
    let health = builder.build();
    assert_eq!(health.plugins(), ["bare".into(), "implied".into()]);
    assert_eq!(plugin(&health, View::Full, "bare", &[]).unwrap().status, Status::Pass);
    assert!(plugin(&health, View::Full, "implied", &["x"]).unwrap().body.ends_with(br#""checks":{}}"#));
}

fn keys(answer: &Answer) -> Vec<String> {
    let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    page["checks"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_container_first_then_the_worst_then_by_name() {
    let mut builder = builder();
    for name in ["zeta", "alpha", "mid", "service_container"] {
        add(&mut builder, Scope::Core, name, false);
    }
    let measured = spec("alpha").measurement("latency").unwrap();
    builder.check(Scope::Core, measured, check_fn(|| async { Outcome::pass() }));
    let health = builder.build();
    for (index, outcome) in
        [Outcome::pass(), Outcome::pass(), Outcome::fail("x"), Outcome::pass()].into_iter().enumerate()
    {
        put(&health, index, outcome);
    }
    let page = detail(&health, View::Full, &[]);
    assert_eq!(keys(&page), ["service_container", "mid", "alpha:latency", "alpha", "zeta"]);
    let parsed: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
    assert_eq!(parsed["checks"]["service_container"].as_array().unwrap().len(), 2);
    assert_eq!(keys(&detail(&health, View::Full, &["alpha", "mid"])), ["service_container", "zeta"]);
    assert_eq!(keys(&detail(&health, View::Anonymous, &[])), ["service_container"]);
}

#[test]
fn an_anonymous_container_names_nothing() {
    let health = builder().build();
    health.container().essential("vault").failed("no route to secret-host");
    for (view, named) in [(View::Full, true), (View::Anonymous, false), (View::StatusOnly, false)] {
        for answer in [detail(&health, view, &[]), ready(&health, view, &[])] {
            assert_eq!(answer.http_status(), 503);
            assert_eq!(body_of(&answer).contains("vault"), named);
        }
    }
    assert!(body_of(&detail(&health, View::Anonymous, &[])).contains("Service container not operational"));
    let excluded = detail(&health, View::Full, &["service_container"]);
    assert_eq!((excluded.status, keys(&excluded)), (Status::Pass, vec!["service_container".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_components_fit() {
    let mut builder = builder();
    for n in 0..10_000 {
        add(&mut builder, Scope::Core, &format!("component-{n:05}"), n == 7777);
    }
    let health = builder.build();
    let mut next = (*health.snapshot()).clone();
    for (n, reading) in next.readings.iter_mut().enumerate() {
        let outcome =
            if n == 7777 { Outcome::fail("\"".repeat(1000)) } else { Outcome::warn("\\\"".repeat(500)) };
        let (after, _) = reading.after(outcome, Instant::now(), now().time);
        *reading = std::sync::Arc::new(after);
    }
    health.inner.snapshot.store(std::sync::Arc::new(next));
    let page = detail_at(&health, View::Full, &[], now());
    assert!(page.body.len() <= MAX_BODY);
    assert_eq!(page.body, detail_at(&health, View::Full, &[], now()).body);
    assert!(page.body.starts_with(br#"{"status":"fail""#));
    assert_eq!(keys(&page)[..2], ["service_container", "component-07777"]);
    let parsed: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
    let shown = keys(&page).len() - 1;
    let note = format!("{} more checks, none worse than those shown", 10_000 - shown);
    assert_eq!(parsed["notes"][0], note);
    assert!(ready(&health, View::Full, &[]).body.len() <= 4096);
}

fn outcome() -> impl Strategy<Value = Option<Outcome>> {
    let text = "\\PC{0,300}";
    prop_oneof![
        Just(None),
        Just(Some(Outcome::pass().observed(false, "connected"))),
        Just(Some(Outcome::pass().observed(f64::NAN, "ms"))),
        text.prop_map(|text| Some(Outcome::pass().observed(text, "version"))),
        text.prop_map(|text| Some(Outcome::warn(text))),
        text.prop_map(|text| Some(Outcome::fail(text))),
    ]
}

proptest! {
    #[test]
    fn every_page_is_json_within_bounds_and_views_agree(
        components in prop::collection::vec((any::<bool>(), any::<bool>(), outcome()), 0..60), phase in 0u8..4
    ) {
        let mut builder = builder();
        builder.gate("g").plugin("p", "P");
        for (n, (plugin, critical, _)) in components.iter().enumerate() {
            let scope = if *plugin { Scope::plugin("p") } else { Scope::Core };
            add(&mut builder, scope, &format!("c{n}"), *critical);
        }
        let health = builder.build();
        for (n, (_, _, outcome)) in components.into_iter().enumerate() {
            if let Some(outcome) = outcome { put(&health, n, outcome); }
        }
        if phase > 0 { health.open_gate("g"); }
        if phase > 1 { health.drain(); }
        if phase > 2 { health.stop(); }
        let pages = |view| [
            live(&health, view),
            startup(&health, view, &[]),
            ready(&health, view, &[]),
            detail(&health, view, &[]),
            plugin(&health, view, "p", &[]).unwrap(),
        ];
        for view in [View::Full, View::Anonymous, View::StatusOnly] {
            for (answer, full) in pages(view).iter().zip(&pages(View::Full)) {
                prop_assert_eq!((answer.status, answer.retry_after), (full.status, full.retry_after));
                prop_assert!(answer.body.len() <= MAX_BODY);
                let verdict = format!(r#"{{"status":"{}""#, answer.status);
                prop_assert!(answer.body.starts_with(verdict.as_bytes()));
                let parsed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                prop_assert!(parsed.is_object());
                prop_assert_eq!(answer.retry_after.is_some(), answer.http_status() == 503);
            }
        }
    }
}
