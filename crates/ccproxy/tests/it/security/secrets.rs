//! Secrets stay where they belong: whatever goes wrong, none of them is logged, told or shown.

use ccproxy_config::{Settings, Sources};
use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::{At, Fault, Script};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::support::program::Program;
use crate::support::stage::ask;
use crate::support::{Request, Response, eventually, send};

/// They look like nobody's keys, so that no scrubber knows them by their looks.
const VALUE: &str = "canary of value 01";
const ENV: &str = "canary of env 02";
const FILE: &str = "canary of file 03";
const COMMAND: &str = "canary of command 04";
const TOKEN: &str = "canary-of-token-05";
const NAMED: &str = "canary-of-alice-06";
const MANAGEMENT: &str = "canary-of-management-07";
const WRONG: &str = "canary-of-a-stranger-08";

const ENVIRONMENT: [(&str, &str); 2] = [("UPSTREAM_KEY", ENV), ("CLIENT_TOKEN", TOKEN)];

/// Instances whose keys come from each of the sources, at one provider.
const INSTANCES: [&str; 4] = ["value", "env", "file", "command"];

#[track_caller]
fn check(what: &str, text: &str) {
    assert!(!text.to_ascii_lowercase().contains("canary"), "{what}: {text}");
}

fn toml(url: &str) -> String {
    let hash = blake3::hash(NAMED.as_bytes());
    let sources = [
        format!("{{ value = '{VALUE}' }}"),
        "{ env = 'UPSTREAM_KEY' }".to_owned(),
        "{ file = 'upstream.key' }".to_owned(),
        "{ command = ['cat', 'command.key'] }".to_owned(),
    ];
    let providers = INSTANCES.iter().zip(sources).map(|(name, source)| {
        let (kind, version) = if *name == "value" { ("anthropic", "") } else { ("openai", "/v1") };
        format!(
            "[providers.{name}]\nkind = '{kind}'\nbase_url = '{url}{version}'\ncredentials = [{source}]\n\
             timeouts = {{ connect = '300ms', headers = '100ms', idle = '100ms' }}\n"
        )
    });
    format!(
        "token = {{ value = '{MANAGEMENT}' }}\n[auth]\ntoken = {{ env = 'CLIENT_TOKEN' }}\n\
         keys = [{{ name = 'alice', hash = 'blake3:{hash}', models = ['*'] }}]\n{}\
         [providers.lost]\nkind = 'openai'\nbase_url = '{url}/v1'\ncredentials = [{{ file = 'no-such.key' }}]\n\
         [retry]\nattempts = 1\n{FOLLOWED}",
        providers.collect::<String>()
    )
}

/// All that can be kept of what happens.
const FOLLOWED: &str = "[plugins.access-log]\nenabled = true\npath = 'access.log'\nsides = ['client', 'upstream']\nprobes = true\n\
                        [plugins.request-tracer]\nenabled = true\ndir = 'traces'\n";

async fn start(upstream: &ScriptedUpstream) -> Program {
    let keys = format!("printf '%s' '{FILE}' >upstream.key; printf '%s' '{COMMAND}' >command.key");
    let flags = "--log-format json --log-level trace";
    Program::start_with(&keys, &toml(&upstream.url()), flags, &ENVIRONMENT).await
}

fn all(response: &Response) -> String {
    format!("{:?} {}", response.headers, response.text())
}

/// What a client of each dialect may ask of an instance.
fn requests(instance: &str) -> Vec<Request> {
    let paths = ["messages", "chat/completions", "responses"].map(|path| format!("/{instance}/v1/{path}"));
    let both = paths.iter().flat_map(|path| [false, true].map(|stream| ask::request(path, stream)));
    both.chain([Request::get(&format!("/{instance}/v1/models"))]).collect()
}

