//! The folder of an exchange.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ccproxy_record::Record;
use serde::Deserialize;

use crate::message::Message;
use crate::redact::REDACTED;
use crate::trace::Noted;

/// What a folder is called until it is whole.
pub(crate) const PARTIAL: &str = ".partial";
/// Longer ids are cut in a folder's name.
const MAX_ID: usize = 64;
/// The body of the client's request alone, for `ccproxy replay`.
const BODY: &str = "client-request.body";
const REQUEST: &str = "client-request.json";

/// Makes the folder of an exchange, whole or not at all; its name.
pub(crate) fn write(dir: &Path, noted: &mut Noted, record: Option<&Record>) -> io::Result<String> {
    let name = free_name(dir, noted);
    let partial = dir.join(format!("{name}{PARTIAL}"));
    let written = fill(&partial, noted, record).and_then(|()| fs::rename(&partial, dir.join(&name)));
    if written.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    written.map(|()| name)
}

/// When it began, and its id, which need not be the only one of its kind.
fn free_name(dir: &Path, noted: &Noted) -> String {
    let id: String = noted.id.chars().take(MAX_ID).map(|c| if is_plain(c) { c } else { '_' }).collect();
    let name = format!("{}-{id}", noted.began.strftime("%Y%m%dT%H%M%S.%3fZ"));
    let others = (2..).map(|n: u32| format!("{name}-{n}"));
    let mut names = std::iter::once(name.clone()).chain(others);
    names.find(|name| !dir.join(name).exists()).unwrap_or(name)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn fill(folder: &Path, noted: &mut Noted, record: Option<&Record>) -> io::Result<()> {
    make_dir(folder)?;
    if let Some(record) = record {
        file(&folder.join("exchange.json"), &serde_json::to_vec_pretty(record)?)?;
    }
    for message in &mut noted.messages {
        message.redact();
        file(&folder.join(format!("{}.http", message.name)), &message.raw())?;
        file(&folder.join(format!("{}.json", message.name)), &message.json())?;
        if message.name == "client-request" {
            file(&folder.join(BODY), &message.body.bytes)?;
        }
    }
    Ok(())
}

/// Makes a folder that only its owner enters, and those above it.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

fn file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(content)
}

/// What a client asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// The headers, secrets among them as [`REDACTED`].
    pub headers: Vec<(String, String)>,
    /// The file that has the body.
    pub body: PathBuf,
}

/// A folder that cannot be read, or holds no whole request.
#[derive(Debug)]
pub enum Unreadable {
    /// It is none, or lacks a file.
    Io(PathBuf, io::Error),
    /// It is of another program.
    Strange(PathBuf),
    /// The body is longer than what is kept.
    Cut {
        /// Bytes that the client sent.
        bytes: u64,
        /// Bytes that are kept.
        kept: u64,
    },
    /// A secret was taken out of the body.
    Redacted,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(path, error) if error.kind() == ErrorKind::NotFound => {
                write!(f, "{} is not there; name a folder that the plugin request-tracer made", path.display())
            }
            Self::Io(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Strange(path) => write!(f, "{} was not made by the plugin request-tracer", path.display()),
            Self::Cut { bytes, kept } => write!(
                f,
                "only {kept} of the {bytes} bytes of the request's body are kept; set plugins.request-tracer.max_body higher \
                 for those to come"
            ),
            Self::Redacted => f.write_str(
                "a secret was taken out of the request's body; put it back into client-request.body before you send it again",
            ),
        }
    }
}

impl std::error::Error for Unreadable {}

/// Reads what the client asked in the exchange of this folder.
///
/// # Errors
/// [`Unreadable`] says what is the matter with it.
pub fn read_request(folder: &Path) -> Result<Request, Unreadable> {
    #[derive(Deserialize)]
    struct Read {
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        bytes: u64,
        kept: u64,
    }
    let (path, body) = (folder.join(REQUEST), folder.join(BODY));
    let text = fs::read(&path).map_err(|error| Unreadable::Io(path.clone(), error))?;
    let read: Read = serde_json::from_slice(&text).map_err(|_| Unreadable::Strange(path))?;
    let content = fs::read(&body).map_err(|error| Unreadable::Io(body.clone(), error))?;
    if String::from_utf8_lossy(&content).contains(REDACTED) {
        return Err(Unreadable::Redacted);
    }
    if read.kept < read.bytes && (content.len() as u64) < read.bytes {
        return Err(Unreadable::Cut { bytes: read.bytes, kept: read.kept });
    }
    Ok(Request { method: read.method, target: read.target, headers: read.headers, body })
}

/// The size of all files of a folder.
pub(crate) fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

impl Noted {
    /// Whether there is anything to read: a request that was refused before it was read has no messages.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        self.messages.iter().any(|message: &Message| message.name == "client-request")
    }
}
