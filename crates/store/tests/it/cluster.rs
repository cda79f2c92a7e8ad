//! A PostgreSQL of our own for as long as this process runs: the programs in the folder that `CCPROXY_POSTGRES_BIN` names, or
//! in `/usr/lib/postgresql/*/bin`, or in the path. Where there is none, tests say that they were skipped for it.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ccproxy_store::{Kind, Options, Store};

use crate::support::kept;

/// It ends when the pipe to it does, which is when this process ends, however that comes.
const RUN: &str = r#"
"$BIN/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1 &&
cat >>data/postgresql.conf <<END &&
port = $PORT
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PWD'
fsync = off
full_page_writes = off
max_connections = 60
shared_buffers = 32MB
ssl = on
ssl_cert_file = '$PWD/server.crt'
ssl_key_file = '$PWD/server.key'
END
"$BIN/pg_ctl" -D data -l log -w start >pg_ctl.log 2>&1 </dev/null && echo ready
while read -r order; do
  case $order in
    stop) "$BIN/pg_ctl" -D data -m fast -w stop >pg_ctl.log 2>&1 </dev/null ;;
    start) "$BIN/pg_ctl" -D data -l log -w start >pg_ctl.log 2>&1 </dev/null ;;
    kill) "$BIN/pg_ctl" -D data -m immediate -w stop >pg_ctl.log 2>&1 </dev/null ;;
  esac
  echo "$order"
done
"$BIN/pg_ctl" -D data -m immediate -w stop >pg_ctl.log 2>&1 </dev/null
cd / && rm -rf "$DIR"
"#;

pub(crate) struct Cluster {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Held open.
    _stdin: Option<ChildStdin>,
}

/// The folder of its programs.
fn programs() -> Option<PathBuf> {
    let named = std::env::var_os("CCPROXY_POSTGRES_BIN").map(PathBuf::from);
    let mut installed: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    installed.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = named.into_iter().chain(installed.into_iter().rev()).chain(std::env::split_paths(&path));
    all.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// It refuses to run as root: then somebody else does.
fn other_user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
        Some((ids.next()?, ids.next()?))
    };
    user("postgres").or_else(|| user("nobody"))
}

/// The certificate of an authority, in `ca.crt`, and one that it has given to localhost.
fn certificates(dir: &Path) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = authority.self_signed(&authority_key).unwrap();
    fs::write(dir.join("ca.crt"), issuer.pem()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    fs::write(dir.join("server.crt"), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    fs::write(dir.join("server.key"), key.serialize_pem()).unwrap();
    fs::set_permissions(dir.join("server.key"), Permissions::from_mode(0o600)).unwrap();
}

impl Cluster {
    fn start() -> Option<(Self, Child)> {
        let bin = programs()?;
        let dir = tempfile::Builder::new().prefix("ccproxy-postgres-").tempdir().unwrap().keep();
        certificates(&dir);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = if let Some((user, group)) = other_user() {
            for file in [dir.clone(), dir.join("server.key")] {
                chown(file, Some(user), Some(group)).unwrap();
            }
            let mut command = Command::new("setpriv");
            command.args([
                format!("--reuid={user}"),
                format!("--regid={group}"),
                "--clear-groups".to_owned(),
                "sh".to_owned(),
            ]);
            command
        } else {
            Command::new("sh")
        };
        let mut child = command
            .args(["-c", RUN])
            .current_dir(&dir)
            .env("BIN", &bin)
            .env("DIR", &dir)
            .env("PORT", port.to_string())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "PostgreSQL does not start: see {}", dir.display());
        Some((Self { bin, dir, port, databases: AtomicU32::new(0), _stdin: None }, child))
    }

    /// The one that the tests of this process share.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
        let start = || {
            let (cluster, mut child) = Self::start()?;
            // Who reads no more must not keep the pipe.
            drop(child.stdout.take());
            Some(Self { _stdin: child.stdin.take(), ..cluster })
        };
        let shared = SHARED.get_or_init(start).as_ref();
        if shared.is_none() {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            eprintln!("skipped {test} with PostgreSQL: there is neither initdb nor postgres");
        }
        shared
    }

    /// The URL of a new database.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    /// The same database by its Unix socket.
    pub(crate) fn by_socket(&self, url: &str) -> String {
        let host = self.dir.display().to_string().replace('/', "%2F");
        url.replace("127.0.0.1", &host)
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// Runs a statement, and gives what it prints.
    pub(crate) fn psql(&self, database: &str, statement: &str) -> String {
        let done = Command::new(self.bin.join("psql"))
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h", "127.0.0.1", "-d", database])
            .args(["-p", &self.port.to_string(), "-c", statement])
            .output()
            .unwrap();
        assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
}

/// A PostgreSQL that only one test has, which may be stopped.
pub(crate) struct Own {
    pub(crate) cluster: Cluster,
    child: Child,
}

impl Own {
    pub(crate) fn start() -> Option<Self> {
        Cluster::shared()?;
        let (cluster, child) = Cluster::start()?;
        Some(Self { cluster, child })
    }

    /// `stop`, `kill` or `start`.
    pub(crate) fn order(&mut self, order: &str) {
        use std::io::Write;
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), order);
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The name of a database in its URL.
pub(crate) fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

pub(crate) fn options(url: &str) -> Options {
    Options { kind: url.parse::<Kind>().unwrap(), kept: kept() }
}

pub(crate) fn open(url: &str) -> Store {
    Store::open(&options(url)).unwrap()
}
