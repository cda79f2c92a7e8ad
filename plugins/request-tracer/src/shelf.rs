//! The folders that are there, of which the oldest go.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::folder::{self, PARTIAL};

/// What was begun by a process that did not end it.
const STALE: Duration = Duration::from_hours(1);

pub(crate) struct Shelf {
    dir: PathBuf,
    max_size: u64,
    max_age: Duration,
    /// Names and sizes, the oldest first.
    folders: VecDeque<(String, u64)>,
    size: u64,
}

impl Shelf {
    pub(crate) fn new(dir: PathBuf, max_size: u64, max_age: Duration) -> Self {
        Self { dir, max_size, max_age, folders: VecDeque::new(), size: 0 }
    }

    /// Looks at what is there: others write here, too, and people take away.
    pub(crate) fn look(&mut self, now: Timestamp) -> io::Result<()> {
        folder::make_dir(&self.dir)?;
        let mut names: Vec<String> = fs::read_dir(&self.dir)?
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            // Nothing but what was made here is touched.
            .filter(|name| began(name).is_some())
            .collect();
        names.sort_unstable();
        let (partial, whole): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name.ends_with(PARTIAL));
        for name in partial.iter().filter(|name| is_older(name, now, STALE)) {
            remove(&self.dir.join(name))?;
        }
        self.folders =
            whole.into_iter().map(|name| (name.clone(), folder::size(&self.dir.join(name)))).collect();
        self.size = self.folders.iter().map(|(_, size)| size).sum();
        self.prune(now)
    }

    /// A folder was made.
    pub(crate) fn add(&mut self, name: String) {
        let size = folder::size(&self.dir.join(&name));
        self.size += size;
        self.folders.push_back((name, size));
    }

    /// Takes away what is too much or too old.
    pub(crate) fn prune(&mut self, now: Timestamp) -> io::Result<()> {
        while let Some((name, size)) = self.folders.front() {
            if self.size <= self.max_size && !is_older(name, now, self.max_age) {
                return Ok(());
            }
            remove(&self.dir.join(name))?;
            self.size -= size;
            self.folders.pop_front();
        }
        Ok(())
    }
}

fn remove(folder: &std::path::Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn is_older(name: &str, now: Timestamp, age: Duration) -> bool {
    began(name).is_some_and(|began| now.duration_since(began).unsigned_abs() > age && began < now)
}

/// When the exchange of a folder began.
fn began(name: &str) -> Option<Timestamp> {
    let (time, _) = name.split_once("Z-")?;
    TimeZone::UTC.to_timestamp(DateTime::strptime("%Y%m%dT%H%M%S.%f", time).ok()?).ok()
}
