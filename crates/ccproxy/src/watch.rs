//! `config`: whether the file that is in force is still one that a restart would accept.
//!
//! Whatever has become of the file, the running configuration goes on: nothing here is ever a failure.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blake3::Hash;
use ccproxy_config::{Flag, Mistakes, Place};
use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, check_fn};
use ccproxy_health_system::{Aside, Watched};
use ccproxy_server::BuildOptions;
use tokio::time::timeout;

use crate::context::Context;
use crate::failure::Failure;
use crate::load::{Loaded, build, load_as_far};

const NAME: &str = "config";
/// A file system that does not answer is told here, before the engine calls it a failure.
const PATIENCE: Duration = Duration::from_secs(4);

/// The check of the file that was just loaded, under the same flags; none where there is no file.
///
/// # Errors
/// None: the name is a valid one.
pub(crate) fn config(
    loaded: &Loaded,
    flags: Vec<Flag>,
    insecure_no_auth: bool,
    context: &Context,
) -> Result<Option<Watched>, SpecError> {
    let Some(file) = &loaded.file else { return Ok(None) };
    let file = context.cwd.join(file);
    let context = Context { env: context.env.clone(), cwd: context.cwd.clone() };
    let start = hash(&file).ok();
    let watch = Watch { file, start, flags, insecure_no_auth, context, last: Mutex::new(None) };
    let (watch, aside) = (Arc::new(watch), Aside::default());
    let check = check_fn(move || {
        let (watch, aside) = (Arc::clone(&watch), aside.clone());
        async move {
            match timeout(PATIENCE, aside.run(move || watch.look())).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(not_done)) => unread(&not_done),
                Err(_) => unread(&"the file system does not answer"),
            }
        }
    });
    Ok(Some((spec()?, check)))
}

fn spec() -> Result<Spec, SpecError> {
    let spec = Spec::new(NAME)?.component_type(ComponentType::Datastore);
    Ok(spec.interval(Duration::from_secs(30)).timeout(2 * PATIENCE).jitter(0.02).fall(1).rise(1))
}

struct Watch {
    file: PathBuf,
    /// What was in it when the program started.
    start: Option<Hash>,
    flags: Vec<Flag>,
    insecure_no_auth: bool,
    context: Context,
    /// What was in it at the last look, and what that means.
    last: Mutex<Option<(Hash, Outcome)>>,
}

impl Watch {
    /// Reads the file; builds from it what a restart would build, without starting it, when it is not what it was.
    fn look(&self) -> Outcome {
        let now = match hash(&self.file) {
            Ok(now) => now,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Outcome::warn("the file is not there any more; what runs goes on with what it read");
            }
            Err(error) => return unread(&error),
        };
        if self.start == Some(now) {
            return Outcome::pass();
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((seen, outcome)) if *seen == now => outcome.clone(),
            _ => last.insert((now, self.judge())).1.clone(),
        }
    }

    fn judge(&self) -> Outcome {
        match self.attempt() {
            Ok(()) => Outcome::warn("changed since the start; restart to apply it"),
            Err(Failure::Config(mistakes)) => Outcome::warn(listed(&mistakes)),
            Err(failure) => unread(&failure),
        }
    }

    fn attempt(&self) -> Result<(), Failure> {
        let (loaded, mistakes) = load_as_far(Some(&self.file), self.flags.clone(), &self.context)?;
        // The application knows by name what may be critical.
        let own = spec().map(|spec| (spec, check_fn(|| async { Outcome::pass() })));
        let options = BuildOptions {
            insecure_no_auth: self.insecure_no_auth,
            checks: own.into_iter().collect(),
            ..BuildOptions::default()
        };
        build(&loaded.settings, mistakes, options).map(drop)
    }
}

fn hash(file: &Path) -> io::Result<Hash> {
    std::fs::read(file).map(|text| blake3::hash(&text))
}

