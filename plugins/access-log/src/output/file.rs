//! A file of lines that is turned when it is full.

use std::ffi::OsString;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use ccproxy_plugin_api::HookError;

pub(crate) struct File {
    path: PathBuf,
    /// 0 for without end.
    max_size: u64,
    max_files: u16,
    open: Option<Open>,
}

struct Open {
    file: fs::File,
    size: u64,
}

impl File {
    pub(crate) fn new(path: &Path, max_size: u64, max_files: u16) -> Self {
        Self { path: path.to_owned(), max_size, max_files, open: None }
    }

    /// Opens it, and makes it if it is not there.
    pub(crate) fn open(&mut self) -> io::Result<()> {
        self.ready().map(drop)
    }

    /// Writes as many whole lines as have room, at least one.
    pub(crate) fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let (max, size) = (self.max_size, self.ready()?.size);
        let room = if max == 0 { u64::MAX } else { max.saturating_sub(size) };
        let mut fits = fitting(lines, room);
        if fits == 0 {
            if size > 0 {
                self.turn()?;
            }
            fits = fitting(lines, max).max(first_line(lines));
        }
        let open = self.ready()?;
        let written = open.file.write(lines.get(..fits).unwrap_or(lines))?;
        open.size += written as u64;
        Ok(written)
    }

    /// Lets the file go if it is no longer where it was: the next line makes a new one.
    pub(crate) fn follow(&mut self) {
        let there = fs::metadata(&self.path);
        let here = self.open.as_ref().and_then(|open| open.file.metadata().ok());
        let stays = matches!((&there, &here), (Ok(there), Some(here)) if same(there, here));
        if !stays {
            self.open = None;
        }
    }

    pub(crate) fn refused(&self, error: &io::Error) -> HookError {
        HookError::again(format!(
            "{} cannot be written: {error}; see to the folder, its permissions and room, or change \
             plugins.access-log.path",
            self.path.display()
        ))
    }

    fn ready(&mut self) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => open(&self.path)?,
        };
        Ok(self.open.insert(open))
    }

    /// `PATH` becomes `PATH.1`, which becomes `PATH.2`; the last is overwritten.
    fn turn(&mut self) -> io::Result<()> {
        self.open = None;
        for n in (1..self.max_files).rev() {
            rename(&numbered(&self.path, n), &numbered(&self.path, n + 1))?;
        }
        if self.max_files == 0 {
            fs::remove_file(&self.path)
        } else {
            rename(&self.path, &numbered(&self.path, 1))
        }
    }
}

fn open(path: &Path) -> io::Result<Open> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let size = file.metadata()?.len();
    Ok(Open { file, size })
}

/// How many bytes of whole lines have room.
fn fitting(lines: &[u8], room: u64) -> usize {
    let room = usize::try_from(room).unwrap_or(usize::MAX).min(lines.len());
    lines.get(..room).and_then(|start| start.iter().rposition(|byte| *byte == b'\n')).map_or(0, |end| end + 1)
}

/// A line that is larger than any file may be still goes somewhere.
fn first_line(lines: &[u8]) -> usize {
    lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1)
}

fn numbered(path: &Path, number: u16) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn same(there: &Metadata, here: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (there.dev(), there.ino()) == (here.dev(), here.ino())
}

#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata) -> bool {
    true
}
