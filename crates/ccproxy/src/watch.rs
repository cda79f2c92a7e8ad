//! The files of the configuration, and `config`: whether what is in force is what they say, and a restart would accept it.
//!
//! Whatever has become of the files, the running configuration goes on: nothing here is ever a failure.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blake3::Hash;
use ccproxy_config::{Flag, Mistakes, Place, Settings};
use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, check_fn};
use ccproxy_health_system::{Aside, Watched};
use ccproxy_server::{BuildOptions, Reloaded};
use tokio::time::timeout;

use crate::context::Context;
use crate::failure::Failure;
use crate::load::{Loaded, build, load_as_far};

/// What the check is called.
pub(crate) const NAME: &str = "config";
/// A file system that does not answer is told here, before the engine calls it a failure.
const PATIENCE: Duration = Duration::from_secs(4);

/// What was in each of the files; nothing where one could not be read.
pub(crate) type Prints = BTreeMap<PathBuf, Option<Hash>>;

/// Where the configuration comes from, and what came of it when it was last read.
pub(crate) struct Files {
    /// None where there was none at the start; a reload may find one.
    file: Option<PathBuf>,
    flags: Vec<Flag>,
    insecure_no_auth: bool,
    context: Context,
    state: Mutex<State>,
}

struct State {
    /// What was in the files when they were last read, with whatever result.
    prints: Prints,
    /// What is to be said of that.
    verdict: Outcome,
    /// What else was found in them since, and what reading that would come to.
    news: Option<(Prints, Outcome)>,
    /// When what is in force was read, in seconds since 1970.
    since: i64,
}

impl Files {
    /// Those of a configuration that was just loaded, under the same flags.
    pub(crate) fn new(
        loaded: &Loaded,
        flags: Vec<Flag>,
        insecure_no_auth: bool,
        context: &Context,
    ) -> Arc<Self> {
        let file = loaded.file.as_ref().map(|file| context.cwd.join(file));
        let context = Context { env: context.env.clone(), cwd: context.cwd.clone() };
        let since = now();
        let verdict = in_force(&Reloaded::default(), since);
        let state = Mutex::new(State { prints: Prints::default(), verdict, news: None, since });
        let files = Self { file, flags, insecure_no_auth, context, state };
        files.state().prints = files.prints_of(loaded);
        Arc::new(files)
    }

