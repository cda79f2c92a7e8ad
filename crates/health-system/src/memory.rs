//! `memory`: what the kernel would kill for, against the limit of the control group.

use std::fs::read_to_string;
use std::io;
use std::path::Path;
use std::time::Duration;

use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, Status, check_fn};

use crate::Watched;
use crate::cgroup::{Usage, tightest};
use crate::measure::{bytes, percent, too_much};

const WARN: f64 = 85.0;
const FAIL: f64 = 95.0;
const GROUPS: &str = "/sys/fs/cgroup";

pub(crate) fn check() -> Result<Watched, SpecError> {
    let spec = Spec::new("memory")?
        .measurement("utilization")?
        .component_type(ComponentType::System)
        .interval(Duration::from_secs(10))
        .jitter(0.0)
        .fall(2)
        .rise(2);
    Ok((spec, check_fn(|| async { look().map_or_else(|error| untold(&error), judge) })))
}

/// What the process uses and what it may.
struct Memory {
    /// Resident, in bytes.
    resident: u64,
    group: Option<Usage>,
}

fn look() -> io::Result<Memory> {
    let resident = resident(&read_to_string("/proc/self/status")?)
        .ok_or_else(|| io::Error::other("no resident size in the status"))?;
    let group = tightest(&read_to_string("/proc/self/cgroup")?, Path::new(GROUPS))?;
    Ok(Memory { resident, group })
}

/// What the process holds of the machine's memory, in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    resident(&read_to_string("/proc/self/status").ok()?)
}

/// The line `VmRSS:     1234 kB`. Unlike `statm` it does not count in pages, whose size varies.
fn resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    value.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

fn judge(Memory { resident, group }: Memory) -> Outcome {
    let Some(Usage { used, limit }) = group else {
        let resident = i64::try_from(resident).unwrap_or(i64::MAX);
        return Outcome::pass().observed(resident, "bytes");
    };
    let share = percent(used, limit);
    let text = || {
        let (used, limit, resident) = (bytes(used), bytes(limit), bytes(resident));
        format!("{used} of {limit} are in use, {resident} of it by this process")
    };
    let outcome = match too_much(share, WARN, FAIL) {
        Status::Pass => Outcome::pass(),
        Status::Warn => Outcome::warn(text()),
        Status::Fail => Outcome::fail(text()),
    };
    outcome.observed(share, "percent")
}

fn untold(error: &io::Error) -> Outcome {
    Outcome::warn(format!("the use of memory cannot be told: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let check = |group: Option<(u64, u64)>, expect: Outcome| {
            let group = group.map(|(used, limit)| Usage { used: used << 20, limit: limit << 20 });
            assert_eq!(judge(Memory { resident: 5 << 20, group }), expect);
        };
        let text = |used| format!("{used} MiB of 100 MiB are in use, 5.0 MiB of it by this process");
        check(None, Outcome::pass().observed(5 << 20, "bytes"));
        check(Some((84, 100)), Outcome::pass().observed(84.0, "percent"));
        check(Some((85, 100)), Outcome::warn(text("85.0")).observed(85.0, "percent"));
        check(Some((95, 100)), Outcome::fail(text("95.0")).observed(95.0, "percent"));
        check(Some((120, 100)), Outcome::fail(text("120")).observed(120.0, "percent"));
    }

    #[test]
    fn the_resident_size_is_read() {
        let check = |status, expect| assert_eq!(resident(status), expect, "{status}");
        check("Name:\tx\nVmRSS:\t    1234 kB\nVmSwap:\t 0 kB\n", Some(1234 * 1024));
        check("Name:\tx\n", None);
        check("VmRSS:\tmany\n", None);
    }

    #[test]
    fn this_process_uses_memory() {
        let memory = look().unwrap();
        assert!((1 << 20..1 << 40).contains(&memory.resident), "{}", memory.resident);
        assert!(judge(memory).observed.is_some());
    }
}