#[tokio::test]
async fn in_no_answer_and_no_log_line() {
    let mut upstream = ScriptedUpstream::start().await.unwrap();
    let program = start(&upstream).await;
    under_every_fault(&program, &upstream).await;
    let seen = |key: &str| {
        let has = |value: &str| value == key || value.strip_prefix("Bearer ") == Some(key);
        upstream.requests().iter().any(|seen| seen.headers.iter().any(|(_, value)| has(value)))
    };
    for (instance, key) in INSTANCES.iter().zip([VALUE, ENV, FILE, COMMAND]) {
        upstream.reset();
        let request = requests(instance).remove(0).header("x-api-key", TOKEN);
        assert_eq!(program.send(&request).await.status, 200);
        assert!(
            seen(key) && !seen(TOKEN),
            "{instance}: its own key goes to the provider, and the client's does not"
        );
    }
    for request in requests("value").into_iter().chain(requests("lost")) {
        for key in [WRONG, MANAGEMENT, TOKEN] {
            let query = request
                .clone()
                .header("x-api-key", key)
                .header("cookie", WRONG)
                .header("proxy-authorization", WRONG);
            check("refused", &all(&program.send(&query).await));
        }
    }
    upstream.refuse().await;
    for request in requests("value").into_iter().chain(requests("file")) {
        check("unreachable", &all(&program.send(&request.header("x-api-key", TOKEN)).await));
    }
    over_http2_and_a_web_socket(&program).await;
    pages(&program).await;
    let log = program.log();
    for secret in [VALUE, ENV, FILE, COMMAND, TOKEN, NAMED, MANAGEMENT, WRONG] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
    assert!(log.contains("TRACE") && log.contains("request_failed"), "it has been looked at");
    assert!(!log.contains("\"target\":\"panic\""));
    in_no_file(&program).await;
}

/// The store, the access log and the traced requests have been written, and have none of it.
async fn in_no_file(program: &Program) {
    let has = |files: &[(String, Vec<u8>)], name: &str| files.iter().any(|(file, _)| file.contains(name));
    eventually("all is written", || {
        let files = program.written();
        has(&files, "ccproxy.db") && has(&files, "access.log") && has(&files, "client-answer")
    })
    .await;
    for (file, content) in program.written() {
        for secret in [VALUE, ENV, FILE, COMMAND, TOKEN, NAMED, MANAGEMENT, WRONG] {
            let at = content.windows(secret.len()).position(|window| window == secret.as_bytes());
            let around =
                at.map(|at| String::from_utf8_lossy(&content[at.saturating_sub(200)..at + secret.len()]));
            assert!(around.is_none(), "{secret} in {file}: {around:?}");
        }
    }
}