    /// The check of the files; none where there is no file.
    pub(crate) fn check(self: &Arc<Self>) -> Result<Option<Watched>, SpecError> {
        if self.file.is_none() {
            return Ok(None);
        }
        let (files, aside) = (Arc::clone(self), Aside::default());
        let check = check_fn(move || {
            let (files, aside) = (Arc::clone(&files), aside.clone());
            async move {
                match timeout(PATIENCE, aside.run(move || files.look())).await {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(not_done)) => unread(&not_done),
                    Err(_) => unread(&"the file system does not answer"),
                }
            }
        });
        Ok(Some((spec()?, check)))
    }

    /// What is in the files, if that is not what was there when they were last read. Blocks.
    pub(crate) fn news(&self) -> Option<Prints> {
        let known = self.state().prints.clone();
        let now = prints(known.keys());
        (now != known).then_some(now)
    }

    /// Reads the configuration and builds from it what a start would build, without starting it. Blocks. What was in the
    /// files is what was there before anything was made of it: whatever comes after is news.
    pub(crate) fn read(&self) -> (Prints, Result<Settings, Failure>) {
        let main = prints(&self.file);
        let (loaded, mistakes) = match load_as_far(self.file.as_deref(), self.flags.clone(), &self.context) {
            Ok(loaded) => loaded,
            Err(failure) => return (main, Err(failure)),
        };
        let prints = self.prints_of(&loaded);
        // The application knows by name what may be critical.
        let own = spec().map(|spec| (spec, check_fn(|| async { Outcome::pass() })));
        let options = BuildOptions {
            insecure_no_auth: self.insecure_no_auth,
            checks: own.into_iter().collect(),
            ..BuildOptions::default()
        };
        let built = build(&loaded.settings, mistakes, options);
        (prints, built.map(|_| loaded.settings))
    }

    /// Notes what reading the files has come to, and gives what is to be said of it.
    pub(crate) fn settle(&self, prints: Prints, result: Result<&Reloaded, &Failure>) -> Outcome {
        let mut state = self.state();
        if result.is_ok() {
            state.since = now();
        }
        state.verdict = match result {
            Ok(reloaded) => in_force(reloaded, state.since),
            Err(failure) => refused(failure).observed(state.since, UNIT),
        };
        state.prints = prints;
        state.news = None;
        state.verdict.clone()
    }

    /// Looks at the files and says what is to be said of them.
    fn look(&self) -> Outcome {
        let since = self.state().since;
        let gone = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => {
                Outcome::warn("the file is not there any more; what runs goes on with what it read")
            }
            _ => unread(&error),
        };
        if let Some(Err(error)) = self.file.as_ref().map(std::fs::read) {
            return gone(error).observed(since, UNIT);
        }
        let Some(news) = self.news() else { return self.state().verdict.clone() };
        if let Some((seen, outcome)) = &self.state().news
            && *seen == news
        {
            return outcome.clone();
        }
        let outcome = match self.read().1 {
            Ok(_) => Outcome::warn("changed since it was read; a reload applies it"),
            Err(failure) => refused(&failure),
        };
        let outcome = outcome.observed(since, UNIT);
        self.state().news = Some((news, outcome.clone()));
        outcome
    }

    fn prints_of(&self, loaded: &Loaded) -> Prints {
        let cwd = &self.context.cwd;
        let mut prints = prints(loaded.settings.files().into_iter().map(|file| cwd.join(file)));
        prints.extend(loaded.file.as_ref().map(|file| (cwd.join(file), loaded.hash)));
        prints
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spec() -> Result<Spec, SpecError> {
    let spec = Spec::new(NAME)?.component_type(ComponentType::Datastore);
    Ok(spec.interval(Duration::from_secs(30)).timeout(2 * PATIENCE).jitter(0.02).fall(1).rise(1))
}

/// The value of the check is when what is in force was read.
const UNIT: &str = "unix_seconds";

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn prints<P: AsRef<Path>>(files: impl IntoIterator<Item = P>) -> Prints {
    let print = |file: P| {
        let file = file.as_ref();
        (file.to_owned(), std::fs::read(file).ok().map(|text| blake3::hash(&text)))
    };
    files.into_iter().map(print).collect()
}

fn in_force(reloaded: &Reloaded, since: i64) -> Outcome {
    let outcome = match reloaded.restart.as_slice() {
        [] => Outcome::pass(),
        keys => Outcome::warn(format!("these keys take a restart: {}", keys.join(", "))),
    };
    outcome.observed(since, UNIT)
}

fn refused(failure: &Failure) -> Outcome {
    match failure {
        Failure::Config(mistakes) => Outcome::warn(listed(mistakes)),
        failure => unread(failure),
    }
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
            let mut outcome = self.check.run().await;
            let since = outcome.observed.take().unwrap();
            assert_eq!(since.unit, UNIT);
            outcome
        }
    }

    fn watch(dir: &tempfile::TempDir, flags: Vec<Flag>) -> Option<Arc<dyn Check>> {
        let context =
            Context { env: std::iter::empty::<(&str, &str)>().collect(), cwd: dir.path().to_owned() };
        let (loaded, _) = load_as_far(None, flags.clone(), &context).unwrap();
        let (spec, check) = Files::new(&loaded, flags, false, &context).check().unwrap()?;
        assert_eq!(spec.name(), "config");
        Some(check)
    }

    #[tokio::test]
    async fn follows_the_file() {
        let room = Room::with("[server]\nport = 1\n");
        let check = async |text, expect: Outcome| assert_eq!(room.after(text).await, expect, "{text:?}");
        let changed = || Outcome::warn("changed since it was read; a reload applies it");
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
