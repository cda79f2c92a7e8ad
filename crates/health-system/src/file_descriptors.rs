//! `file_descriptors`: how many are open of those that may be.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, Status, check_fn};
use rustix::process::{Resource, getrlimit};

use crate::Watched;
use crate::measure::{percent, too_much};

const WARN: f64 = 80.0;
const FAIL: f64 = 95.0;
const OPEN: &str = "/proc/self/fd";
const ANY: &str = "/dev/null";
const NONE_FREE: &str = "no file descriptor is free";

pub(crate) fn check() -> Result<Watched, SpecError> {
    let spec = Spec::new("file_descriptors")?
        .measurement("utilization")?
        .component_type(ComponentType::System)
        .interval(Duration::from_secs(5))
        .jitter(0.0)
        .fall(1)
        .rise(2);
    Ok((spec, check_fn(|| async { look() })))
}

fn look() -> Outcome {
    let limit = getrlimit(Resource::Nofile).current;
    let open = open(Path::new(OPEN)).and_then(|open| {
        // Who lowers the limit may leave more open than it allows, and some free below it: only an attempt tells.
        if limit.is_some_and(|limit| open >= limit) { File::open(ANY).map(|_| open) } else { Ok(open) }
    });
    judge(open, limit)
}

/// How many are open. Linux from 6.2 on says so in the size of the directory, which takes no descriptor.
fn open(dir: &Path) -> io::Result<u64> {
    match dir.metadata()?.len() {
        0 => listed(dir),
        size => Ok(size),
    }
}

fn listed(dir: &Path) -> io::Result<u64> {
    // The listing has a descriptor of its own.
    Ok((dir.read_dir()?.count() as u64).saturating_sub(1))
}

fn judge(open: io::Result<u64>, limit: Option<u64>) -> Outcome {
    let open = match open {
        Ok(open) => open,
        Err(error) if none_is_free(&error) => return Outcome::fail(NONE_FREE).observed(100.0, "percent"),
        Err(error) => return Outcome::warn(format!("open file descriptors cannot be counted: {error}")),
    };
    let Some(limit) = limit else { return Outcome::pass().observed(0.0, "percent") };
    let used = percent(open, limit);
    let outcome = match too_much(used, WARN, FAIL) {
        Status::Pass => Outcome::pass(),
        Status::Warn => Outcome::warn(format!("{open} of {limit} file descriptors are open")),
        Status::Fail => Outcome::fail(format!("{open} of {limit} file descriptors are open")),
    };
    outcome.observed(used, "percent")
}

/// Of the process, or of the whole system.
fn none_is_free(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
        .iter()
        .any(|full| number == Some(full.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let check = |open, limit, expect: Outcome| assert_eq!(judge(open, limit), expect);
        let of = |text: &str| format!("{text} file descriptors are open");
        check(Ok(79), Some(100), Outcome::pass().observed(79.0, "percent"));
        check(Ok(80), Some(100), Outcome::warn(of("80 of 100")).observed(80.0, "percent"));
        check(Ok(95), Some(100), Outcome::fail(of("95 of 100")).observed(95.0, "percent"));
        // A limit that was lowered below what is open.
        check(Ok(300), Some(100), Outcome::fail(of("300 of 100")).observed(300.0, "percent"));
        check(Ok(0), Some(0), Outcome::pass().observed(0.0, "percent"));
        check(Ok(1 << 20), None, Outcome::pass().observed(0.0, "percent"));
        let full = |errno: rustix::io::Errno| Err(errno.into());
        check(full(rustix::io::Errno::MFILE), Some(9), Outcome::fail(NONE_FREE).observed(100.0, "percent"));
        check(full(rustix::io::Errno::NFILE), Some(9), Outcome::fail(NONE_FREE).observed(100.0, "percent"));
        let denied = judge(full(rustix::io::Errno::ACCESS), Some(9));
        assert_eq!(denied.status, Status::Warn, "{denied:?}");
    }

    #[test]
    fn both_ways_of_counting_see_a_file_that_is_opened() {
        let here = Path::new(OPEN);
        let count = |way: fn(&Path) -> io::Result<u64>| way(here).unwrap();
        for way in [open, listed] {
            let before = count(way);
            let files: Vec<File> = (0..50).map(|_| File::open(ANY).unwrap()).collect();
            // Other tests of this process open and close a few meanwhile.
            let more = count(way).saturating_sub(before);
            assert!((30..70).contains(&more), "{more}");
            drop(files);
        }
    }
}
