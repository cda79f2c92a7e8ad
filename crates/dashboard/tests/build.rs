//! The committed build is that of the committed sources; nothing of it has been changed since, by hand or in transit.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ccproxy_dashboard::{Asset, CONTENT_SECURITY_POLICY, asset};
use sha2::{Digest, Sha256};

const MANIFEST: &str = "crates/dashboard/dist/manifest.sha256";
/// What the build reads and what it writes, as `dashboard/build/embed.mjs` has it; the manifest and the list of files
/// that it makes apart.
const BUILT_FROM: &[&str] = &[
    "dashboard/build",
    "dashboard/src",
    "dashboard/index.html",
    "dashboard/package.json",
    "dashboard/package-lock.json",
    "dashboard/tsconfig.json",
    "dashboard/vite.config.mjs",
    "crates/dashboard/dist",
];
const WRITTEN_LAST: &[&str] = &[MANIFEST, "crates/dashboard/dist/files.rs"];
/// As much as the whole page may take on the wire, in bytes.
const MOST: usize = 150_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn walk(path: &str, found: &mut BTreeSet<String>) {
    let full = root().join(path);
    if !full.is_dir() {
        found.insert(path.to_owned());
        return;
    }
    for entry in fs::read_dir(full).unwrap() {
        walk(&format!("{path}/{}", entry.unwrap().file_name().to_str().unwrap()), found);
    }
}

fn manifest() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(MANIFEST)).unwrap();
    let lines = text.lines().map(|line| line.split_once("  ").unwrap());
    lines.map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_build_is_of_these_sources() {
    let mut there = BTreeSet::new();
    BUILT_FROM.iter().for_each(|path| walk(path, &mut there));
    there.retain(|path| !WRITTEN_LAST.contains(&path.as_str()));
    let told: BTreeSet<String> = manifest().into_iter().map(|(path, _)| path).collect();
    assert_eq!(there, told, "files have come or gone: cd dashboard && npm ci && npm run build");
    for (path, hash) in manifest() {
        let bytes = fs::read(root().join(&path)).unwrap();
        assert_eq!(sha256(&bytes), hash, "{path} has changed: cd dashboard && npm ci && npm run build");
    }
}

/// The paths of our own that the page names.
fn named(page: &str) -> Vec<&str> {
    page.split('"').filter_map(|part| part.strip_prefix("/dashboard/")).collect()
}

#[test]
fn the_page_names_files_that_are_there() {
    let page = asset("").unwrap();
    let check = |path: &str| assert_eq!(asset(path), Some(page), "{path:?}");
    check("/");
    check("index.html");
    check("/index.html");
    let text = std::str::from_utf8(page.bytes).unwrap();
    let files = named(text);
    assert_eq!(files.len(), 3, "{files:?}");
    let all: Vec<Asset> = files.iter().map(|path| asset(path).unwrap()).collect();
    assert!(all.iter().all(|asset| asset.immutable && asset.cache_control().contains("immutable")));
    assert_eq!((page.immutable, page.cache_control()), (false, "no-cache"));
    let size: usize = all.iter().chain([&page]).map(|asset| asset.bytes.len()).sum();
    assert!(size <= MOST, "{size} bytes");
    for outside in ["app.js", "files.rs", "manifest.sha256", "../src/lib.rs", "index.html/"] {
        assert_eq!(asset(outside), None, "{outside}");
    }
}

#[test]
fn what_is_said_of_a_file_is_true() {
    let page = asset("").unwrap();
    for path in named(std::str::from_utf8(page.bytes).unwrap()) {
        let asset = asset(path).unwrap();
        let gzip = asset.bytes.starts_with(&[0x1f, 0x8b]);
        assert_eq!(asset.content_encoding, gzip.then_some("gzip"), "{path}");
        let media = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        assert_eq!(asset.content_type, media, "{path}");
        assert!(asset.etag.len() == 18 && asset.etag.starts_with('"') && asset.etag.ends_with('"'), "{path}");
    }
}

#[test]
fn the_policy_allows_nothing_inline_and_nothing_foreign() {
    let page = std::str::from_utf8(asset("").unwrap().bytes).unwrap();
    assert!(!page.contains("<style") && !page.contains("style=") && !page.contains("<script>"), "{page}");
    assert!(!page.contains("http:") && !page.contains("https:"), "{page}");
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(CONTENT_SECURITY_POLICY.contains(part), "{part}");
    }
    assert!(!CONTENT_SECURITY_POLICY.contains("unsafe") && !CONTENT_SECURITY_POLICY.contains("http"));
}
