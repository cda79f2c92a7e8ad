//! Building does no I/O, and mistakes have their places.

use std::net::{Ipv4Addr, TcpListener};

use super::{Subject, keeps_secret};

/// The names of what the server watches of every instance.
const SERVERS_OWN: [&str; 5] = ["upstream", "errors", "latency", "rate_limit", "breaker"];

pub(super) async fn check(subject: &Subject) {
    without_io(subject);
    unknown_keys(subject);
    names(subject);
}

/// Built on a thread without a runtime, where tokio's I/O and timers panic, against a listener that nobody may call.
fn without_io(subject: &Subject) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a listener that does not wait");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let built = std::thread::scope(|scope| scope.spawn(|| drop(subject.build(&url))).join());
    assert!(built.is_ok(), "{} cannot be built without a runtime", subject.kind());
    assert!(listener.accept().is_err(), "{} makes a connection when it is built", subject.kind());
}

fn unknown_keys(subject: &Subject) {
    let toml = format!(
        "no_such_key_1 = '{}'\nno_such_key_2 = 2\n{}",
        super::PLANTED,
        subject.toml("http://127.0.0.1:9")
    );
    let Err(mistakes) = subject.entry.build(&Subject::instance(), &Subject::section(&toml)) else {
        panic!("{} takes keys that it does not know", subject.kind());
    };
    let text = mistakes.to_string();
    for (line, key) in [(1, "no_such_key_1"), (2, "no_such_key_2")] {
        let place = format!("section.toml:{line}:1: providers.conformance.{key}");
        assert!(text.contains(&place), "{}: {key} has no place in: {text}", subject.kind());
    }
    keeps_secret(subject, "a mistake", &text);
}

fn names(subject: &Subject) {
    let built = subject.build("http://127.0.0.1:9");
    let mut names: Vec<&str> = built.checks.iter().map(|(spec, _)| spec.name()).collect();
    assert!(!names.is_empty(), "{} brings no checks", subject.kind());
    for name in SERVERS_OWN {
        assert!(!names.contains(&name), "{} takes the name {name}, which is the server's", subject.kind());
    }
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair.first() != pair.last()), "{}: {names:?}", subject.kind());
}
