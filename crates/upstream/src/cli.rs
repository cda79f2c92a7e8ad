//! Whether a vendor's command line is installed, and which version of it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ccproxy_health::{Check, Outcome, Spec, SpecError};
use futures_util::future::BoxFuture;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

const INTERVAL: Duration = Duration::from_secs(60);
/// Whoever takes longer to tell its version is ended.
const TIMEOUT: Duration = Duration::from_secs(5);
/// As much as is read of what the program prints.
const LIMIT: u64 = 4096;
/// What the program gets of our environment: what it needs to run at all, and no secret.
const ENVIRONMENT: [&str; 8] =
    ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "XDG_CONFIG_HOME", "SHELL"];

/// A program that should be installed.
struct Cli {
    program: PathBuf,
    /// The file that was asked last, and what it said.
    last: Mutex<Option<(Installed, Outcome)>>,
}

/// A file as it was when it was looked at: run again only if it is another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Installed {
    path: PathBuf,
    modified: Option<SystemTime>,
    length: u64,
}

/// How a program is checked.
///
/// # Errors
/// None: the name is a good one.
pub fn spec() -> Result<Spec, SpecError> {
    // Nobody shares this machine's file: it is looked at soon.
    Ok(Spec::new("cli")?.interval(INTERVAL).timeout(TIMEOUT * 2).jitter(0.01).fall(1).rise(1))
}

/// The check that `program`, a name on the `PATH` or a path, is there and tells its version.
#[must_use]
pub fn check(program: &str) -> Arc<dyn Check> {
    Arc::new(Cli { program: program.into(), last: Mutex::default() })
}

impl Check for Cli {
    fn run(&self) -> BoxFuture<'_, Outcome> {
        Box::pin(async {
            let Some(installed) = find(&self.program).await else {
                return Outcome::fail("the program is not installed, or not on the PATH");
            };
            let known =
                self.last().as_ref().filter(|(file, _)| *file == installed).map(|(_, said)| said.clone());
            if let Some(said) = known {
                return said;
            }
            let said = match timeout(TIMEOUT, version(&installed.path)).await {
                Ok(Ok(version)) => Outcome::pass().observed(version, "version"),
                Ok(Err(reason)) => Outcome::fail(reason),
                Err(_) => return Outcome::fail(format!("told no version within {TIMEOUT:?}")),
            };
            *self.last() = Some((installed, said.clone()));
            said
        })
    }
}

impl Cli {
    fn last(&self) -> std::sync::MutexGuard<'_, Option<(Installed, Outcome)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The program's file: where the path says, or the first of its name on the `PATH`.
async fn find(program: &Path) -> Option<Installed> {
    if program.components().count() > 1 {
        return look(program.to_owned()).await;
    }
    let path = std::env::var_os("PATH")?;
    for directory in std::env::split_paths(&path) {
        if let Some(installed) = look(directory.join(program)).await {
            return Some(installed);
        }
    }
    None
}

async fn look(path: PathBuf) -> Option<Installed> {
    let file = tokio::fs::metadata(&path).await.ok()?;
    (file.is_file() && may_run(&file)).then(|| Installed {
        path,
        modified: file.modified().ok(),
        length: file.len(),
    })
}

#[cfg(unix)]
fn may_run(file: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &std::fs::Metadata) -> bool {
    true
}

/// The first line of what `--version` prints. It runs no model.
async fn version(path: &Path) -> Result<String, String> {
    let failed = |error: io::Error| format!("cannot be run: {}", error.kind());
    let environment = ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut child = Command::new(path)
        .arg("--version")
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let mut printed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LIMIT).read_to_end(&mut printed).await.map_err(failed)?;
    }
    // One that prints more than we read is ended in the middle of it, and has told its version all the same.
    let talks_on = u64::try_from(printed.len()).is_ok_and(|length| length >= LIMIT);
    if talks_on {
        child.start_kill().map_err(failed)?;
    }
    let status = child.wait().await.map_err(failed)?;
    let printed = String::from_utf8_lossy(&printed);
    match printed.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) if status.success() || talks_on => Ok(line.to_owned()),
        None if status.success() => Err("told no version".to_owned()),
        _ => Err(format!("failed with {status}")),
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Status;

    use super::*;

    /// A program that runs this script of the shell.
    fn program(dir: &Path, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = dir.join("claude");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    async fn run(path: &Path) -> Outcome {
        check(path.to_str().unwrap()).run().await
    }

    #[tokio::test]
    async fn what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let check = async |script: &str, expect: Outcome| {
            assert_eq!(run(&program(dir.path(), script)).await, expect, "{script}");
        };
        let version = |text: &str| Outcome::pass().observed(text, "version");
        check("echo '2.1.9 (Claude Code)'; echo more", version("2.1.9 (Claude Code)")).await;
        check("echo; echo 1.0", version("1.0")).await;
        check("echo \"$1\"", version("--version")).await;
        check("cat; echo 1.0", version("1.0")).await;
        check("true", Outcome::fail("told no version")).await;
        check("echo 1.0; exit 3", Outcome::fail("failed with exit status: 3")).await;
        check("yes", version("y")).await;
    }

    #[tokio::test]
    async fn it_sees_no_secret() {
        let dir = tempfile::tempdir().unwrap();
        // Cargo sets variables for its tests; none of them is on the list.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let outcome = run(&program(dir.path(), "env | grep -c CARGO_MANIFEST_DIR || true")).await;
        assert_eq!(outcome, Outcome::pass().observed("0", "version"));
    }

    #[tokio::test]
    async fn it_is_asked_again_only_when_it_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let count = dir.path().join("count");
        let path = program(dir.path(), &format!("echo x >> {}; echo 1.0", count.display()));
        let check = super::check(path.to_str().unwrap());
        let runs = || std::fs::read_to_string(&count).unwrap().lines().count();
        for _ in 0..3 {
            assert_eq!(check.run().await, Outcome::pass().observed("1.0", "version"));
        }
        assert_eq!(runs(), 1);
        program(dir.path(), &format!("echo x >> {}; echo 1.0.1", count.display()));
        assert_eq!(check.run().await, Outcome::pass().observed("1.0.1", "version"));
        assert_eq!(runs(), 2);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(check.run().await.status, Status::Fail);
    }

    #[tokio::test]
    async fn on_the_path() {
        assert!(find(Path::new("sh")).await.is_some());
        assert_eq!(find(Path::new("no-such-program-anywhere")).await, None);
        assert_eq!(find(Path::new("/")).await, None);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("notes"), "").unwrap();
        assert_eq!(find(&dir.path().join("notes")).await, None, "it cannot be run");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs() {
        let dir = tempfile::tempdir().unwrap();
        let begun = tokio::time::Instant::now();
        let outcome = run(&program(dir.path(), "exec sleep 3600")).await;
        assert_eq!((outcome.status, begun.elapsed()), (Status::Fail, TIMEOUT));
    }
}
