//! What is told when no file descriptor is free. In a process of its own, for it takes them all.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;

use ccproxy_health::Outcome;
use ccproxy_health_system::{Lags, Options, checks};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

#[tokio::test]
async fn the_verdict_is_given_when_none_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { disk: vec![dir.path().to_owned()] };
    let checks = checks(&options, &Lags::default()).unwrap();
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(taken.len() < 64);

    let mut told = Vec::new();
    for (spec, check) in &checks {
        told.push((spec.name().to_owned(), check.run().await));
    }
    drop(taken);
    let of = |name: &str| told.iter().find(|(told, _)| told == name).map(|(_, outcome)| outcome).unwrap();
    assert_eq!(
        *of("file_descriptors"),
        Outcome::fail("no file descriptor is free").observed(100.0, "percent")
    );
    // The clock and the disk are looked at without any; the memory says that it cannot be told.
    assert!(of("disk").observed.is_some(), "{told:?}");
    assert!(of("clock").observed.is_some(), "{told:?}");
    assert!(of("memory").output.as_ref().unwrap().contains("cannot be told"), "{told:?}");

    let (_, check) = checks.iter().find(|(spec, _)| spec.name() == "file_descriptors").unwrap();
    assert_eq!(check.run().await.output, None);
}
