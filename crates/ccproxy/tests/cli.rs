//! The program as its operator meets it: arguments, exit codes, what it prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;
use tempfile::TempDir;

/// An empty directory to run in, without the environment of whoever runs the tests.
struct Room {
    dir: TempDir,
}

impl Room {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn with(file: &str) -> Self {
        let room = Self::new();
        fs::write(room.path().join("ccproxy.toml"), file).unwrap();
        room
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ccproxy"));
        command.args(args).current_dir(self.path()).env_clear().env("HOME", self.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    fn run_with_stdin(&self, args: &[&str], text: &str) -> Ran {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Starts `serve` on a free port and waits until it has said where it listens.
    fn serve(&self, args: &[&str]) -> Serving {
        let args = [&["serve", "--port", "0", "--log-format", "pretty"], args].concat();
        let mut child = self.command(&args).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let banner: Vec<String> = lines.by_ref().take_while(|line| line != "Try it:").collect();
        let attempt = lines.next().unwrap_or_default().trim().to_owned();
        let url = banner[0].split_once("listens on ").unwrap().1.to_owned();
        Serving { child, url, attempt, banner }
    }
}

#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}

struct Serving {
    child: Child,
    url: String,
    attempt: String,
    banner: Vec<String>,
}

impl Serving {
    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit code and what was logged.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_a_command_there_is_help_and_nothing_starts() {
    let ran = Room::new().run(&[]).expect(2);
    assert!(ran.err.contains("Usage: ccproxy"), "{ran:?}");
    assert_eq!(ran.out, "");
    let help = Room::new().run(&["--help"]).expect(0);
    assert!(help.out.contains("Exit codes:"), "{help:?}");
    let version = Room::new().run(&["-V"]).expect(0);
    assert_eq!(version.out, format!("ccproxy {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn check_reports_five_mistakes_at_once_each_with_its_place() {
    let file = "[server]\nprot = 1\nport = 70000\nbody_limit = \"big\"\n\
                [logging]\nformat = \"xml\"\n[[routes]]\nmodel = \"*\"\ntargets = [\"nobody\"]\n";
    let ran = Room::with(file).run(&["config", "check"]).expect(2);
    assert_eq!(ran.out, "");
    assert!(ran.err.starts_with("error: 5 mistakes in the configuration\n"), "{}", ran.err);
    for place in ["2:1: server.prot", "3:8: server.port", "4:14: server.body_limit", "6:10: logging.format"] {
        assert!(ran.err.contains(&format!("\n  ccproxy.toml:{place}: ")), "{place} in {}", ran.err);
    }
    assert!(
        ran.err.contains("ccproxy.toml:9:12: routes[0].targets[0]: there is no such provider"),
        "{}",
        ran.err
    );
}

#[test]
fn check_reports_mistakes_of_the_core_and_of_plugins_together() {
    let file = "[server]\nport = \"x\"\nhost = \"0.0.0.0\"\n[auth]\nkey = 1\n[providers.a]\nkind = \"anthropic\"\nbase_ulr = \"y\"\n";
    let ran = Room::with(file).run(&["config", "check"]).expect(2);
    assert!(ran.err.starts_with("error: 3 mistakes in the configuration\n"), "{}", ran.err);
    for part in [
        "2:8: server.port: ",
        "5:1: auth.key: ",
        "8:1: providers.a.base_ulr: unknown key; did you mean base_url?",
    ] {
        assert!(ran.err.contains(part), "{part} in {}", ran.err);
    }
}

#[test]
fn check_finds_what_only_the_plugins_and_the_server_see() {
    let file = "[server]\nhost = \"0.0.0.0\"\n[logging]\nlevel = \"inof\"\n\
                [providers.a]\nkind = \"anthropic\"\nbase_url = \"nonsense\"\n[providers.b]\nkind = \"b\"\n";
    let ran = Room::with(file).run(&["config", "check"]).expect(2);
    assert!(ran.err.starts_with("error: 4 mistakes in the configuration\n"), "{}", ran.err);
    for part in
        ["2:8: server.host: ", "4:9: logging.level: ", "7:12: providers.a.base_url: ", "providers.b.kind: "]
    {
        assert!(ran.err.contains(part), "{part} in {}", ran.err);
    }
}

#[test]
fn check_accepts_what_is_right() {
    let check = |room: Room, args: &[&str], expect: &str| {
        assert_eq!(room.run(&[&["config", "check"], args].concat()).expect(0).out, expect);
    };
    check(Room::new(), &[], "ok: no file; environment and defaults\n");
    check(Room::with("[server]\nport = 1\n"), &[], "ok: ccproxy.toml\n");
    check(Room::with(""), &["ccproxy.toml"], "ok: ccproxy.toml\n");
    let ran = Room::new().run(&["config", "check", "no.toml"]).expect(2);
    assert!(ran.err.contains("no.toml, which is not a file; `ccproxy config init`"), "{ran:?}");
}

#[test]
fn show_names_origins_and_hides_secrets() {
    let room = Room::with("[server]\nport = 9000\n[auth]\ntoken = \"hush\"\n");
    let mut command = room.command(&["config", "show"]);
    let ran = Ran::from(command.env("CCPROXY__SERVER__WORKERS", "3").output().unwrap()).expect(0);
    let origin = |key: &str, origin: &str| {
        let line = ran.out.lines().find(|line| line.starts_with(key)).unwrap();
        assert!(line.ends_with(origin), "{line}");
    };
    origin("port = 9000", "# ccproxy.toml:2:8");
    origin("workers = 3", "# environment variable CCPROXY__SERVER__WORKERS");
    origin("host = \"127.0.0.1\"", "# default");
    assert!(!ran.out.contains("hush"), "{}", ran.out);
}

#[test]
fn init_overwrites_only_when_told() {
    let room = Room::new();
    let file = room.path().join("ccproxy.toml");
    room.run(&["config", "init"]).expect(0);
    room.run(&["config", "check"]).expect(0);
    fs::write(&file, "mine").unwrap();
    let ran = room.run(&["config", "init"]).expect(2);
    assert!(ran.err.contains("--force"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    room.run(&["config", "init", "--force", "ccproxy.toml"]).expect(0);
    assert!(fs::read_to_string(&file).unwrap().starts_with("# ccproxy configuration."));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = Room::new().command(&["config", "schema"]).stdout(writer).output().unwrap();
    let ran = Ran::from(ran).expect(0);
    assert_eq!(ran.err, "");
}

#[test]
fn the_schema_has_the_keys_of_every_kind() {
    let schema: Json = serde_json::from_str(&Room::new().run(&["config", "schema"]).expect(0).out).unwrap();
    let kinds = schema["properties"]["providers"]["additionalProperties"]["oneOf"].as_array().unwrap();
    assert_eq!(kinds.len(), ccproxy::plugins::PLUGINS.len());
}

#[test]
fn a_created_key_is_the_one_that_hashes_to_its_line() {
    let room = Room::new();
    let ran = room.run(&["keys", "create", "ci", "--json"]).expect(0);
    let created: Json = serde_json::from_str(&ran.out).unwrap();
    let key = created["key"].as_str().unwrap();
    assert!(key.starts_with("ccp_") && key.len() == 47, "{key}");
    let hash = room.run_with_stdin(&["keys", "hash"], &format!("{key}\n")).expect(0).out;
    assert_eq!(hash.trim(), created["hash"]);
    room.run_with_stdin(&["keys", "hash"], "\n").expect(2);
    room.run(&["keys", "create", "two\nlines"]).expect(2);

    let other = room.run(&["keys", "create", "ci"]).expect(0).out;
    assert!(!other.contains(key), "two keys are the same");
    let snippet = &other[other.find("[[auth.keys]]").unwrap()..];
    fs::write(room.path().join("ccproxy.toml"), snippet).unwrap();
    room.run(&["config", "check"]).expect(0);
}

#[test]
fn a_file_of_keys_is_kept_with_all_that_is_in_it() {
    use std::os::unix::fs::PermissionsExt;

    let room = Room::with("[auth]\nkey_file = 'keys.toml'\n[providers.demo]\nkind = 'simulator'\n");
    let file = room.path().join("keys.toml");
    let flags = [
        "--model",
        "claude-*",
        "--provider",
        "demo",
        "--requests-per-minute",
        "60",
        "--budget-per-day",
        "2.50",
        "--expires",
        "90days",
    ];
    let create = |name: &str| {
        let ran = room.run(&[&["keys", "create", name, "--json"][..], &flags].concat()).expect(0);
        let created: Json = serde_json::from_str(&ran.out).unwrap();
        created["key"].as_str().unwrap().to_owned()
    };
    let (ci, ann) = (create("ci"), create("ann"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&ci) && !text.contains(&ann), "{text}");
    fs::write(&file, format!("# ours\n{}", text.replace("name = \"ci\"", "name = \"ci\" # the build")))
        .unwrap();
    room.run(&["config", "check"]).expect(0);

    let listed =
        || -> Json { serde_json::from_str(&room.run(&["keys", "list", "--json"]).expect(0).out).unwrap() };
    let first = listed()["keys"][0].clone();
    assert_eq!((&first["name"], &first["state"]), (&"ci".into(), &"good".into()));
    assert_eq!(first["limits"]["requests_per_minute"], 60);
    assert_eq!(first["limits"]["budget_per_day"], "2.5");
    assert_eq!(first["hash"].as_str().unwrap().chars().count(), "blake3:".len() + 13, "never in full");

    let rotated: Json =
        serde_json::from_str(&room.run(&["keys", "rotate", "ci", "--json"]).expect(0).out).unwrap();
    assert_ne!(rotated["key"], ci.as_str());
    assert!(listed()["keys"][0]["old_until"].is_string());
    room.run(&["keys", "rotate", "ci", "--grace", "0s"]).expect(0);
    assert!(listed()["keys"][0]["old_until"].is_null());
    room.run(&["keys", "revoke", "ann"]).expect(0);
    let ran = room.run(&["keys", "list"]).expect(0);
    assert!(
        ran.out.starts_with("NAME ")
            && ran.out.contains("revoked")
            && ran.out.contains("60 requests/min, 2.5 USD/day"),
        "{ran:?}"
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("# ours\n") && text.contains("name = \"ci\" # the build"), "{text}");
    room.run(&["config", "check"]).expect(0);

    let refused = |args: &[&str], word: &str| {
        let ran = room.run(args).expect(2);
        assert!(ran.err.contains(word), "{args:?}: {ran:?}");
    };
    refused(&["keys", "create", "ci"], "ccproxy keys rotate");
    refused(&["keys", "create", "x", "--provider", "dmeo"], "the configuration has demo");
    refused(&["keys", "rotate", "ann"], "revoked");
    refused(&["keys", "revoke", "nobody"], "ccproxy keys list");
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "what is refused changes nothing");
    let left: Vec<_> = fs::read_dir(room.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_file_of_keys_that_is_not_there_is_a_mistake() {
    let room = Room::with("[auth]\nkey_file = 'keys.toml'\n");
    let ran = room.run(&["config", "check"]).expect(2);
    assert!(
        ran.err.contains("ccproxy.toml:2:12: auth.key_file") && ran.err.contains("ccproxy keys create"),
        "{ran:?}"
    );
    room.run(&["keys", "create", "ci"]).expect(0);
    room.run(&["config", "check"]).expect(0);
    fs::write(room.path().join("keys.toml"), "[[keys]]\nname = 'a'\n").unwrap();
    let ran = room.run(&["config", "check"]).expect(2);
    assert!(ran.err.contains("keys.toml:1:1: keys[0].hash"), "{ran:?}");
    // A file may be named, whatever the configuration says.
    room.run(&["keys", "create", "other", "--key-file", "others.toml"]).expect(0);
    let listed = room.run(&["keys", "list", "--key-file", "others.toml"]).expect(0);
    assert!(listed.out.contains("\nother "), "{listed:?}");
}

#[test]
fn prices_are_shown_and_what_has_none_is_told() {
    let room = Room::with(
        "[providers.claude]\nkind = 'anthropic'\n[providers.sim]\nkind = 'simulator'\n\
         [[routes]]\nmodel = 'fast'\ntargets = ['claude/claude-haiku-4-5', 'sim/m']\n[pricing]\nfile = 'own.toml'\n",
    );
    fs::write(room.path().join("own.toml"), "models = [{ model = 'gpt-5', input = '0.5', output = 7 }]")
        .unwrap();
    let json = |ran: &Ran| serde_json::from_str::<Json>(&ran.out).unwrap();
    let shown = room.run(&["pricing", "show", "--json", "gpt-5-2025-08-07"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    let price = &json(&shown)["prices"][0]["price"];
    assert_eq!(
        (&price["input"], &price["output"], &price["from"]),
        (&0.5.into(), &7.0.into(), &"file".into())
    );
    let shown = room.run(&["pricing", "show", "--provider", "sim", "claude-haiku-4-5", "gpt-5"]);
    assert_eq!(shown.code, Some(1), "one has none there");
    assert!(shown.out.contains("claude-haiku-4-5  -         unknown"), "{}", shown.out);
    let checked = room.run(&["pricing", "check", "--json"]);
    assert_eq!((checked.code, &json(&checked)["unpriced"]), (Some(1), &1.into()), "{}", checked.err);
    let text = room.run(&["pricing", "check"]).out;
    assert!(text.contains("1 of 2 have no price") && text.contains("routes[0].targets[1]"), "{text}");
    fs::write(room.path().join("own.toml"), "models = [{ model = 'm', provider = 'sim', free = true }]")
        .unwrap();
    let checked = room.run(&["pricing", "check"]);
    assert_eq!(checked.code, Some(0), "{}", checked.out);
    assert!(checked.out.contains("Each of 2 has a price."), "{}", checked.out);
    fs::write(room.path().join("own.toml"), "models = [{ model = 'm', input = 1 }]").unwrap();
    for args in [["pricing", "check"], ["config", "check"]] {
        let wrong = room.run(&args);
        assert_eq!(wrong.code, Some(2), "{args:?}");
        assert!(wrong.err.contains("own.toml:1:11: models[0].output: missing"), "{}", wrong.err);
    }
}

#[test]
fn plugins_are_listed_even_if_the_configuration_is_wrong() {
    let listing: Json =
        serde_json::from_str(&Room::new().run(&["plugins", "list", "--json"]).expect(0).out).unwrap();
    assert_eq!(listing["kinds"].as_array().unwrap().len(), ccproxy::plugins::PLUGINS.len());
    assert_eq!(listing["instances"][0]["mount"], "/demo/v1");
    let ran = Room::with("nonsense").run(&["plugins", "list"]).expect(2);
    assert!(ran.out.starts_with("KIND ") && ran.out.contains("\nsimulator "), "{ran:?}");
}

#[test]
fn there_is_a_page_for_every_command_and_a_script_for_every_shell() {
    let room = Room::new();
    assert!(room.run(&["man"]).expect(0).out.contains(".TH ccproxy 1"));
    room.run(&["man", "pages"]).expect(0);
    for page in ["ccproxy", "ccproxy-serve", "ccproxy-config-check", "ccproxy-keys-create"] {
        assert!(room.path().join(format!("pages/{page}.1")).is_file(), "{page}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(room.run(&["completions", shell]).expect(0).out.contains("ccproxy"), "{shell}");
    }
}

#[test]
fn a_port_in_use_is_an_error_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let room = Room::new();
    let ran = room.run(&["serve", "--port", &port, "--log-format", "pretty"]).expect(1);
    assert_eq!(
        ran.err,
        format!(
            "error: 127.0.0.1:{port} is in use; stop what listens there, or choose another port with --port or server.port\n"
        )
    );
    let ran = room.run(&["serve", "--port", &port]).expect(1);
    let line: Json = serde_json::from_str(&ran.err).expect("JSON and nothing else");
    assert_eq!((line["message"].as_str(), line["level"].as_str()), (Some("cannot_serve"), Some("ERROR")));
}

#[test]
fn a_public_address_needs_a_key_or_an_explicit_word() {
    let room = Room::new();
    let ran = room.run(&["serve", "--host", "0.0.0.0", "--port", "0"]).expect(2);
    assert!(ran.err.contains("flag --host: server.host: "), "{}", ran.err);
    assert!(ran.err.contains("--insecure-no-auth"), "{}", ran.err);
}

#[test]
fn serve_says_where_it_is_and_the_line_to_try_works() {
    let serving = Room::new().serve(&[]);
    assert!(serving.banner.iter().any(|line| line.trim().starts_with("/demo/v1 ")), "{:?}", serving.banner);
    let address = serving.url.strip_prefix("http://").unwrap();
    let (url, rest) = serving.attempt.strip_prefix("curl -s ").unwrap().split_once(' ').unwrap();
    let body = rest.split_once("-d '").unwrap().1.strip_suffix('\'').unwrap();
    let path = url.strip_prefix(&serving.url).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("Hello"), "{answer}");
}

#[test]
fn health_follows_the_proxy_from_well_to_gone() {
    let room = Room::with("[shutdown]\ndrain_delay = \"20s\"\n");
    let serving = room.serve(&[]);
    let ask = |question: &str| room.run(&["health", question, "--url", &serving.url]);
    let until =
        |question: &str, code| (0..500).map(|_| ask(question)).find(|ran| ran.code == Some(code)).unwrap();
    until("--ready", 0);
    let ran = ask("--live").expect(0);
    assert_eq!(ran.out, format!("pass {}/health/live: Application process is running\n", serving.url));
    ask("--startup").expect(0);
    serving.signal(Signal::TERM);
    let ran = until("--ready", 1);
    assert!(ran.out.starts_with(&format!("fail {}/health/ready: ", serving.url)), "{ran:?}");
    ask("--live").expect(0);
    let url = serving.url.clone();
    drop(serving);
    let ran = room.run(&["health", "--url", &url, "--json"]).expect(1);
    let verdict: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(verdict["status"], "unknown");
    assert!(verdict["output"].as_str().unwrap().starts_with("nothing listens there; "), "{verdict}");
}

/// With a certificate for nobody in particular.
fn room_with_tls() -> Room {
    let room = Room::with("[server.tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n");
    let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
    fs::write(room.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(room.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    room
}

#[test]
fn health_asks_over_tls_whatever_the_certificate() {
    let room = room_with_tls();
    let mode = |mode| fs::Permissions::from_mode(mode);
    for (bits, warned) in [(0o644, true), (0o600, false)] {
        fs::set_permissions(room.path().join("key.pem"), mode(bits)).unwrap();
        let serving = room.serve(&[]);
        assert!(serving.url.starts_with("https://127.0.0.1:"), "{}", serving.url);
        assert!(serving.attempt.starts_with("curl -sk https://127.0.0.1:"), "{}", serving.attempt);
        let ran = room.run(&["health", "--live", "--wait", "10s", "--url", &serving.url]).expect(0);
        assert!(ran.out.starts_with(&format!("pass {}/health/live", serving.url)), "{ran:?}");
        serving.signal(Signal::TERM);
        serving.signal(Signal::TERM);
        let (_, log) = serving.wait();
        assert_eq!(log.contains("everybody_on_this_machine_can_read_the_tls_key"), warned, "{log}");
    }
}

#[test]
fn serve_says_which_file_of_tls_is_of_no_use() {
    let room = room_with_tls();
    room.run(&["config", "check"]).expect(0);
    fs::remove_file(room.path().join("key.pem")).unwrap();
    let ran = room.run(&["serve", "--port", "0", "--log-format", "pretty"]).expect(1);
    assert!(
        ran.err.starts_with("error: ccproxy.toml:3:7: server.tls.key: key.pem: cannot be read: "),
        "{ran:?}"
    );
    let file = "[server.tls]\ncert = \"c\"\nkey = \"\"\"-----BEGIN PRIVATE KEY-----\nhush\n\"\"\"\n";
    let ran = Room::with(file).run(&["config", "check"]).expect(2);
    assert!(ran.err.contains("3:7: server.tls.key: expected the path of a file"), "{ran:?}");
    assert!(!ran.err.contains("hush"), "{ran:?}");
}

#[test]
fn serve_tells_of_a_proxy_and_of_no_password() {
    let room = Room::new();
    let mut command = room.command(&["serve", "--port", "0", "--log-format", "json"]);
    command.env("HTTPS_PROXY", "http://me:hush@proxy.test:3128").env("no_proxy", "a.test");
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("providers_are_reached_through_a_proxy")).unwrap();
    let _ = child.kill();
    let _ = child.wait();
    assert!(line.contains("http://***@proxy.test:3128") && line.contains("a.test"), "{line}");
    assert!(!line.contains("hush"), "{line}");
}

#[test]
fn health_does_not_wait_for_ever() {
    // The backlog accepts, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let ran = Room::new().run(&["health", "--timeout", "50ms", "--url", &url]).expect(1);
    assert_eq!(ran.out, format!("unknown {url}/health: no answer within 50ms\n"));
}

/// Answers every request alike until the test ends, closing each connection; says how often it was asked.
struct Page {
    listener: TcpListener,
    answers: Vec<String>,
}

impl Page {
    /// Answers the first request with the first answer and so on; the last one stays.
    fn new(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(status, body)| {
            format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        });
        Self { listener: TcpListener::bind("127.0.0.1:0").unwrap(), answers: answers.collect() }
    }

    /// Runs the command against the page: what it printed, and the request lines.
    fn ask(self, args: &[&str]) -> (Ran, Vec<String>) {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        let stop = self.listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let mut asked = Vec::new();
            loop {
                let (mut stream, _) = self.listener.accept().unwrap();
                let mut line = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                reader.read_line(&mut line).unwrap();
                if line.is_empty() {
                    return asked;
                }
                // The whole head is read, or closing would reset the connection.
                reader.lines().map(Result::unwrap).find(String::is_empty);
                let answer = &self.answers[asked.len().min(self.answers.len() - 1)];
                let _ = stream.write_all(answer.as_bytes());
                asked.push(line.trim_end().to_owned());
            }
        });
        let ran = Room::new().run(&[&["health", "--url", &url], args].concat());
        drop(TcpStream::connect(stop).unwrap());
        (ran, server.join().unwrap())
    }
}

#[test]
fn health_asks_for_what_is_named() {
    let check = |args: &[&str], expect: &str| {
        let (ran, asked) = Page::new(&[(200, r#"{"status":"pass"}"#)]).ask(args);
        ran.expect(0);
        assert_eq!(asked, [format!("GET {expect} HTTP/1.1")]);
    };
    check(&[], "/health");
    check(&["--startup"], "/health/startup");
    check(&["--component", "disk"], "/health/checks/disk");
    check(&["--plugin", "claude"], "/plugins/claude/health");
    check(&["--plugin", "claude", "--component", "cli"], "/plugins/claude/health/cli");
}

#[test]
fn health_waits_until_it_is_well_and_prints_the_last_answer_only() {
    let (bad, well) = ((503, r#"{"status":"fail","output":"starting"}"#), (200, r#"{"status":"pass"}"#));
    let (ran, asked) = Page::new(&[bad, bad, well]).ask(&["--wait", "1m"]);
    assert_eq!((asked.len(), ran.out.lines().count()), (3, 1), "{ran:?}");
    assert!(ran.expect(0).out.starts_with("pass http://"));

    let (ran, asked) = Page::new(&[bad]).ask(&["--wait", "450ms"]);
    assert!(asked.len() <= 3, "{asked:?}");
    let ran = ran.expect(1);
    assert!(ran.out.starts_with("fail http://") && ran.out.ends_with("/health: starting\n"), "{ran:?}");

    // Nobody listens, which may change.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = Room::new().run(&["health", "--wait", "50ms", "--url", &format!("http://{gone}")]).expect(1);
    assert!(ran.out.starts_with("unknown http://"), "{ran:?}");
}

#[test]
fn health_prints_a_table_of_what_is_not_well() {
    let body = r#"{"status":"warn","output":"slow","checks":{
        "a":[{"status":"warn","output":"slow","since":"2026-11-23T10:00:00.000000+00:00"}],"b":[{"status":"pass"}]}}"#;
    let (ran, _) = Page::new(&[(200, body)]).ask(&[]);
    let lines: Vec<String> = ran.expect(0).out.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(
        lines,
        ["CHECK  STATUS  SINCE                 OUTPUT", "a      warn    2026-11-23T10:00:00Z  slow"]
    );
}

#[cfg(unix)]
#[test]
fn health_asks_through_a_unix_socket() {
    let room = Room::with("[management]\nsocket = \"health.sock\"\n");
    let gone = room.run(&["health", "--management"]).expect(1);
    assert!(gone.out.contains("/health.sock:/health: nothing listens there; "), "{gone:?}");
    fs::remove_file(room.path().join("health.sock")).unwrap_or_default();
    let listener = std::os::unix::net::UnixListener::bind(room.path().join("health.sock")).unwrap();
    let server = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            asked.push(lines.next().unwrap());
            lines.find(String::is_empty);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
        }
        asked
    });
    room.run(&["health", "--management", "--live"]).expect(0);
    room.run(&["health", "--url", "unix:health.sock:/livez"]).expect(0);
    assert_eq!(server.join().unwrap(), ["GET /health/live HTTP/1.1", "GET /livez HTTP/1.1"]);
}

#[test]
fn health_exits_with_0_or_1_and_says_what_to_do() {
    let check = |room: Room, args: &[&str], words: &str| {
        let ran = room.run(&[&["health"], args].concat()).expect(1);
        assert!(ran.out.starts_with("unknown") && ran.out.contains(words), "{ran:?}");
        assert_eq!(ran.err, "");
    };
    check(Room::with("nonsense"), &[], "in the configuration");
    check(Room::new(), &["--management"], "set management.socket or management.port");
    check(Room::new(), &["--url", "ftp://a"], "--url takes ");
    let (ran, _) = Page::new(&[(404, "{}")]).ask(&["--component", "nothing"]);
    assert!(ran.expect(1).out.contains("HTTP 404: there is no such page"));
    let help = Room::new().run(&["health", "--help"]).expect(0).out;
    assert!(
        help.contains(
            r#"HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["ccproxy", "health""#
        ),
        "{help}"
    );
}

#[test]
fn one_signal_drains_and_a_second_stops_at_once() {
    let drained = Room::with("[shutdown]\ndrain_delay = \"0s\"\n").serve(&[]);
    drained.signal(Signal::TERM);
    let (code, log) = drained.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopping signal=\"SIGTERM\""), "{log}");

    let aborted = Room::with("[shutdown]\ndrain_delay = \"10m\"\n").serve(&[]);
    aborted.signal(Signal::INT);
    // Two signals of one kind that come together count as one.
    aborted.signal(Signal::TERM);
    let (code, log) = aborted.wait();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("stopping_at_once"), "{log}");
}

#[test]
fn machines_get_json_lines_and_nothing_else() {
    let room = Room::with("[shutdown]\ndrain_delay = \"0s\"\n");
    let mut child = room.command(&["serve", "--port", "0"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let listening = lines
        .by_ref()
        .map(|line| serde_json::from_str::<Json>(&line).expect("every line is JSON"))
        .find(|line| line["message"] == "listening")
        .unwrap();
    assert!(listening["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{listening}");
    assert_eq!(listening["instances"], "demo (simulator) at /demo/v1");
    assert!(listening["attempt"].as_str().unwrap().starts_with("curl -s http://"), "{listening}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    for line in lines {
        serde_json::from_str::<Json>(&line).expect("every line is JSON");
    }
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(0), 0));
}
