use std::path::Path;

use ccproxy_config::Sources;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// A certificate and its key, in PEM; good until the end of a year.
fn pair(until: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["a.test".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 12, 31);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn write(dir: &TempDir, cert: &str, key: &str) {
    std::fs::write(dir.path().join("cert.pem"), cert).unwrap();
    std::fs::write(dir.path().join("key.pem"), key).unwrap();
}

fn tls(dir: &Path) -> Arc<Tls> {
    let file = format!("[server.tls]\ncert = '{0}/cert.pem'\nkey = '{0}/key.pem'\n", dir.display());
    Tls::new(&Settings::load(&Sources::from_text("c.toml", file)).unwrap()).unwrap()
}

impl Tls {
    fn print(&self) -> Hash {
        self.current.load().as_ref().unwrap().print
    }

    fn problem(&self) -> Option<String> {
        self.certificate().unwrap().problem
    }
}

#[test]
fn a_mistake_has_its_place_and_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = pair(4000);
    let check = |cert: &str, key: &str, place: &str, expect: &str| {
        write(&dir, cert, key);
        let mistake = tls(dir.path()).load().unwrap_err().to_string();
        assert!(mistake.starts_with(place) && mistake.contains(expect), "{mistake}");
        assert!(!mistake.contains("BEGIN"), "{mistake}");
    };
    check("", &key, "c.toml:2:8: server.tls.cert: ", "cert.pem: holds no certificate");
    check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "c.toml:2:8: ", "cert.pem");
    check(&cert, &cert, "c.toml:3:7: server.tls.key: ", "key.pem: holds no private key");
    check(&cert, &pair(4000).1, "c.toml:3:7: ", "key.pem: does not belong to the certificate");
    std::fs::remove_file(dir.path().join("key.pem")).unwrap();
    let mistake = tls(dir.path()).load().unwrap_err().to_string();
    assert!(mistake.contains("key.pem: cannot be read"), "{mistake}");
}

#[test]
fn a_new_pair_is_taken_and_a_broken_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (pair(4000), pair(4001));
    write(&dir, &first.0, &first.1);
    let tls = tls(dir.path());
    tls.load().unwrap();
    let old = tls.print();
    assert_eq!(tls.look(None), None);

    // Half of the new pair is there: that may be because the other half is about to come.
    write(&dir, &second.0, &first.1);
    let doubted = tls.look(None);
    assert!(doubted.is_some() && tls.problem().is_none());
    assert_eq!(tls.look(doubted), doubted);
    let problem = tls.problem().unwrap();
    assert!(problem.contains("server.tls.key") && problem.contains("does not belong"), "{problem}");
    assert_eq!(tls.print(), old);

    write(&dir, &second.0, &second.1);
    assert_eq!(tls.look(doubted), None);
    assert_eq!(tls.problem(), None);
    let new = tls.print();
    assert_ne!(new, old);

    let expired = pair(2021);
    write(&dir, &expired.0, &expired.1);
    let doubted = tls.look(None);
    assert_eq!(tls.look(doubted), doubted);
    assert!(tls.problem().unwrap().contains("has expired"), "{:?}", tls.problem());
    assert_eq!(tls.print(), new);

    // Back to what is in use.
    write(&dir, &second.0, &second.1);
    assert_eq!(tls.look(doubted), None);
    assert_eq!((tls.problem(), tls.print()), (None, new));
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn the_files_are_looked_at_behind_links() {
    // As Kubernetes has it: the files are links through a directory that is swapped.
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str, (cert, key): (String, String)| {
        let version = dir.path().join(name);
        std::fs::create_dir(&version).unwrap();
        std::fs::write(version.join("cert.pem"), cert).unwrap();
        std::fs::write(version.join("key.pem"), key).unwrap();
    };
    place("v1", pair(4000));
    place("v2", pair(4001));
    let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, dir.path().join(from)).unwrap();
    link("v1", "..data");
    link("..data/cert.pem", "cert.pem");
    link("..data/key.pem", "key.pem");
    let tls = tls(dir.path());
    tls.load().unwrap();
    let old = tls.print();
    let stop = CancellationToken::new();
    let tasks = tokio_util::task::TaskTracker::new();
    tasks.spawn(Arc::clone(&tls).follow(stop.clone()));
    tasks.close();
    sleep(3 * LOOK).await;
    assert_eq!(tls.print(), old);
    link("v2", "..data_tmp");
    std::fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).unwrap();
    sleep(2 * LOOK).await;
    assert_ne!(tls.print(), old);
    stop.cancel();
    tasks.wait().await;
}
