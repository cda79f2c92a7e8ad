//! What clients ask and are answered is nobody's business: it is in no log, no record, no page and no file, but in the folders of
//! whoever has switched the request tracer on.

use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::{At, Fault, Script};
use serde_json::{Value, json};

use crate::support::program::Program;
use crate::support::{Request, Response, eventually, send};

/// In prompts, in tools and in what is thought of as a system's message.
const PROMPT: &str = "canary-of-a-prompt";
/// In answers, whole and streamed.
const COMPLETION: &str = "canary-of-an-answer";

fn toml(url: &str, more: &str) -> String {
    format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{url}'\ncredentials = [{{ value = 'x' }}]\n\
         timeouts = {{ headers = '100ms', idle = '100ms' }}\n\
         [providers.codex]\nkind = 'openai'\nbase_url = '{url}/v1'\ncredentials = [{{ value = 'x' }}]\n\
         timeouts = {{ headers = '100ms', idle = '100ms' }}\n[retry]\nattempts = 1\n\
         [plugins.access-log]\nenabled = true\npath = 'access.log'\nsides = ['client', 'upstream']\nprobes = true\n{more}"
    )
}

fn request(instance: &str, below: &str, stream: bool) -> Request {
    let tool =
        json!({"name": "t", "description": PROMPT, "parameters": {}, "input_schema": {"type": "object"}});
    let mut body: Value = match below {
        "responses" => json!({"model": "m", "input": PROMPT, "instructions": PROMPT}),
        "messages" => json!({"model": "m", "max_tokens": 9, "system": PROMPT, "tools": [tool],
            "messages": [{"role": "user", "content": PROMPT}]}),
        _ => json!({"model": "m", "messages": [{"role": "user", "content": PROMPT}],
            "tools": [{"type": "function", "function": {"name": "t", "description": PROMPT}}]}),
    };
    body["stream"] = stream.into();
    Request::post(&format!("/{instance}/v1/{below}"), body.to_string())
}

/// Requests of each dialect to providers of each, whole and streamed, with everything that may go wrong.
async fn ask_all(program: &Program, upstream: &ScriptedUpstream) -> Vec<Response> {
    let error = |status| {
        Script::whole(status, format!(r#"{{"error":{{"message":"{COMPLETION}: {PROMPT}","type":"x"}}}}"#))
    };
    let faults = [
        None,
        Some(error(400)),
        Some(error(500)),
        Some(Script::error_event()),
        Some(Script::raw("canary-of-an-answer junk\r\n\r\n")),
        Some(Script::whole(200, format!("{COMPLETION} is no JSON"))),
        Some(Script::fault(Fault::Reset(At::Head))),
        Some(Script::fault(Fault::Close(At::Body(60)))),
        Some(Script::fault(Fault::Stall(At::Body(60)))),
    ];
    let mut answers = Vec::new();
    for instance in ["claude", "codex"] {
        for below in ["messages", "chat/completions", "responses"] {
            for (fault, stream) in faults.iter().flat_map(|fault| [(fault, false), (fault, true)]) {
                upstream.reset();
                fault.iter().cloned().for_each(|fault| upstream.script(fault));
                answers.push(program.send(&request(instance, below, stream)).await);
            }
        }
        answers.push(program.send(&Request::post(&format!("/{instance}/v1/messages"), PROMPT)).await);
    }
    answers
}

#[track_caller]
fn check(what: &str, content: &[u8]) {
    for canary in [PROMPT, COMPLETION] {
        let at = content.windows(canary.len()).position(|window| window == canary.as_bytes());
        let around =
            at.map(|at| String::from_utf8_lossy(&content[at.saturating_sub(200)..at + canary.len()]));
        assert!(around.is_none(), "{canary} in {what}: {around:?}");
    }
}

/// Every page at both doors.
async fn pages(program: &Program) {
    for page in [
        "/metrics",
        "/health",
        "/health/history",
        "/healthz?verbose",
        "/plugins/claude/health",
        "/plugins/codex/health",
        "/api/overview",
        "/api/usage?group=model,provider,error",
        "/api/requests?limit=1000",
        "/api/providers",
        "/api/config",
        "/api/health/transitions",
    ] {
        for door in [program.main, program.management] {
            let answer = send(door, &Request::get(page)).await;
            assert!(matches!(answer.status, 200 | 503), "{page}: {}", answer.status);
            check(page, answer.text().as_bytes());
        }
    }
}

#[tokio::test]
async fn in_no_log_no_page_and_no_file() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let program =
        Program::start_with("", &toml(&upstream.url(), ""), "--log-format json --log-level trace", &[]).await;
    let answers = ask_all(&program, &upstream).await;
    assert!(answers.iter().any(|answer| answer.text().contains(COMPLETION)), "clients do get it");
    let lines = || {
        let files = program.written();
        let log = files.iter().find(|(name, _)| name == "access.log");
        log.map_or(0, |(_, log)| log.iter().filter(|byte| **byte == b'\n').count())
    };
    eventually("all is written", || lines() >= answers.len()).await;
    pages(&program).await;
    let url = format!("http://{}", program.main);
    for args in
        [&["status"][..], &["status", "--json"], &["usage", "--by", "model,key,error"], &["usage", "--csv"]]
    {
        let told = program.run(&[args, &["--url", &url]].concat(), &[]).await;
        assert!(!told.contains("error:"), "{args:?}: {told}");
        check("a command", told.as_bytes());
    }
    for (file, content) in program.written() {
        check(&file, &content);
    }
    let log = program.log();
    assert!(log.contains("TRACE") && log.contains("exchange_ended"), "it has been looked at");
    for line in log.lines() {
        check("the log", line.as_bytes());
    }
}

#[tokio::test]
async fn in_the_folders_of_the_tracer_alone() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let tracer = "[plugins.request-tracer]\nenabled = true\ndir = 'traces'\n";
    let toml = toml(&upstream.url(), tracer);
    let program = Program::start_with("", &toml, "--log-format json --log-level trace", &[]).await;
    assert_eq!(program.send(&request("claude", "messages", true)).await.status, 200);
    let traced = || program.written().into_iter().filter(|(file, _)| file.starts_with("traces/"));
    eventually("it is kept", || traced().any(|(file, _)| file.contains("client-answer"))).await;
    assert!(traced().any(|(_, content)| String::from_utf8_lossy(&content).contains(PROMPT)));
    for (file, content) in program.written().into_iter().filter(|(file, _)| !file.starts_with("traces/")) {
        check(&file, &content);
    }
    check("the log", program.log().as_bytes());
}
