//! The program itself, as a process of its own, with all that it logs.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::{Request, Response, eventually, send};

/// The program, started by a shell that can take things away from it first.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) main: SocketAddr,
    pub(crate) management: SocketAddr,
    dir: TempDir,
    log: Arc<Mutex<String>>,
    _readers: JoinSet<()>,
}

/// Keeps every line, also those that nobody asks for: a pipe that is full stops who writes to it.
async fn keep(from: impl AsyncRead + Unpin, log: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.lock().unwrap().push_str(&(line + "\n"));
    }
}

impl Program {
    pub(crate) async fn start(before: &str, toml: &str) -> Self {
        Self::start_with(before, toml, "--log-format json", &[]).await
    }

    /// The same with these flags and this environment.
    pub(crate) async fn start_with(before: &str, toml: &str, flags: &str, env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let toml = format!("[server]\nport = 0\n[management]\nport = 0\n{toml}");
        std::fs::write(dir.path().join("ccproxy.toml"), toml).unwrap();
        let script = format!("{before}\nexec {} serve {flags}", env!("CARGO_BIN_EXE_ccproxy"));
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(dir.path()).env_clear().env("HOME", dir.path());
        command.envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let mut readers = JoinSet::new();
        readers.spawn(keep(child.stdout.take().unwrap(), Arc::clone(&log)));
        readers.spawn(keep(child.stderr.take().unwrap(), Arc::clone(&log)));
        let find = |what: &str| {
            let log = log.lock().unwrap();
            let line = log.lines().find(|line| line.contains(what) && line.contains("://"))?;
            let rest = line.split_once("://")?.1;
            let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ':'));
            rest[..end.unwrap_or(rest.len())].parse::<SocketAddr>().ok()
        };
        let both = || Some((find("\"url\"").or_else(|| find("listens on"))?, find("management")?));
        eventually("it says where it listens", || both().is_some()).await;
        let (main, management) = both().unwrap();
        Self { child, main, management, dir, log, _readers: readers }
    }

    /// Where it runs.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Runs another command of the program in the same place, and gives all that it prints.
    pub(crate) async fn run(&self, args: &[&str], env: &[(&str, &str)]) -> String {
        let output = self.command(args).envs(env.iter().copied()).output().await.unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// Another command of the program in the same place.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ccproxy"));
        command.args(args).current_dir(self.dir.path()).env_clear().env("HOME", self.dir.path());
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Stops it, as whoever runs it does.
    pub(crate) async fn end(&mut self) {
        self.signal(Signal::TERM);
        super::within("it stops", self.child.wait()).await.unwrap();
    }

    /// Every file that it has written: its name below the program's folder, and what is in it. What it was given is left out.
    pub(crate) fn written(&self) -> Vec<(String, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.dir.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = entry.strip_prefix(self.dir.path()).unwrap().to_string_lossy().into_owned();
                if entry.is_dir() {
                    folders.push(entry);
                } else if !name.ends_with(".toml") && !name.ends_with(".key") {
                    // A file that is gone meanwhile is another's.
                    files.extend(std::fs::read(&entry).ok().map(|content| (name, content)));
                }
            }
        }
        files
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub(crate) async fn send(&self, request: &Request) -> Response {
        send(self.main, request).await
    }
}
