//! Long lists, as somebody who means harm would send: the work grows with them, and not with their square.

use std::time::Duration;

use ccproxy_translate::{Profile, Stamp, request};
use ccproxy_wire::Dialect::{self, Chat, Messages, Responses};
use rustix::time::{ClockId, clock_gettime};

const FEW: usize = 3_000;
/// Four times as many are four times the work, or sixteen times where somebody looks for each among all.
const TIMES: usize = 4;
const MOST: u32 = 7;

fn translate(client: Dialect, provider: Dialect, body: &str) -> Result<Vec<u8>, ccproxy_translate::Error> {
    let translated = request(client, body.as_bytes(), "m", &Profile::of(provider), Stamp::default());
    translated.map(|translated| translated.body)
}

/// The time that this thread has worked; the machine may have other things to do besides.
fn work(client: Dialect, provider: Dialect, body: &str) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let begun = now();
    translate(client, provider, body).unwrap();
    now().saturating_sub(begun)
}

/// `body` makes a request with so many of something.
#[track_caller]
fn check(client: Dialect, provider: Dialect, body: impl Fn(usize) -> String) {
    let (few, many) = (body(FEW), body(TIMES * FEW));
    let least = |body: &str| (0..2).map(|_| work(client, provider, body)).min().unwrap();
    let (few, many) = (least(&few), least(&many));
    assert!(many < MOST * few, "{client:?} to {provider:?}: {few:?}, and {many:?} for {TIMES} times as many");
}

fn list(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(",")
}

/// A request that says `said` and has `more`.
fn body(said: &str, more: &str) -> String {
    format!(r#"{{"model":"a","max_tokens":9,"messages":[{said}],"input":[{said}]{more}}}"#)
}

const HI: &str = r#"{"role":"user","content":"hi"}"#;

#[test]
fn tools() {
    let functions = |count| {
        let tools =
            list(count, |n| format!(r#"{{"type":"function","name":"t{n}","function":{{"name":"t{n}"}}}}"#));
        body(HI, &format!(r#","tools":[{tools}]"#))
    };
    let anthropic = |count| functions(count).replace(r#""type":"function","#, "");
    check(Messages, Chat, anthropic);
    check(Chat, Responses, functions);
    check(Responses, Messages, functions);
    check(Responses, Chat, |count| {
        let tools = list(count, |n| format!(r#"{{"type":"function","name":"t{n}"}}"#));
        body(HI, &format!(r#","tools":[{{"type":"namespace","name":"n","tools":[{tools}]}}]"#))
    });
    check(Messages, Responses, |count| {
        let added = |n| {
            format!(
                r#"{{"type":"tool_addition","tool":{{"type":"tool_definition","definition":{{"name":"t{n}"}}}}}}"#
            )
        };
        let added = list(count, added);
        body(&format!(r#"{HI},{{"role":"system","content":[{added}]}},{HI}"#), "")
    });
}

#[test]
fn tools_that_may_be_called() {
    check(Responses, Messages, |count| {
        let tools = list(count, |n| format!(r#"{{"type":"custom","name":"t{n}"}}"#));
        let allowed = list(count, |n| format!(r#"{{"type":"function","name":"u{n}"}}"#));
        let choice = format!(r#"{{"type":"allowed_tools","mode":"auto","tools":[{allowed}]}}"#);
        body(HI, &format!(r#","tools":[{tools}],"tool_choice":{choice}"#))
    });
    check(Chat, Messages, |count| {
        let tools = list(count, |n| format!(r#"{{"type":"custom","custom":{{"name":"t{n}"}}}}"#));
        let allowed = list(count, |n| format!(r#"{{"type":"function","function":{{"name":"u{n}"}}}}"#));
        let choice =
            format!(r#"{{"type":"allowed_tools","allowed_tools":{{"mode":"auto","tools":[{allowed}]}}}}"#);
        body(HI, &format!(r#","tools":[{tools}],"tool_choice":{choice}"#))
    });
}

#[test]
fn turns() {
    let turns = |count| body(&list(count, |n| HI.replace("user", ["user", "assistant"][n % 2])), "");
    let orders = |count| body(&list(count, |n| HI.replace("user", ["system", "developer"][n % 2])), "");
    let long =
        |count| body(&list(count, |n| HI.replace("user", "system").replace("hi", &format!("{n:200}"))), "");
    for provider in [Chat, Messages] {
        check(Responses, provider, turns);
        check(Responses, provider, orders);
        check(Responses, provider, long);
    }
    check(Messages, Responses, turns);
    check(Chat, Responses, orders);
}

#[test]
fn calls_and_results() {
    check(Responses, Chat, |count| {
        body(
            &list(count, |n| format!(r#"{{"type":"function_call_output","call_id":"c{n}","output":"b"}}"#)),
            "",
        )
    });
    check(Responses, Messages, |count| {
        let call = |n| {
            format!(
                r#"{{"type":"custom_tool_call","call_id":"c{n}","name":"t","input":"a"}},{{"type":"custom_tool_call_output","call_id":"c{n}","output":"b"}}"#
            )
        };
        body(&list(count, call), "")
    });
    check(Chat, Messages, |count| {
        let call = |n| {
            format!(r#"{{"id":"c{n}","type":"function","function":{{"name":"t{n}","arguments":"{{}}"}}}}"#)
        };
        let calls = list(count, call);
        body(&format!(r#"{HI},{{"role":"assistant","tool_calls":[{calls}]}},{HI}"#), "")
    });
    // One id for all of them.
    let same = |count| {
        let calls = list(count, |_| r#"{"type":"tool_use","id":"c","name":"t","input":{}}"#.to_owned());
        let results = list(count, |_| r#"{"type":"tool_result","tool_use_id":"c","content":"a"}"#.to_owned());
        body(
            &format!(
                r#"{HI},{{"role":"assistant","content":[{calls}]}},{{"role":"user","content":[{results}]}}"#
            ),
            "",
        )
    };
    check(Messages, Chat, same);
    check(Messages, Responses, same);
}

#[test]
fn what_a_namespace_shares_is_not_multiplied() {
    let space = |name: &str, description: &str| {
        let tools = list(FEW, |n| format!(r#"{{"type":"function","name":"t{n}"}}"#));
        let space = format!(
            r#"{{"type":"namespace","name":"{name}","description":"{description}","tools":[{tools}]}}"#
        );
        body(HI, &format!(r#","tools":[{space}]"#))
    };
    let shared = translate(Responses, Chat, &space("n", "told to each")).unwrap();
    assert_eq!(String::from_utf8(shared).unwrap().matches("told to each").count(), FEW);
    let long = space("n", &"d".repeat(1_000_000));
    assert!(translate(Responses, Chat, &long).unwrap().len() < long.len());
    let refused = translate(Responses, Chat, &space(&"n".repeat(1000), "")).unwrap_err();
    assert!(refused.to_string().contains("no longer than 256 bytes"), "{refused}");
}
