use tokio::time::advance;

use super::*;
use crate::{
    Builder, Outcome, Scope, check_fn,
    testing::{builder, put, secs, spec},
};

fn add(builder: &mut Builder, scope: Scope, name: &str, critical: bool) {
    builder.check(scope, spec(name).critical(critical), check_fn(|| async { Outcome::pass() }));
}

/// A critical `db` and an `extra` of the core, and an `upstream` of the plugin p; all pass.
fn three() -> Health {
    let mut builder = builder();
    builder.gate("config loaded");
    add(&mut builder, Scope::Core, "db", true);
    add(&mut builder, Scope::Core, "extra", false);
    add(&mut builder, Scope::plugin("p"), "upstream", false);
    let health = builder.build();
    health.open_gate("config loaded");
    for index in 0..3 {
        put(&health, index, Outcome::pass());
    }
    health
}

fn ask(health: &Health, endpoint: Endpoint, verbose: bool, exclude: &[&str], view: View) -> (Status, String) {
    let answer = answer(health, endpoint, Query { verbose, exclude }, view);
    assert_eq!(answer.ok, answer.status != Status::Fail);
    assert_eq!(answer.retry_after.is_none(), answer.ok);
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn ok_while_all_is_well_and_a_list_on_request() {
    let health = three();
    let check = |endpoint, list: &str| {
        for view in [View::Full, View::Anonymous, View::StatusOnly] {
            assert_eq!(ask(&health, endpoint, false, &[], view), (Status::Pass, "ok".to_owned()));
        }
        let last = format!("{} check passed\n", endpoint.as_str());
        assert_eq!(ask(&health, endpoint, true, &[], View::Full), (Status::Pass, format!("{list}{last}")));
        assert_eq!(ask(&health, endpoint, true, &[], View::Anonymous), (Status::Pass, last));
    };
    check(Endpoint::Live, "[+]main-runtime ok\n[+]scheduler ok\n[+]writer ok\n");
    check(Endpoint::Startup, "[+]config-loaded ok\n");
    let core = "[+]phase ok\n[+]service_container ok\n[+]db ok\n[+]extra ok\n";
    check(Endpoint::Ready, &format!("{core}[+]p/upstream ok\n"));
    check(Endpoint::Health, core);
}

#[tokio::test(start_paused = true)]
async fn a_stall_fails_what_traffic_depends_on() {
    let health = three();
    advance(secs(6)).await;
    for endpoint in [Endpoint::Live, Endpoint::Ready, Endpoint::Health] {
        let (status, text) = ask(&health, endpoint, false, &["main-runtime"], View::Full);
        let stalled = text.contains("[-]main-runtime failed: no progress for 6 s\n");
        // Of liveness the names are its own, to be left out; of the others a stall is no check.
        let fails = endpoint != Endpoint::Live;
        assert_eq!(stalled, fails, "{text}");
        assert!(status == Status::Fail && text.contains("[-]scheduler failed"), "{text}");
    }
    assert_eq!(ask(&health, Endpoint::Startup, false, &[], View::Full).0, Status::Pass);
    for answer in [report::ready(&health, View::Full, &["db"]), report::detail(&health, View::Full, &[])] {
        let body = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!answer.ok && body.contains("Application process is stalled: main runtime"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn components_that_share_a_name_are_told_apart() {
    let mut builder = builder();
    for id in ["data", "logs"] {
        builder.check(Scope::Core, spec("disk").component_id(id), check_fn(|| async { Outcome::pass() }));
    }
    let health = builder.build();
    put(&health, 0, Outcome::pass());
    (0..3).for_each(|_| put(&health, 1, Outcome::fail("full")));
    let list = |exclude: &[&str]| ask(&health, Endpoint::Health, true, exclude, View::Full).1;
    assert!(list(&[]).starts_with("[+]disk(logs) warn: full\n[+]phase ok\n"), "{}", list(&[]));
    assert!(list(&["disk(logs)"]).contains("[+]disk(data) ok\n[+]disk(logs) excluded: ok\n"));
    assert_eq!(list(&["disk"]).matches(" excluded: ok\n").count(), 2);
    let alone = |name| one(&health, Endpoint::Health, name, View::Full).unwrap().status;
    assert_eq!(["disk", "disk(logs)", "disk(data)"].map(alone), [Status::Fail, Status::Fail, Status::Pass]);
    let page = |name| report::component(&health, View::Full, &Scope::Core, name).map(|page| page.status);
    assert_eq!(
        ["disk", "disk(logs)", "disk(data)"].map(page),
        [Status::Fail, Status::Fail, Status::Pass].map(Some)
    );
    assert_eq!(page("disk(none)"), None);
}

#[tokio::test(start_paused = true)]
async fn no_two_are_called_the_same() {
    let mut builder = builder();
    let measured = |name: &str| spec(name).measurement("latency").unwrap();
    let plugin = || Scope::plugin("p");
    let mut labels = Vec::new();
    for (scope, spec) in [
        (Scope::Core, spec("db")),
        (Scope::Core, measured("db")),
        (plugin(), measured("db")),
        (plugin(), spec("db").component_id("2")),
        (plugin(), spec("db")),
        (plugin(), spec("db")),
        (plugin(), measured("db").component_id("2")),
    ] {
        labels.push(builder.passive(scope, spec).label().to_owned());
    }
    assert_eq!(labels, ["db", "db:latency", "p/db", "p/db(2)", "p/db(3)", "p/db(4)", "p/db:latency(2)"]);
    let health = builder.build();
    let list = ask(&health, Endpoint::Ready, true, &["db"], View::Full).1;
    assert!(labels.iter().all(|label| list.contains(&format!("[+]{label} excluded: ok\n"))), "{list}");
    let shown = |name| {
        let page = report::component(&health, View::Full, &plugin(), name).unwrap();
        String::from_utf8(page.body.to_vec()).unwrap().matches("componentId").count()
    };
    assert_eq!(["db", "db(2)", "db(4)", "db:latency(2)"].map(shown), [5, 1, 1, 1]);
    assert_eq!(report::component(&health, View::Full, &Scope::Core, "p/db"), None);
}

#[tokio::test(start_paused = true)]
async fn a_failure_lists_the_worst_first_for_those_who_may_see() {
    let health = three();
    put(&health, 2, Outcome::fail("x"));
    for _ in 0..3 {
        put(&health, 0, Outcome::fail("no /run/db.sock"));
        put(&health, 2, Outcome::fail("rate limited"));
    }
    let failed = "[-]db failed: no [path]\n[+]p/upstream warn: rate limited\n[+]phase ok\n[+]service_container ok\n\
                  [+]extra ok\nreadyz check failed\n";
    assert_eq!(ask(&health, Endpoint::Ready, false, &[], View::Full), (Status::Fail, failed.to_owned()));
    let withheld = (Status::Fail, "readyz check failed\n".to_owned());
    assert_eq!(ask(&health, Endpoint::Ready, true, &[], View::Anonymous), withheld);
    // Without the culprit it is a warning, and a warning is ok.
    assert_eq!(ask(&health, Endpoint::Ready, false, &["db"], View::Full), (Status::Warn, "ok".to_owned()));
    let (status, list) = ask(&health, Endpoint::Ready, true, &["db", "upstream", "dsk", "phase"], View::Full);
    let expect = "[+]phase ok\n[+]service_container ok\n[+]db excluded: ok\n[+]extra ok\n[+]p/upstream excluded: ok\n\
                  warn: some health checks cannot be excluded: no matches for \"dsk\", \"phase\"\nreadyz check passed\n";
    assert_eq!((status, &*list), (Status::Pass, expect));
}

#[tokio::test(start_paused = true)]
async fn one_check_alone() {
    let health = three();
    let check = |endpoint, name: &str, view, expect: Option<(bool, &str)>| {
        let got = one(&health, endpoint, name, view);
        let got = got.map(|answer| (answer.ok, String::from_utf8(answer.body.to_vec()).unwrap()));
        assert_eq!(got, expect.map(|(ok, body)| (ok, body.to_owned())), "{name}");
    };
    check(Endpoint::Ready, "db", View::Full, Some((true, "ok")));
    check(Endpoint::Ready, "p/upstream", View::Full, Some((true, "ok")));
    check(Endpoint::Ready, "upstream", View::Anonymous, Some((true, "ok")));
    check(Endpoint::Ready, "none", View::Full, None);
    check(Endpoint::Health, "p/upstream", View::Full, None);
    check(Endpoint::Startup, "config loaded", View::Full, Some((true, "ok")));
    check(Endpoint::Live, "main-runtime", View::Full, Some((true, "ok")));
    health.set_enabled(&Scope::Core, "extra", false);
    check(Endpoint::Health, "extra", View::Full, Some((true, "ok")));
    advance(secs(6)).await;
    check(Endpoint::Live, "writer", View::Full, Some((false, "[-]writer failed: no progress for 6 s\n")));
    check(Endpoint::Live, "writer", View::Anonymous, Some((false, "failed\n")));
    health.drain();
    check(Endpoint::Ready, "phase", View::Full, Some((false, "[-]phase failed: draining\n")));
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_components_fit() {
    let mut builder = builder();
    for n in 0..10_000 {
        add(&mut builder, Scope::Core, &format!("component-{n:05}"), true);
    }
    let health = builder.build();
    let long = "\u{200d}\"".repeat(100);
    let exclude = vec![&*long; 100];
    let (status, list) = ask(&health, Endpoint::Ready, false, &exclude, View::Full);
    assert_eq!(status, Status::Fail);
    assert!(list.len() <= MAX_BODY && list.ends_with("readyz check failed\n"));
    assert!(list.starts_with("[-]component-00000 failed: not checked yet\n"));
    assert!(list.contains(" more, none worse\n") && list.contains("no matches for "));
}
