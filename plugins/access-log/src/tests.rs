use std::fs;
use std::path::Path;
use std::time::Duration;

use ccproxy_record::{Attempt, Cost, Ending, Fault, Record, Tokens, Visit};
use jiff::Timestamp;
use serde_json::Value;

use super::*;

fn visit(path: &str) -> Event {
    Event::Visit(Arc::new(Visit {
        id: Some("req-1".to_owned()),
        began: "2026-03-04T05:06:07Z".parse().unwrap(),
        client: Some([127, 0, 0, 1].into()),
        key: Some("alice".to_owned()),
        method: "POST".to_owned(),
        path: path.to_owned(),
        version: "HTTP/1.1".to_owned(),
        user_agent: Some("a \"b\"\n".to_owned()),
        status: 200,
        bytes: 42,
        duration: Duration::from_micros(1500).into(),
        probe: false,
    }))
}

fn exchange() -> Event {
    let attempt = |provider: &str, status, error: Option<&str>| Attempt {
        provider: provider.to_owned(),
        model: Some("m".to_owned()),
        after: Duration::from_secs(1).into(),
        duration: Duration::from_millis(20).into(),
        status: Some(status),
        error: error.map(str::to_owned),
        span: None,
    };
    let record: Value = serde_json::json!({
        "id": "req-1", "began": "2026-03-04T05:06:07Z", "key": "alice", "operation": "messages", "stream": true,
        "ending": "failed", "error": "reset", "fault": "upstream", "attempts": [], "duration_ms": 5.0,
        "first_token_ms": 3.5, "tokens": {}, "cost_usd": 0.25, "request_bytes": 1, "response_bytes": 2,
    });
    let mut record: Record = serde_json::from_value(record).unwrap();
    record.tokens = Tokens { input: Some(7), ..Tokens::default() };
    record.attempts = vec![attempt("a", 503, Some("overloaded")), attempt("b", 200, None)];
    assert_eq!((record.ending, record.fault), (Ending::Failed, Some(Fault::Upstream)));
    assert_eq!(record.cost, Some(Cost::from_nanos(250_000_000)));
    Event::Exchange(Arc::new(record))
}

fn text(format: Format, event: &Event) -> String {
    let mut lines = Vec::new();
    line::write(&mut lines, format, event);
    String::from_utf8(lines).unwrap()
}

fn log(path: &Path, max_size: u64, max_files: u16) -> Arc<dyn Hook> {
    let config = Config {
        enabled: true,
        path: Some(path.to_owned()),
        format: Format::Common,
        max_size: ccproxy_config::ByteSize::new(max_size),
        max_files,
        ..Config::default()
    };
    AccessLog::build(config).unwrap().unwrap().hook
}

#[test]
fn lines_of_web_servers() {
    let common = "127.0.0.1 - alice [04/Mar/2026:05:06:07 +0000] \"POST /a\\x22\\x0a HTTP/1.1\" 200 42";
    assert_eq!(text(Format::Common, &visit("/a\"\n")), format!("{common}\n"));
    let combined = format!("{common} \"-\" \"a \\x22b\\x22\\x0a\"\n");
    assert_eq!(text(Format::Combined, &visit("/a\"\n")), combined);
}

#[test]
fn json_has_every_field_that_the_document_names() {
    let check = |event: &Event, fields: &[(&str, &str)]| {
        let lines = text(Format::Json, event);
        for line in lines.lines() {
            let line: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
            let names: Vec<&str> = line.keys().map(String::as_str).collect();
            assert_eq!(names, fields.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        }
    };
    check(&visit("/v1/messages"), CLIENT_FIELDS);
    check(&exchange(), UPSTREAM_FIELDS);
}

#[test]
fn each_call_has_a_line_and_the_last_tells_the_end() {
    let lines: Vec<Value> =
        text(Format::Json, &exchange()).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [first, last] = lines.as_slice() else { panic!("{lines:?}") };
    let fields = |line: &Value| {
        ["provider", "error", "ending", "cost_usd", "first_token_ms"]
            .map(|name| line[name].to_string())
            .join(" ")
    };
    assert_eq!(fields(first), "\"a\" \"overloaded\" null null null");
    assert_eq!(fields(last), "\"b\" \"reset\" \"failed\" 0.25 3.5");
    assert_eq!(first["time"], Timestamp::to_string(&"2026-03-04T05:06:08Z".parse().unwrap()));
}

#[test]
fn a_full_file_is_turned_between_two_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/access.log");
    let line = text(Format::Common, &visit("/1")).len() as u64;
    let log = log(&path, line * 2, 2);
    let events: Vec<Event> = (1..=9).map(|n| visit(&format!("/{n}"))).collect();
    log.take(&events[..3]).unwrap();
    log.take(&events[3..]).unwrap();
    let paths = |suffix: &str| {
        let text = fs::read_to_string(format!("{}{suffix}", path.display())).unwrap();
        text.lines().map(|line| line.split(' ').nth(6).unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!([paths(""), paths(".1"), paths(".2")], ["/9", "/7 /8", "/5 /6"]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
}

#[test]
fn a_line_larger_than_a_file_is_written_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let log = log(&path, 10, 0);
    log.take(&[visit("/1"), visit("/2")]).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("POST /2 "));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "none is kept");
}

#[test]
fn a_file_that_was_moved_away_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, moved) = (dir.path().join("a"), dir.path().join("moved"));
    let log = log(&path, 0, 0);
    log.take(&[visit("/1")]).unwrap();
    fs::rename(&path, &moved).unwrap();
    log.pause().unwrap();
    log.take(&[visit("/2")]).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("POST /2 "));
    assert!(!fs::read_to_string(&moved).unwrap().contains("POST /2 "));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    log(&path, 0, 0).start().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_could_not_be_written_is_written_later_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("folder");
    fs::create_dir(&path).unwrap();
    let log = log(&path, 0, 0);
    let error = log.take(&[visit("/1")]).unwrap_err();
    assert!(!error.is_lost() && error.to_string().contains("plugins.access-log.path"), "{error}");
    fs::remove_dir(&path).unwrap();
    log.take(&[visit("/1")]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
}

#[test]
fn mistakes_are_all_told() {
    let check = |config: Config, expect: &[&str]| {
        let errors = AccessLog::build(config).err().unwrap_or_default();
        assert_eq!(errors.iter().map(|error| error.key).collect::<Vec<_>>(), expect);
    };
    check(Config::default(), &[]);
    check(Config { sides: Vec::new(), path: Some("/".into()), ..Config::default() }, &["sides", "path"]);
    check(Config { format: Format::Common, sides: vec![Side::Upstream], ..Config::default() }, &["sides"]);
    assert!(AccessLog::build(Config::default()).unwrap().is_none(), "off unless it is switched on");
}