/// What is answered with every kind of key at every kind of fault.
async fn under_every_fault(program: &Program, upstream: &ScriptedUpstream) {
    let keys = [("x-api-key", TOKEN.to_owned()), ("authorization", format!("Bearer {NAMED}"))];
    let echo = |status, key: &str| {
        Script::whole(
            status,
            format!(r#"{{"error":{{"message":"wrong: {key}; Bearer {key}/{key}","type":"x"}}}}"#),
        )
    };
    let faults = [
        None,
        Some(Script::error(500)),
        Some(Script::error(429)),
        Some(Script::error_event()),
        Some(Script::raw("junk\r\n\r\n")),
        Some(Script::fault(Fault::Reset(At::Head))),
        Some(Script::fault(Fault::Close(At::Body(60)))),
        Some(Script::fault(Fault::Stall(At::Head))),
        Some(Script::fault(Fault::Stall(At::Body(60)))),
    ];
    for (instance, own) in INSTANCES.into_iter().zip([VALUE, ENV, FILE, COMMAND]) {
        for fault in &faults {
            for request in requests(instance) {
                upstream.reset();
                fault.iter().cloned().for_each(|fault| upstream.script(fault));
                for (name, key) in &keys {
                    let answer = program.send(&request.clone().header(name, key)).await;
                    check(instance, &all(&answer));
                }
            }
        }
        // A provider that tells what it has been shown.
        for status in [401, 403] {
            for request in requests(instance) {
                upstream.reset();
                upstream.script(echo(status, own));
                let answer = program.send(&request.header(keys[0].0, &keys[0].1)).await;
                check(instance, &all(&answer));
            }
        }
    }
}

async fn over_http2_and_a_web_socket(program: &Program) {
    let io = TokioIo::new(tokio::net::TcpStream::connect(program.main).await.unwrap());
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(async move { drop(connection.await) });
    for key in [TOKEN, NAMED, WRONG] {
        let body = Full::new(bytes::Bytes::from(ask::body(ask::CHAT, "gpt-x", false)));
        let request =
            http::Request::post("http://proxy.test/env/v1/chat/completions").header("x-api-key", key);
        let answer = sender.send_request(request.body(body).unwrap()).await.unwrap();
        check("HTTP/2", &String::from_utf8_lossy(&answer.collect().await.unwrap().to_bytes()));
    }
    for key in [TOKEN, WRONG] {
        let mut request = format!("ws://{}/env/v1/responses", program.main).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        let stream = tokio::net::TcpStream::connect(program.main).await.unwrap();
        let answer =
            tokio_tungstenite::client_async(request, stream).await.map(|(_, answer)| answer.status());
        assert_eq!(answer.is_ok(), key == TOKEN, "{answer:?}");
    }
}

/// Every page at both doors, for nobody, for a client and for whoever runs the service.
async fn pages(program: &Program) {
    const PAGES: [&str; 26] = [
        "/",
        "/docs",
        "/openapi.json",
        "/plugins",
        "/metrics",
        "/health",
        "/health/live",
        "/health/ready",
        "/health/startup",
        "/health/history",
        "/healthz?verbose",
        "/readyz?verbose",
        "/plugins/value/health",
        "/plugins/lost/health",
        "/plugins/command/health",
        "/api/overview",
        "/api/usage?group=key,model,provider,error",
        "/api/usage?format=csv&group=key",
        "/api/requests?limit=1000",
        "/api/requests?format=csv",
        "/api/providers",
        "/api/keys",
        "/api/config",
        "/api/plugins",
        "/api/health/transitions",
        "/canary",
    ];
    for page in PAGES {
        for key in ["", TOKEN, MANAGEMENT, WRONG] {
            for door in [program.main, program.management] {
                let answer = send(door, &Request::get(page).header("x-api-key", key)).await;
                // The page that is not there is named as it was asked for.
                check(page, &all(&answer).replace("no /canary", ""));
            }
        }
    }
}

#[tokio::test]
async fn in_no_command_and_no_panic() {
    let upstream = ScriptedUpstream::start().await.unwrap();
    let program = start(&upstream).await;
    for args in [
        &["config", "show"][..],
        &["config", "check"],
        &["config", "schema"],
        &["plugins", "list"],
        &["health"],
        &["keys", "create"],
        &["serve", "--port", "99999"],
        &["serve", "--port", &program.main.port().to_string()],
    ] {
        let told = program.run(args, &ENVIRONMENT).await;
        assert!(!told.is_empty(), "{args:?}");
        check(&format!("{args:?}"), &told);
    }
    let shown = program.run(&["config", "show"], &ENVIRONMENT).await;
    assert!(
        shown.contains("CLIENT_TOKEN") && shown.contains("upstream.key"),
        "it says where they are: {shown}"
    );
}

#[test]
fn in_no_debug_output_and_no_mistake() {
    let toml = toml("http://127.0.0.1:9").replacen("token", "[management]\ntoken", 1);
    let settings = Settings::load(&Sources::from_text("t.toml", &toml)).unwrap();
    check("settings", &format!("{settings:?}"));
    // A mistake right beside a secret shows the place, and not what is there.
    for (right, wrong) in [
        ("value = 'canary", "values = 'canary"),
        ("[{ value = 'canary of value 01' }]", "'canary of value 01'"),
        ("[{ value = 'canary of value 01' }]", "['canary of value 01']"),
        ("{ value = 'canary of value 01' }", "{ value = 'canary of value 01', env = 'X' }"),
        ("{ value = 'canary-of-management-07' }", "'canary-of-management-07"),
        ("blake3:", "blake3:canary"),
    ] {
        assert!(toml.contains(right), "{right}");
        let mistakes = match Settings::load(&Sources::from_text("t.toml", toml.replacen(right, wrong, 1))) {
            Err(mistakes) => mistakes.to_string(),
            Ok(settings) => {
                let options = ccproxy_server::BuildOptions::default();
                match ccproxy_server::Application::build(&settings, ccproxy::plugins::PLUGINS, options) {
                    Err(mistakes) => mistakes.to_string(),
                    // A bare text is a value, too.
                    Ok(_) => continue,
                }
            }
        };
        check(wrong, &mistakes);
    }
}