fn listed(mistakes: &Mistakes) -> String {
    let count = match mistakes.len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes, the first"),
    };
    let first = mistakes.iter().next().map(|mistake| {
        // The path is for nobody who may only look at the health.
        let place = match &mistake.place {
            Place::File { line, column, .. } => format!("line {line}, column {column}"),
            place => place.to_string(),
        };
        let key = if mistake.key.is_empty() { String::new() } else { format!("{}: ", mistake.key) };
        format!(": {place}: {key}{}", mistake.message)
    });
    format!("not valid any more, a restart would fail: {count}{}", first.unwrap_or_default())
}

fn unread(error: &dyn std::fmt::Display) -> Outcome {
    Outcome::warn(format!("the file cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use ccproxy_health::Check;

    use super::*;

    struct Room {
        dir: tempfile::TempDir,
        check: Arc<dyn Check>,
    }

    impl Room {
        fn with(text: &str) -> Self {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join("ccproxy.toml"), text).unwrap();
            let check = watch(&dir, vec![]).unwrap();
            Self { dir, check }
        }

        async fn after(&self, text: Option<&str>) -> Outcome {
            let file = self.dir.path().join("ccproxy.toml");
            match text {
                Some(text) => std::fs::write(file, text).unwrap(),
                None => std::fs::remove_file(file).unwrap(),
            }
            self.check.run().await
        }
    }

    fn watch(dir: &tempfile::TempDir, flags: Vec<Flag>) -> Option<Arc<dyn Check>> {
        let context =
            Context { env: std::iter::empty::<(&str, &str)>().collect(), cwd: dir.path().to_owned() };
        let (loaded, _) = load_as_far(None, flags.clone(), &context).unwrap();
        let (spec, check) = config(&loaded, flags, false, &context).unwrap()?;
        assert_eq!(spec.name(), "config");
        Some(check)
    }

    #[tokio::test]
    async fn follows_the_file() {
        let room = Room::with("[server]\nport = 1\n");
        let check = async |text, expect: Outcome| assert_eq!(room.after(text).await, expect, "{text:?}");
        let changed = || Outcome::warn("changed since the start; restart to apply it");
        let invalid = |what: &str| Outcome::warn(format!("not valid any more, a restart would fail: {what}"));
        check(Some("[server]\nport = 1\n"), Outcome::pass()).await;
        check(Some("[server]\nport = 2\n"), changed()).await;
        check(Some("[server]\nport = 2\n"), changed()).await;
        check(Some("[server]\nprot = 2\n"), invalid("1 mistake: line 2, column 1: server.prot: unknown key"))
            .await;
        // What only the plugins and the server see.
        check(
            Some("[server]\nhost = \"0.0.0.0\"\n[providers.a]\nkind = \"anthropic\"\nbase_url = \"x\"\n"),
            invalid(
                "2 mistakes, the first: line 2, column 8: server.host: \
                 0.0.0.0 is reachable from other machines and nobody has to show a key",
            ),
        )
        .await;
        check(Some("[health]\ncritical = [\"config\"]\n"), changed()).await;
        check(None, Outcome::warn("the file is not there any more; what runs goes on with what it read"))
            .await;
        check(Some("[server]\nport = 1\n"), Outcome::pass()).await;
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_told() {
        let room = Room::with("");
        std::fs::remove_file(room.dir.path().join("ccproxy.toml")).unwrap();
        std::fs::create_dir(room.dir.path().join("ccproxy.toml")).unwrap();
        let outcome = room.check.run().await;
        assert!(outcome.output.unwrap().starts_with("the file cannot be read: "));
    }

    #[test]
    fn without_a_file_there_is_nothing_to_watch() {
        let dir = tempfile::tempdir().unwrap();
        assert!(watch(&dir, vec![]).is_none());
        assert!(watch(&dir, vec![Flag::new("--port", "server.port", "4")]).is_none());
    }
}
