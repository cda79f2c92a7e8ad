//! `ccproxy config`

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use ccproxy_server::BuildOptions;

use crate::cli::Config;
use crate::context::Context;
use crate::documents;
use crate::failure::Failure;
use crate::load::{Loaded, build, load, load_as_far};
use crate::terminal::print;
use crate::watch::Files;

pub(super) fn run(command: Config, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    match command {
        Config::Check { file: named } => check(named.as_deref().or(file), context),
        Config::Show => {
            let Loaded { file, settings, .. } = load(file, Vec::new(), context)?;
            print(&format!("# {}\n{}", described(file.as_deref()), settings.show()))
        }
        Config::Init { force, path } => init(force, &path, context),
        Config::Schema => print(&documents::schema()),
    }
}

/// Builds everything and starts nothing: what this accepts, `serve` accepts, unless the machine objects.
fn check(file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let (loaded, mistakes) = load_as_far(file, Vec::new(), context)?;
    let watched = Files::new(&loaded, Vec::new(), false, context).check();
    let options = BuildOptions { checks: watched.into_iter().flatten().collect(), ..BuildOptions::default() };
    build(&loaded.settings, mistakes, options)?;
    print(&format!("ok: {}\n", described(loaded.file.as_deref())))
}

fn described(file: Option<&Path>) -> String {
    file.map_or_else(|| "no file; environment and defaults".to_owned(), |file| file.display().to_string())
}

fn init(force: bool, path: &Path, context: &Context) -> Result<(), Failure> {
    let shown = path.display();
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(context.cwd.join(path)).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::Usage(format!(
            "{shown} is there already; name another file, or overwrite it with --force"
        )),
        _ => Failure::io(format!("cannot write {shown}"), error),
    })?;
    file.write_all(ccproxy_config::template().as_bytes())
        .map_err(|error| Failure::io(format!("cannot write {shown}"), error))?;
    print(&format!("wrote {shown}\nEdit it, then: ccproxy config check {shown}\n"))
}
