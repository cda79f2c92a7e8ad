//! The service container: the parts of the running program, and whether each has started.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{check::Status, scrub};

/// What a well container says; the words of the original.
pub const OPERATIONAL: &str = "Service container operational";

/// How many troubled parts are named.
const NAMED: usize = 8;

/// The longest text about all parts, in bytes.
const MAX_OUTPUT: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
enum PartState {
    Starting,
    Started,
    Failed(String),
    Stopped,
}

#[derive(Debug)]
struct Entry {
    /// Its number, which no other has.
    id: u64,
    name: String,
    essential: bool,
    state: PartState,
}

/// The parts of the program by name. It is the real check behind `service_container`: derived from its parts at
/// the moment it is asked, so a change shows at once. A container without any part says so (warn).
///
/// ```
/// use ccproxy_health::{Container, Status};
/// let container = Container::new();
/// let storage = container.essential("storage");
/// assert_eq!(container.report().status, Status::Warn);
/// storage.started();
/// assert_eq!(container.report().status, Status::Pass);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Container {
    parts: Arc<Mutex<Vec<Entry>>>,
    /// Counts changes, so that an answer made before one can be told from one made after.
    version: Arc<AtomicU64>,
}

/// The handle by which one part tells how it is.
#[derive(Debug, Clone)]
pub struct Part {
    container: Container,
    id: u64,
}

/// What a container says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerReport {
    /// Pass when every part has started, fail when one failed, warn otherwise.
    pub status: Status,
    /// Whether an essential part failed: then readiness fails, too.
    pub critical: bool,
    /// Names the parts that have not started, and why.
    pub output: String,
}

impl ContainerReport {
    pub(crate) fn well() -> Self {
        Self { status: Status::Pass, critical: false, output: OPERATIONAL.to_owned() }
    }
}

impl Container {
    /// A container without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a part that is starting; of a known name, the part there is. Should it fail, the service goes on.
    pub fn part(&self, name: &str) -> Part {
        self.add(name, false)
    }

    /// Adds a part without which the service is not ready.
    pub fn essential(&self, name: &str) -> Part {
        self.add(name, true)
    }

    /// Takes a part out. What its handle still says changes nothing, nor does it speak for another of the same name.
    pub fn remove(&self, name: &str) {
        self.lock().retain(|entry| entry.name != name);
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Every part in order: its name and `starting`, `started`, `failed` or `stopped`.
    pub fn parts(&self) -> Vec<(String, &'static str)> {
        let word = |state: &PartState| match state {
            PartState::Starting => "starting",
            PartState::Started => "started",
            PartState::Failed(_) => "failed",
            PartState::Stopped => "stopped",
        };
        self.lock().iter().map(|entry| (entry.name.clone(), word(&entry.state))).collect()
    }

    /// Whether a part without which the service is not ready has failed.
    pub(crate) fn essential_failed(&self) -> bool {
        self.lock().iter().any(|entry| entry.essential && matches!(entry.state, PartState::Failed(_)))
    }

    /// Another number than before, whenever a part has changed.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// The verdict of this moment.
    pub fn report(&self) -> ContainerReport {
        let parts = self.lock();
        let mut report = ContainerReport::well();
        if parts.is_empty() {
            report.status = Status::Warn;
            "Service container holds no parts".clone_into(&mut report.output);
            return report;
        }
        let mut troubled: Vec<&Entry> =
            parts.iter().filter(|entry| entry.state != PartState::Started).collect();
        if troubled.is_empty() {
            return report;
        }
        // Failures first; the sort is stable, so parts keep their order within.
        troubled.sort_by_key(|entry| !matches!(entry.state, PartState::Failed(_)));
        let failed = |entry: &Entry| matches!(entry.state, PartState::Failed(_));
        report.status = if troubled.iter().any(|entry| failed(entry)) { Status::Fail } else { Status::Warn };
        report.critical = troubled.iter().any(|entry| failed(entry) && entry.essential);
        let named: Vec<String> = troubled.iter().take(NAMED).map(|entry| entry.describe()).collect();
        let more = troubled.len().saturating_sub(NAMED);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        report.output = scrub::line(&format!("Service container: {}{more}", named.join("; ")), MAX_OUTPUT);
        report
    }

    fn add(&self, name: &str, essential: bool) -> Part {
        let mut parts = self.lock();
        let next = self.version.fetch_add(1, Ordering::SeqCst);
        let id = match parts.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => {
                entry.essential |= essential;
                entry.id
            }
            None => {
                parts.push(Entry { id: next, name: name.to_owned(), essential, state: PartState::Starting });
                next
            }
        };
        Part { container: self.clone(), id }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn describe(&self) -> String {
        match &self.state {
            PartState::Starting => format!("{} is starting", self.name),
            PartState::Started => format!("{} has started", self.name),
            PartState::Failed(reason) => format!("{} failed: {reason}", self.name),
            PartState::Stopped => format!("{} has stopped", self.name),
        }
    }
}

impl Part {
    /// It runs.
    pub fn started(&self) {
        self.set(PartState::Started);
    }

    /// It does not run, and why; the reason is scrubbed.
    pub fn failed(&self, reason: impl AsRef<str>) {
        self.set(PartState::Failed(scrub::clean(reason.as_ref())));
    }

    /// It was stopped on purpose.
    pub fn stopped(&self) {
        self.set(PartState::Stopped);
    }

    fn set(&self, state: PartState) {
        if let Some(entry) = self.container.lock().iter_mut().find(|entry| entry.id == self.id) {
            entry.state = state;
        }
        self.container.version.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
