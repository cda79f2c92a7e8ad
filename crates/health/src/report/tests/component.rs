use super::*;

#[tokio::test(start_paused = true)]
async fn one_component_alone() {
    let mut builder = builder();
    builder.plugin("p", "P");
    add(&mut builder, Scope::Core, "db", false);
    let measured = spec("db").measurement("latency").unwrap();
    builder.check(Scope::Core, measured, check_fn(|| async { Outcome::pass() }));
    add(&mut builder, Scope::Core, "other", false);
    add(&mut builder, Scope::plugin("p"), "db", false);
    let health = builder.build();
    put(&health, 0, Outcome::pass());
    put(&health, 1, Outcome::fail("slow"));
    let one = |scope: &Scope, name| component(&health, View::Full, scope, name);
    let page = one(&Scope::Core, "db").unwrap();
    assert_eq!((page.http_status(), page.retry_after), (503, Some(5)));
    assert_eq!(keys(&page), ["db:latency", "db"]);
    assert!(body_of(&page).contains(r#""output":"Component is not healthy: db:latency: slow""#));
    let page = one(&Scope::plugin("p"), "db").unwrap();
    assert_eq!((page.status, keys(&page)), (Status::Warn, vec!["db".to_owned()]));
    assert!(body_of(&page).contains(r#""serviceId":"p","description":"P""#));
    assert_eq!(one(&Scope::plugin("p"), "other"), None);
    assert_eq!(one(&Scope::plugin("p"), "service_container"), None);
    assert_eq!(one(&Scope::Core, "none"), None);
    for view in [View::Anonymous, View::StatusOnly] {
        let page = component(&health, view, &Scope::Core, "db").unwrap();
        assert_eq!((page.http_status(), body_of(&page)), (503, r#"{"status":"fail"}"#));
    }
}

#[test]
fn the_container_alone() {
    let health = builder().build();
    let page = || component_at(&health, View::Full, &Scope::Core, "service_container", now()).unwrap();
    let whole = detail_at(&health, View::Full, &[], now());
    assert_eq!(page(), whole);
    health.container().part("storage").failed("disk full");
    assert_eq!((page().status, keys(&page())), (Status::Fail, vec!["service_container".to_owned()]));
    assert!(body_of(&page()).contains("storage failed: disk full"));
}

#[test]
fn the_history() {
    use crate::{State, Transition};
    let health = builder().build();
    assert_eq!(&history(&health)[..], br#"{"transitions":[],"remembered":256}"#);
    let tell = |to, reason: Option<&str>| Transition {
        number: 0,
        time: now().time,
        component: "p/db".into(),
        from: State::Unknown,
        to,
        reason: reason.map(Into::into),
    };
    health.inner.events.record(tell(State::Pass, None));
    health.inner.events.record(tell(State::Fail, Some("\"refused\"")));
    let first = format!(r#"{{"number":1,"time":"{NOW}","component":"p/db","from":"unknown","to":"pass"}}"#);
    let second = format!(
        r#"{{"number":2,"time":"{NOW}","component":"p/db","from":"unknown","to":"fail","reason":"\"refused\""}}"#
    );
    let expect = format!(r#"{{"transitions":[{first},{second}],"remembered":256}}"#);
    assert_eq!(history(&health), expect);
    let told: Vec<String> = health.events().iter().map(transition).collect();
    assert_eq!(told, [first, second]);
}

#[tokio::test(start_paused = true)]
async fn our_own_facts() {
    let mut builder = builder();
    let affects = spec("db").critical(true).affects(&["/v1"]).unwrap();
    builder.check(Scope::Core, affects, check_fn(|| async { Outcome::pass() }));
    let health = builder.build();
    put(&health, 0, Outcome::pass());
    for _ in 0..4 {
        put(&health, 0, Outcome::fail("no"));
    }
    advance(Duration::from_millis(1234)).await;
    let entry = || {
        let page: serde_json::Value = serde_json::from_slice(&detail(&health, View::Full, &[]).body).unwrap();
        page["checks"]["db"][0].clone()
    };
    assert_eq!(entry()["affectedEndpoints"], serde_json::json!(["/v1"]));
    health.set_enabled(&Scope::Core, "db", false);
    let entry = entry();
    let reading = health.snapshot();
    let reading = reading.find(&Scope::Core, "db").unwrap();
    assert_eq!(entry["consecutive"], 4);
    assert_eq!(entry["thresholds"], serde_json::json!({"fall": 3, "rise": 2}));
    assert_eq!((&entry["critical"], &entry["enabled"]), (&true.into(), &false.into()));
    assert_eq!(entry["lastSuccess"], rfc3339(reading.last_success().unwrap()));
    assert_eq!(entry["since"], rfc3339(reading.tracked().since.unwrap()));
    assert_eq!(entry["ageMs"], 1234);
    assert_eq!(entry.get("affectedEndpoints"), None, "what does not count affects nothing");
    assert_eq!(entry.get("durationMs"), None);
}
