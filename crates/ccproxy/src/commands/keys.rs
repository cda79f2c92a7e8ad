//! `ccproxy keys`

mod edit;
mod file;
mod list;
mod secret;

use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use ccproxy_config::{ClientKey, KeyLimits, Mistakes, Moment, Settings};
use serde::Serialize;

use crate::cli::{Create, Keys, Rotate};
use crate::context::Context;
use crate::documents::pretty;
use crate::failure::Failure;
use crate::load::load_as_far;
use crate::terminal::{complain, print};
use file::KeyFile;

/// More than this on stdin is no key.
const LONGEST: u64 = 4096;

/// A key that is shown this once.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    key: &'a str,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

pub(super) fn run(command: Keys, config: Option<&Path>, context: &Context) -> Result<(), Failure> {
    match command {
        Keys::Create(flags) => create(&flags, config, context),
        Keys::Hash => hash(),
        Keys::List { key_file, json } => {
            let known = Known::load(key_file.as_deref(), config, context)?;
            print(&list::shown(&known.keys()?, &known.settings.limits.keys, json))
        }
        Keys::Revoke { name, key_file } => {
            let known = Known::load(key_file.as_deref(), config, context)?;
            let mut file = known.file_with(&name)?;
            edit::revoke(file.key(&name)?, Moment::now());
            file.save()?;
            print(&format!("{name} is revoked in {}.\n{TAKES_NOTE}", file.path()))
        }
        Keys::Rotate(flags) => rotate(&flags, config, context),
    }
}

const TAKES_NOTE: &str = "A running proxy takes note when it reads its configuration again (see [reload]).\n";

/// Without a file of keys the lines are printed, for the configuration.
fn create(flags: &Create, config: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let Create { name, key_file, json, .. } = flags;
    one_line(name)?;
    let known = Known::load(key_file.as_deref(), config, context)?;
    let path = known.settings.key_file();
    let keys = match &path {
        Some(path) if !context.cwd.join(path).exists() => known.settings.auth.keys.clone(),
        _ => known.keys()?,
    };
    if keys.iter().any(|key| key.name == *name) {
        let message = format!("there is a key named {name:?} already; `ccproxy keys rotate` replaces it");
        return Err(Failure::Usage(message));
    }
    known.providers(&flags.provider)?;
    let key = secret::new()?;
    let hash = secret::hash_of(&key);
    let entry = edit::entry(&Entry { hash, created: Moment::now(), flags });
    let shown = |file| Shown { name, key: &key, hash: hash.to_string(), file };
    let Some(path) = path else {
        let text = format!("{key}\n\n{ONCE}Add to the configuration:\n\n[[auth.keys]]\n{entry}",);
        return print(&if *json { pretty(&shown(None)) } else { text });
    };
    let mut file = KeyFile::open(context.cwd.join(path), true)?;
    file.add(entry)?;
    file.save()?;
    let text = format!("{key}\n\n{ONCE}It is kept in {}.\n{TAKES_NOTE}", file.path());
    print(&if *json { pretty(&shown(Some(file.path()))) } else { text })
}

const ONCE: &str = "Give this key to the client now; it is not stored and cannot be shown again.\n";

fn rotate(flags: &Rotate, config: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let Rotate { name, grace, key_file, json } = flags;
    let known = Known::load(key_file.as_deref(), config, context)?;
    let mut file = known.file_with(name)?;
    let (key, now) = (secret::new()?, Moment::now());
    let hash = secret::hash_of(&key);
    let until = (!grace.is_zero()).then(|| now.after(*grace));
    if !edit::rotate(file.key(name)?, hash, now, until) {
        let message = format!("{name:?} is revoked; make another with `ccproxy keys create`");
        return Err(Failure::Usage(message));
    }
    file.save()?;
    let old = match until {
        Some(until) => format!("The old key is good until {until}.\n"),
        None => "The old key is good no longer.\n".to_owned(),
    };
    let text = format!("{key}\n\n{ONCE}{old}{TAKES_NOTE}");
    let shown = Shown { name, key: &key, hash: hash.to_string(), file: Some(file.path()) };
    print(&if *json { pretty(&shown) } else { text })
}

fn hash() -> Result<(), Failure> {
    if stdin().is_terminal() {
        complain("Paste the key, then press Enter and Ctrl-D.\n");
    }
    let mut text = String::new();
    let read = stdin().lock().take(LONGEST).read_to_string(&mut text);
    read.map_err(|error| Failure::io("cannot read a key from stdin", error))?;
    match text.trim() {
        "" => Err(Failure::Usage("stdin holds no key".to_owned())),
        key => print(&format!("{}\n", secret::hash_of(key))),
    }
}

/// What a new entry is made from.
struct Entry<'a> {
    hash: ccproxy_config::KeyHash,
    created: Moment,
    flags: &'a Create,
}

impl Create {
    fn limits(&self) -> KeyLimits {
        KeyLimits {
            requests_per_minute: self.requests_per_minute,
            tokens_per_minute: self.tokens_per_minute,
            concurrency: self.concurrency,
            streams: self.streams,
            budget_per_day: self.budget_per_day,
            budget_per_week: self.budget_per_week,
            budget_per_month: self.budget_per_month,
        }
    }
}

/// The configuration, as far as keys are concerned: with mistakes elsewhere there are keys all the same.
struct Known {
    settings: Settings,
    cwd: PathBuf,
}

impl Known {
    fn load(key_file: Option<&Path>, config: Option<&Path>, context: &Context) -> Result<Self, Failure> {
        let (loaded, mistakes) = load_as_far(config, Vec::new(), context)?;
        let of_keys: Vec<_> = mistakes.into_iter().filter(|one| one.key.starts_with("auth")).collect();
        let mut settings = Mistakes::or(of_keys, loaded.settings)?;
        if let Some(file) = key_file {
            settings.auth.key_file = Some(context.cwd.join(file));
        }
        Ok(Self { settings, cwd: context.cwd.clone() })
    }

    fn keys(&self) -> Result<Vec<ClientKey>, Failure> {
        Ok(self.settings.client_keys()?)
    }

    /// The file, which holds the key.
    fn file_with(&self, name: &str) -> Result<KeyFile, Failure> {
        let keys = self.keys()?;
        if self.settings.auth.keys.iter().any(|key| key.name == name) {
            let message =
                format!("{name:?} is a key of the configuration itself, [[auth.keys]]; change it there");
            return Err(Failure::Usage(message));
        }
        if !keys.iter().any(|key| key.name == name) {
            let message =
                format!("there is no key named {name:?}; `ccproxy keys list` shows those there are");
            return Err(Failure::Usage(message));
        }
        let path = self.settings.key_file().unwrap_or_default();
        KeyFile::open(self.cwd.join(path), false)
    }

    fn providers(&self, wanted: &[String]) -> Result<(), Failure> {
        let unknown = wanted.iter().find(|name| !self.settings.providers.contains_key(*name));
        let known = || self.settings.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        unknown.map_or(Ok(()), |name| {
            Err(Failure::Usage(format!("there is no provider {name:?}; the configuration has {}", known())))
        })
    }
}

fn one_line(name: &str) -> Result<(), Failure> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::Usage("a key's name is one line of text that is not empty".to_owned()));
    }
    Ok(())
}
