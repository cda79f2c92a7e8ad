//! What Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};

use ccproxy_health::{Outcome, Scope, Spec};
use ccproxy_health_server::Details;

use crate::support::{Service, ask};

/// The lines of the classic text format by family, checked against its rules.
fn parse(page: &str) -> BTreeMap<String, Vec<String>> {
    let mut families: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut helped, mut typed) = (String::new(), String::new());
    let mut lines = BTreeSet::new();
    for line in page.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words.as_slice() {
            ["#", "HELP", name, text] => {
                assert!(!text.is_empty() && !families.contains_key(*name), "{line}");
                helped = (*name).to_owned();
            }
            ["#", "TYPE", name, kind] => {
                assert_eq!(*name, helped, "help and type belong together");
                assert!(["gauge", "counter"].contains(kind), "{line}");
                assert_eq!(*kind == "counter", name.ends_with("_total"), "{line}");
                typed = (*name).to_owned();
                families.insert(typed.clone(), Vec::new());
            }
            ["#", ..] => panic!("a comment: {line}"),
            _ => {
                let (name, number) = line.rsplit_once(' ').unwrap();
                assert!(number.parse::<f64>().is_ok(), "{line}");
                assert!(name == typed || name.starts_with(&format!("{typed}{{")), "{line} under {typed}");
                assert!(lines.insert(name.to_owned()), "twice: {line}");
                families.get_mut(&typed).unwrap().push(line.to_owned());
            }
        }
    }
    families
}

#[tokio::test]
async fn classic() {
    let service = Service::with(|builder| {
        // Two that share all their names become one line.
        for _ in 0..2 {
            builder.passive(Scope::Core, Spec::new("twin").unwrap());
        }
        builder.plugin("odd \"name\"", "A plugin without checks");
    });
    service.disk(Outcome::warn("slow").observed(12, "ms")).await;
    service.disk(Outcome::pass().observed(0, "ms")).await;
    let reply = ask(&service.pages(Details::Always), "GET", "/metrics", &[]).await;
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let families = parse(&reply.body);
    let check = |family: &str, expect: &[&str]| {
        let lines =
            families.get(&format!("ccproxy_health_{family}")).unwrap_or_else(|| panic!("no {family}"));
        let ours: Vec<_> = lines.iter().map(|line| line.strip_prefix("ccproxy_health_").unwrap()).collect();
        let named = |line: &&&str| !line.contains("component") || line.contains("component=\"disk\"");
        assert_eq!(ours.iter().filter(named).copied().collect::<Vec<_>>(), expect, "{family}");
        lines.clone()
    };
    check("live", &["live 1"]);
    check("ready", &["ready 1"]);
    let phase = |phase: &str, number: u8| format!("phase{{phase=\"{phase}\"}} {number}");
    let phases = [phase("starting", 0), phase("ready", 1), phase("draining", 0), phase("stopped", 0)];
    check("phase", &phases.each_ref().map(|line| &**line));
    let disk = |name: &str, more: &str, number: &str| {
        format!(r#"{name}{{plugin="",component="disk",id="disk",measurement=""{more}}} {number}"#)
    };
    let status = |status: &str, number: &str| disk("check_status", &format!(",status=\"{status}\""), number);
    let statuses = [status("pass", "1"), status("warn", "0"), status("fail", "0"), status("unknown", "0")];
    let lines = check("check_status", &statuses.each_ref().map(|line| &**line));
    assert_eq!(lines.len(), 3 * 4, "disk, upstream and the twins");
    assert!(
        lines.iter().any(|line| line.contains("plugin=\"claude\",component=\"upstream\",id=\"upstream\""))
    );
    let runs =
        |status: &str, number: &str| disk("check_runs_total", &format!(",status=\"{status}\""), number);
    let runs = [runs("pass", "1"), runs("warn", "1"), runs("fail", "0")];
    check("check_runs_total", &runs.each_ref().map(|line| &**line));
    check("check_transitions_total", &[&disk("check_transitions_total", "", "2")]);
    let value = disk("check_value", ",unit=\"ms\"", "0.0");
    check("check_value", &[&value]);
    check("reports_dropped_total", &["reports_dropped_total 0"]);
    assert_eq!(families["ccproxy_health_check_last_success_timestamp_seconds"].len(), 1);
    assert!(families.contains_key("ccproxy_health_check_duration_seconds"));
    assert!(!families["ccproxy_health_loop_lag_seconds"].is_empty());
    service.end().await;
}

#[tokio::test]
async fn open_metrics() {
    let service = Service::start();
    let accept = [("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")];
    let reply = ask(&service.pages(Details::Always), "GET", "/metrics", &accept).await;
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(reply.body.ends_with("# EOF\n"));
    assert!(reply.body.contains("# TYPE ccproxy_health_check_runs counter\n"));
    assert!(reply.body.contains("# UNIT ccproxy_health_loop_lag_seconds seconds\n"));
    service.end().await;
}
