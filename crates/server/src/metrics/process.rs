//! What every process tells of itself, by the names that all client libraries use.

use std::fs::{metadata, read_dir, read_to_string};

use rustix::process::{Resource, getrlimit};

/// What the system knows of this process.
pub(super) struct Process {
    /// User and system time, in seconds.
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: u64,
    pub(super) virtual_bytes: u64,
    pub(super) threads: u64,
    pub(super) open_fds: Option<u64>,
    pub(super) max_fds: Option<u64>,
}

impl Process {
    /// Reads it; `None` where there is no `/proc`.
    pub(super) fn read() -> Option<Self> {
        let stat = read_to_string("/proc/self/stat").ok()?;
        // The name in parentheses may have anything in it.
        let fields: Vec<u64> =
            stat.rsplit_once(')')?.1.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        let field = |number: usize| fields.get(number.checked_sub(3)?).copied();
        let ticks = rustix::param::clock_ticks_per_second();
        #[expect(clippy::cast_precision_loss, reason = "a time")]
        let cpu_seconds = (field(14)? + field(15)?) as f64 / ticks as f64;
        Some(Self {
            cpu_seconds,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * rustix::param::page_size() as u64,
            open_fds: open_fds(),
            max_fds: getrlimit(Resource::Nofile).current,
        })
    }
}

/// Linux from 6.2 on says so in the size of the directory, which takes no descriptor.
fn open_fds() -> Option<u64> {
    const OPEN: &str = "/proc/self/fd";
    match metadata(OPEN).ok()?.len() {
        0 => read_dir(OPEN).ok().map(|listed| (listed.count() as u64).saturating_sub(1)),
        size => Some(size),
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_something() {
        let process = Process::read().unwrap();
        assert!(process.resident_bytes > 1 << 20 && process.virtual_bytes >= process.resident_bytes);
        assert!(process.threads >= 1 && process.open_fds > Some(0) && process.max_fds >= process.open_fds);
    }
}
