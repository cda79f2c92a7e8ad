//! `disk`: room and inodes of the directories that are written to.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, Status, check_fn};
use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

use crate::measure::{bytes, percent};
use crate::{Aside, Watched};

const WARN: f64 = 10.0;
const FAIL: f64 = 2.0;
/// Less is too little, whatever share it is.
const LEAST: u64 = 16 << 20;

/// A check for each directory.
pub(crate) fn checks(dirs: &[PathBuf]) -> Result<Vec<Watched>, SpecError> {
    let ids = ids(dirs);
    dirs.iter().zip(ids).map(|(dir, id)| check(dir, &id)).collect()
}

fn check(dir: &Path, id: &str) -> Result<Watched, SpecError> {
    let spec = Spec::new("disk")?
        .measurement("free")?
        .component_id(id)
        .component_type(ComponentType::System)
        .interval(Duration::from_secs(30))
        // The file system may be shared; the first look is soon all the same.
        .jitter(0.02)
        .fall(1)
        .rise(2);
    let (dir, aside): (Arc<Path>, _) = (dir.into(), Aside::default());
    let check = check_fn(move || {
        let (dir, aside) = (Arc::clone(&dir), aside.clone());
        async move {
            match aside.run(move || room(&dir)).await {
                Ok(Ok(room)) => room.judge(),
                Ok(Err(error)) => unfit(&error),
                Err(hangs) => Outcome::fail(format!("the file system does not answer: {hangs}")),
            }
        }
    });
    Ok((spec, check))
}

/// What the directories are called where nobody is to learn their paths: their last part, or their number in the list
/// where that is not theirs alone.
fn ids(dirs: &[PathBuf]) -> Vec<String> {
    let name = |dir: &Path| dir.file_name().map(|name| name.to_string_lossy().into_owned());
    let names: Vec<_> = dirs.iter().map(|dir| name(dir)).collect();
    let alone = |name: &Option<String>| names.iter().filter(|other| *other == name).count() == 1;
    let named = names.iter().enumerate().map(|(i, name)| match name {
        Some(text) if alone(name) => text.clone(),
        _ => format!("disk-{}", i + 1),
    });
    named.collect()
}

/// What a file system has left for those who are not root.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Bytes that are free, and how many there are.
    free: u64,
    size: u64,
    /// The same for inodes; none of none where they are made as needed.
    inodes_free: u64,
    inodes: u64,
    read_only: bool,
}

fn room(dir: &Path) -> io::Result<Room> {
    if !dir.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(statvfs(dir)?.into())
}

impl From<StatVfs> for Room {
    fn from(stat: StatVfs) -> Self {
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        // As df counts: what is kept for root is not there.
        let kept = stat.f_bfree.saturating_sub(stat.f_bavail);
        let inodes_kept = stat.f_ffree.saturating_sub(stat.f_favail);
        Self {
            free: bytes(stat.f_bavail),
            size: bytes(stat.f_blocks.saturating_sub(kept)),
            inodes_free: stat.f_favail,
            inodes: stat.f_files.saturating_sub(inodes_kept),
            read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
        }
    }
}

impl Room {
    fn judge(self) -> Outcome {
        let free = percent(self.free, self.size);
        let outcome = if self.read_only {
            Outcome::fail("the file system is read-only")
        } else {
            let space = too_little(free).max(if self.free < LEAST { Status::Fail } else { Status::Pass });
            match (space, self.inodes_status()) {
                (Status::Pass, Status::Pass) => Outcome::pass(),
                (space, inodes) if space >= inodes => told(space, &format!("{} are free", bytes(self.free))),
                (_, inodes) => told(inodes, &format!("{} inodes are free", self.inodes_free)),
            }
        };
        outcome.observed(free, "percent")
    }

    fn inodes_status(self) -> Status {
        if self.inodes == 0 { Status::Pass } else { too_little(percent(self.inodes_free, self.inodes)) }
    }
}

fn too_little(free: f64) -> Status {
    if free < FAIL {
        Status::Fail
    } else if free < WARN {
        Status::Warn
    } else {
        Status::Pass
    }
}

fn told(status: Status, rest: &str) -> Outcome {
    Outcome { status, ..Outcome::pass() }.output(format!("only {rest}"))
}

fn unfit(error: &io::Error) -> Outcome {
    Outcome::fail(match error.kind() {
        io::ErrorKind::NotFound => "the directory is missing".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a directory".to_owned(),
        _ => format!("the directory cannot be looked at: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Room =
        Room { free: 50 << 30, size: 100 << 30, inodes_free: 50, inodes: 100, read_only: false };

    fn verdict(room: Room, status: Status, output: Option<&str>, free: f64) {
        let expect = Outcome { status, output: output.map(str::to_owned), observed: None };
        assert_eq!(room.judge(), expect.observed(free, "percent"), "{room:?}");
    }

    #[test]
    fn room_is_judged_by_share_and_by_size() {
        let check = |free: u64, size: u64, status, output, percent| {
            verdict(Room { free: free << 20, size: size << 20, ..WELL }, status, output, percent);
        };
        check(100, 1000, Status::Pass, None, 10.0);
        check(99, 1000, Status::Warn, Some("only 99.0 MiB are free"), 9.9);
        check(20, 1000, Status::Warn, Some("only 20.0 MiB are free"), 2.0);
        check(19, 1000, Status::Fail, Some("only 19.0 MiB are free"), 1.9);
        check(16, 20, Status::Pass, None, 80.0);
        check(15, 20, Status::Fail, Some("only 15.0 MiB are free"), 75.0);
        check(0, 1000, Status::Fail, Some("only 0 B are free"), 0.0);
        // A file system that holds no data.
        check(0, 0, Status::Fail, Some("only 0 B are free"), 0.0);
    }

    #[test]
    fn inodes_are_judged_by_share() {
        let check = |inodes_free, inodes, status, output| {
            verdict(Room { inodes_free, inodes, ..WELL }, status, output, 50.0);
        };
        check(0, 0, Status::Pass, None);
        check(10, 100, Status::Pass, None);
        check(9, 100, Status::Warn, Some("only 9 inodes are free"));
        check(1, 100, Status::Fail, Some("only 1 inodes are free"));
    }

    #[test]
    fn what_cannot_be_written_to_fails() {
        verdict(Room { read_only: true, ..WELL }, Status::Fail, Some("the file system is read-only"), 50.0);
    }

    #[test]
    fn ids_tell_the_directories_apart_and_no_path() {
        let check = |dirs: &[&str], expect: &[&str]| {
            let dirs: Vec<PathBuf> = dirs.iter().map(PathBuf::from).collect();
            assert_eq!(ids(&dirs), expect);
        };
        check(&[], &[]);
        check(&["/var/lib/a", "/tmp", "/"], &["a", "tmp", "disk-3"]);
        check(&["/x/data", "/y/data", "logs"], &["disk-1", "disk-2", "logs"]);
    }

    #[tokio::test]
    async fn directories_of_this_machine() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let run = async |path: &Path| check(path, "x").unwrap().1.run().await;
        let outcome = run(dir.path()).await;
        assert!(outcome.observed.is_some(), "{outcome:?}");
        assert_eq!(run(&dir.path().join("none")).await, Outcome::fail("the directory is missing"));
        assert_eq!(run(&file).await, Outcome::fail("it is not a directory"));
        #[cfg(target_os = "linux")]
        assert_eq!(run(Path::new("/proc")).await.output.unwrap(), "only 0 B are free");
    }
}
