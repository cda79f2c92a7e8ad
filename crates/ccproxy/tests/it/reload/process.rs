//! What has the program reload: a signal, an order, a change of a file.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::support::{LIMIT, Request, Response, send};

const ONE: &str = "[providers.one]\nkind = 'simulator'\n";
const BOTH: &str = "[providers.one]\nkind = 'simulator'\n[providers.other]\nkind = 'simulator'\n";
/// Nobody looks by himself.
const BLIND: &str = "[reload]\nwatch = false\n";

/// The program itself, with a directory of its own.
struct Program {
    dir: tempfile::TempDir,
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    main: SocketAddr,
    management: SocketAddr,
}

impl Program {
    async fn start(toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ccproxy.toml"), toml).unwrap();
        Self::start_in(dir).await
    }

    async fn start_in(dir: tempfile::TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ccproxy"))
            .args(["serve", "--config", "ccproxy.toml", "--port", "0", "--log-format", "json"])
            .current_dir(dir.path())
            .env_clear()
            .env("CCPROXY__MANAGEMENT__PORT", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let nowhere: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let mut program = Self { dir, child, log, main: nowhere, management: nowhere };
        let at = |line: &Value, key: &str| {
            line[key].as_str().unwrap().strip_prefix("http://").unwrap().parse::<SocketAddr>().unwrap()
        };
        program.management = at(&program.logged("also_listening").await, "place");
        program.main = at(&program.logged("listening").await, "url");
        program
    }

    /// The next line of the log with this message.
    async fn logged(&mut self, message: &str) -> Value {
        let find = async {
            loop {
                let line = self.log.next_line().await.unwrap().expect("the program runs");
                let line: Value = serde_json::from_str(&line).expect("every line is JSON");
                if line["message"] == message {
                    return line;
                }
            }
        };
        tokio::time::timeout(3 * LIMIT, find).await.unwrap_or_else(|_| panic!("{message} is not logged"))
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn hang_up(&self) {
        let pid = Pid::from_raw(self.child.id().unwrap().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::HUP).unwrap();
    }

    async fn order(&self) -> Response {
        send(self.management, &Request::post("/reload", "")).await
    }

    async fn names(&self) -> Vec<String> {
        let plugins: Value = send(self.main, &Request::get("/plugins")).await.json();
        let plugins = plugins["plugins"].as_array().unwrap().iter();
        plugins.map(|plugin| plugin["name"].as_str().unwrap().to_owned()).collect()
    }

    /// What health says of the configuration, once it says that.
    async fn config(&self, status: &str) -> Value {
        let find = async {
            loop {
                let page: Value = send(self.main, &Request::get("/health/checks/config")).await.json();
                let check = &page["checks"]["config"][0];
                if check["status"] == status {
                    return check.clone();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LIMIT, find).await.unwrap_or_else(|_| panic!("config is never {status}"))
    }
}

#[tokio::test]
async fn a_signal_applies_what_is_valid_and_nothing_else() {
    let mut program = Program::start(&format!("{BLIND}{ONE}")).await;
    let since = program.config("pass").await["observedValue"].as_i64().unwrap();
    program.write("ccproxy.toml", &format!("{BLIND}{BOTH}"));
    program.hang_up();
    let line = program.logged("configuration_reloaded").await;
    assert_eq!((&line["reason"], &line["changed"]), (&"SIGHUP".into(), &"providers.other".into()));
    assert_eq!(program.names().await, ["one", "other"]);
    let check = program.config("pass").await;
    assert!(check["observedValue"].as_i64().unwrap() >= since, "{check}");
    assert_eq!(check["observedUnit"], "unix_seconds");

    let key = "sk-secret-that-nobody-may-see";
    program.write("ccproxy.toml", &format!("[server]\nprot = '{key}'\nworkers = '{key}'\n{ONE}"));
    program.hang_up();
    for expect in ["ccproxy.toml:2:1: server.prot", "ccproxy.toml:3:11: server.workers"] {
        let line = program.logged("configuration_mistake").await;
        let mistake = line["mistake"].as_str().unwrap();
        assert!(mistake.starts_with(expect) && !mistake.contains(key), "{line}");
    }
    assert_eq!(program.logged("configuration_not_reloaded").await["mistakes"], 2);
    assert_eq!(program.names().await, ["one", "other"]);
    let output = program.config("warn").await["output"].as_str().unwrap().to_owned();
    assert!(output.starts_with("not valid any more, a restart would fail: 2 mistakes"), "{output}");
    assert_eq!(send(program.main, &Request::get("/health/ready")).await.status, 200);

    program.write("ccproxy.toml", &format!("{BLIND}{ONE}[logging]\nlevel = 'debug'\n"));
    program.hang_up();
    assert_eq!(program.logged("configuration_takes_a_restart").await["keys"], "logging.level");
    assert_eq!(program.names().await, ["one"]);
    // The check was a warning before, and says another thing now.
    let told = async {
        while program.config("warn").await["output"] != "these keys take a restart: logging.level" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    crate::support::within("the keys", told).await;
    program.write("ccproxy.toml", &format!("{BLIND}{ONE}"));
    program.hang_up();
    program.config("pass").await;
}

#[tokio::test]
async fn an_order_is_answered_with_what_came_of_it() {
    let program = Program::start(&format!("{BLIND}{ONE}")).await;
    let answer = program.order().await;
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"changed":[],"restart":[]}"#));
    program.write("ccproxy.toml", &format!("{BLIND}{BOTH}[shutdown]\ndeadline = '9s'\n"));
    let answer = program.order().await;
    assert_eq!(answer.json()["changed"], serde_json::json!(["providers.other"]));
    assert_eq!(answer.json()["restart"], serde_json::json!(["shutdown.deadline"]));
    assert_eq!(program.names().await, ["one", "other"]);
    program.write("ccproxy.toml", "[server]\nprot = 1\n");
    let answer = program.order().await;
    assert!(
        answer.status == 422 && answer.text().contains("ccproxy.toml:2:1: server.prot"),
        "{}",
        answer.text()
    );
    assert_eq!(program.names().await, ["one", "other"]);
    // Who may: as with a drain.
    assert_eq!(send(program.main, &Request::post("/reload", "")).await.status, 403);
    let page = Request::post("/reload", "").header("origin", "http://127.0.0.1:8000");
    assert_eq!(send(program.management, &page).await.status, 403);
    let read = send(program.management, &Request::get("/reload")).await;
    assert_eq!((read.status, read.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_changed_file_is_applied_by_itself() {
    let mut program = Program::start(ONE).await;
    program.write("ccproxy.toml", BOTH);
    let line = program.logged("configuration_reloaded").await;
    assert_eq!(line["reason"], "the file has changed");
    assert_eq!(program.names().await, ["one", "other"]);
    program.write("ccproxy.toml", "[server\n");
    program.logged("configuration_not_reloaded").await;
    assert_eq!(program.names().await, ["one", "other"]);
    program.config("warn").await;
    // An editor writes another file and gives it the name.
    program.write("new", ONE);
    fs::rename(program.dir.path().join("new"), program.dir.path().join("ccproxy.toml")).unwrap();
    let mut lines = Vec::new();
    loop {
        let line = program.log.next_line().await.unwrap().unwrap();
        let done = line.contains("configuration_reloaded");
        lines.push(line);
        if done {
            break;
        }
    }
    let again = lines.iter().filter(|line| line.contains("configuration_not_reloaded")).count();
    assert_eq!(again, 0, "a mistake is told once: {lines:?}");
    assert_eq!(program.names().await, ["one"]);
    program.config("pass").await;
}

/// As Kubernetes does it: the file is a link through `..data`, which moves from one directory to another at once, and a token
/// is a file beside it.
#[tokio::test]
async fn a_config_map_and_its_secret_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let version = |name: &str, token: &str| {
        let version = dir.path().join(name);
        fs::create_dir(&version).unwrap();
        fs::write(version.join("ccproxy.toml"), format!("[auth]\ntoken.file = 'token'\n{ONE}")).unwrap();
        fs::write(version.join("token"), token).unwrap();
    };
    let link = |to: &str, at: &str| {
        let fresh = dir.path().join("..fresh");
        std::os::unix::fs::symlink(to, &fresh).unwrap();
        fs::rename(fresh, dir.path().join(at)).unwrap();
    };
    version("..1", "first");
    version("..2", "second");
    link("..1", "..data");
    link("..data/ccproxy.toml", "ccproxy.toml");
    link("..data/token", "token");
    let path: &Path = dir.path();
    assert!(path.join("ccproxy.toml").is_file());
    let main = path.to_owned();
    let relink = move || {
        std::os::unix::fs::symlink("..2", main.join("..fresh")).unwrap();
        fs::rename(main.join("..fresh"), main.join("..data")).unwrap();
    };
    let mut program = Program::start_in(dir).await;
    let asked = async |main: SocketAddr, token: &str| {
        send(main, &Request::get("/one/v1/models").header("x-api-key", token)).await.status
    };
    assert_eq!((asked(program.main, "first").await, asked(program.main, "second").await), (200, 401));
    relink();
    assert_eq!(program.logged("configuration_reloaded").await["changed"], "auth.token");
    assert_eq!((asked(program.main, "first").await, asked(program.main, "second").await), (401, 200));
    fs::remove_file(program.dir.path().join("token")).unwrap();
    program.logged("configuration_not_reloaded").await;
    assert_eq!(asked(program.main, "second").await, 200);
    program.write("token", "third");
    program.logged("configuration_reloaded").await;
    assert_eq!((asked(program.main, "second").await, asked(program.main, "third").await), (401, 200));
}

#[tokio::test]
async fn who_shuts_down_reads_nothing_any_more() {
    let mut program = Program::start(&format!("{ONE}[shutdown]\ndrain_delay = '20s'\n")).await;
    let pid = Pid::from_raw(program.child.id().unwrap().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    program.logged("draining").await;
    assert_eq!(program.order().await.status, 503);
    program.hang_up();
    assert_eq!(send(program.main, &Request::get("/health/live")).await.status, 200, "and is not ended by it");
}
