//! The memory limit of the control groups that the process is in.

use std::io;
use std::path::{Path, PathBuf};

/// Version 1 says "no limit" with the largest multiple of a page.
const LIMITLESS: u64 = 1 << 62;

/// What counts against a limit, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) used: u64,
    pub(crate) limit: u64,
}

/// The names of one version.
struct Files {
    limit: &'static str,
    used: &'static str,
    /// The cache that the kernel drops before it kills, in `memory.stat`.
    cache: &'static str,
}

const V1: Files =
    Files { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cache: "total_inactive_file" };
const V2: Files = Files { limit: "memory.max", used: "memory.current", cache: "inactive_file" };

/// The group nearest to its limit, of the process's own and all above; none where nothing is limited.
///
/// `membership` is the text of `/proc/self/cgroup`, `mount` the place of the hierarchy.
///
/// # Errors
/// A file of a group is there and cannot be read.
pub(crate) fn tightest(membership: &str, mount: &Path) -> io::Result<Option<Usage>> {
    let Some((files, top, path)) = place(membership, mount) else { return Ok(None) };
    let mut tightest: Option<Usage> = None;
    // Inside a container the path may be that of the host, and only the top is there: it is the container's own.
    for group in path.ancestors() {
        let dir = top.join(group.strip_prefix("/").unwrap_or(group));
        let Some(usage) = usage(&dir, &files)? else { continue };
        tightest = Some(tightest.map_or(usage, |other| nearer(usage, other)));
    }
    Ok(tightest)
}

/// The hierarchy that has the memory: of version 1 if it is listed there, for it can be in one only.
fn place(membership: &str, mount: &Path) -> Option<(Files, PathBuf, PathBuf)> {
    let path_of = |is: &dyn Fn(&str, &str) -> bool| {
        membership.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            is(number, controllers).then(|| PathBuf::from(path))
        })
    };
    let v1 = path_of(&|_, controllers| controllers.split(',').any(|name| name == "memory"));
    let v2 = || path_of(&|number, controllers| number == "0" && controllers.is_empty());
    v1.map(|path| (V1, mount.join("memory"), path)).or_else(|| v2().map(|path| (V2, mount.to_owned(), path)))
}

/// What one group uses, if it has a limit.
fn usage(dir: &Path, files: &Files) -> io::Result<Option<Usage>> {
    let Some(limit) = read(&dir.join(files.limit))? else { return Ok(None) };
    // "max" is no number.
    let Ok(limit) = limit.trim().parse::<u64>() else { return Ok(None) };
    if limit >= LIMITLESS {
        return Ok(None);
    }
    let Some(used) = read(&dir.join(files.used))? else { return Ok(None) };
    let used: u64 = used.trim().parse().map_err(io::Error::other)?;
    let stat = read(&dir.join("memory.stat"))?.unwrap_or_default();
    let cache = stat.lines().find_map(|line| line.strip_prefix(files.cache)?.trim().parse().ok());
    Ok(Some(Usage { used: used.saturating_sub(cache.unwrap_or(0)), limit }))
}

/// The text of a file, if it is there.
fn read(file: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn nearer(a: Usage, b: Usage) -> Usage {
    let full = |usage: Usage, other: Usage| u128::from(usage.used) * u128::from(other.limit);
    if full(a, b) > full(b, a) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of groups with files of these names and contents.
    fn check(membership: &str, files: &[(&str, &str)], expect: Option<(u64, u64)>) {
        let mount = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = mount.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let got = tightest(membership, mount.path()).unwrap();
        assert_eq!(got.map(|usage| (usage.used, usage.limit)), expect, "{membership} {files:?}");
    }

    #[test]
    fn version_2_walks_up_and_leaves_out_the_cache() {
        let stat = "anon 1\nfile 50\nactive_file 7\ninactive_file 30\n";
        let one = [("a/memory.max", "100\n"), ("a/memory.current", "90\n"), ("a/memory.stat", stat)];
        check("0::/a\n", &one, Some((60, 100)));
        check("0::/a/b/c\n", &one, Some((60, 100)));
        check("0::/\n", &one, None);
        check("0::/a\n", &[("a/memory.max", "max\n"), ("a/memory.current", "90\n")], None);
        check("0::/a\n", &[], None);
        check("", &one, None);
        // The nearer limit counts, not the smaller one.
        let two = [
            ("a/memory.max", "1000"),
            ("a/memory.current", "900"),
            ("a/b/memory.max", "100"),
            ("a/b/memory.current", "50"),
        ];
        check("0::/a/b\n", &two, Some((900, 1000)));
        // A container that sees the path of its host.
        check("0::/docker/1\n", &[("memory.max", "100"), ("memory.current", "9")], Some((9, 100)));
    }

    #[test]
    fn version_1_counts_where_it_has_the_memory() {
        let membership = "4:cpu,memory:/a\n1:name=systemd:/z\n0::/b\n";
        let files = [
            ("memory/a/memory.limit_in_bytes", "100\n"),
            ("memory/a/memory.usage_in_bytes", "90\n"),
            ("memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 10\n"),
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/memory.usage_in_bytes", "9000\n"),
        ];
        check(membership, &files, Some((80, 100)));
        check("4:memory:/elsewhere\n", &files, None);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mount = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(mount.path().join("memory.max")).unwrap();
        assert!(tightest("0::/\n", mount.path()).is_err());
    }
}
