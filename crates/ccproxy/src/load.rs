//! From the surroundings to the configuration, and from the configuration to the application.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use blake3::Hash;
use ccproxy_config::{Flag, Mistake, Mistakes, Settings, Sources, discover};
use ccproxy_server::{Application, BuildOptions};

use crate::context::Context;
use crate::failure::Failure;
use crate::plugins::{HOOKS, PLUGINS};

/// The configuration and the file it came from.
pub(crate) struct Loaded {
    /// `None` where there is no file, which is fine. Relative to the current directory where it lies below it.
    pub(crate) file: Option<PathBuf>,
    /// Of what was in it.
    pub(crate) hash: Option<Hash>,
    pub(crate) settings: Settings,
}

/// Reads the configuration in all its layers, and adds the instances that appear by themselves.
pub(crate) fn load(file: Option<&Path>, flags: Vec<Flag>, context: &Context) -> Result<Loaded, Failure> {
    let (loaded, mistakes) = load_as_far(file, flags, context)?;
    Ok(Mistakes::or(mistakes, loaded)?)
}

/// The same, going on past mistakes, for whoever goes on to [`build`] and tells them all at once.
pub(crate) fn load_as_far(
    file: Option<&Path>,
    flags: Vec<Flag>,
    context: &Context,
) -> Result<(Loaded, Vec<Mistake>), Failure> {
    let Context { env, cwd } = context;
    let file = discover(file, env, cwd)?;
    let file = file.map(|path| path.strip_prefix(cwd).map(Path::to_owned).unwrap_or(path));
    let text = file.as_ref().map(|path| read(path, cwd)).transpose()?;
    let hash = text.as_ref().map(|text| blake3::hash(text.as_bytes()));
    let sources = Sources { file: file.clone().zip(text), env: env.clone(), flags };
    let (settings, mistakes) = Settings::load_as_far(&sources);
    Ok((Loaded { file, hash, settings: settings.with_detected(env) }, mistakes))
}

/// Opens the store of the configuration, if that has one.
pub(crate) fn store(settings: &Settings) -> Result<Option<ccproxy_store::Store>, Failure> {
    let options = ccproxy_server::store_options(settings).map_err(|mistake| Mistakes::new(vec![mistake]))?;
    Ok(options.map(|options| ccproxy_store::Store::open(&options)).transpose()?)
}

fn read(path: &Path, cwd: &Path) -> Result<String, Failure> {
    read_to_string(cwd.join(path))
        .map_err(|error| Failure::Unreadable { path: path.display().to_string(), error })
}

/// Builds the application. It finds the mistakes that only those see who use the values, and tells them together with
/// those that loading found.
pub(crate) fn build(
    settings: &Settings,
    mut mistakes: Vec<Mistake>,
    mut options: BuildOptions,
) -> Result<Application, Failure> {
    // Nobody can say that the door is open while its lock is misread.
    options.insecure_no_auth |= mistakes.iter().any(|mistake| mistake.key.starts_with("auth"));
    if let Err(error) = ccproxy_telemetry::check(&settings.logging.level) {
        mistakes.push(settings.mistake("logging.level", error.to_string()));
    }
    options.hooks = HOOKS;
    match Application::build(settings, PLUGINS, options) {
        Ok(application) => Ok(Mistakes::or(mistakes, application)?),
        Err(found) => {
            mistakes.extend(found);
            Err(Mistakes::new(mistakes).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_config::Env;

    use super::*;

    fn context(dir: &Path, env: &[(&str, &str)]) -> Context {
        Context { env: env.iter().copied().collect::<Env>(), cwd: dir.to_owned() }
    }

    #[test]
    fn flags_before_environment_before_file_before_default() {
        let dir = tempfile::tempdir().unwrap();
        let port = |flags, env| load(None, flags, &context(dir.path(), env)).unwrap().settings.server.port;
        let flag = || vec![Flag::new("--port", "server.port", "4")];
        let variable = [("CCPROXY__SERVER__PORT", "3")];
        assert_eq!(port(vec![], &[]), 8000);
        std::fs::write(dir.path().join("ccproxy.toml"), "[server]\nport = 2\n").unwrap();
        assert_eq!(port(vec![], &[]), 2);
        assert_eq!(port(vec![], &variable), 3);
        assert_eq!(port(flag(), &variable), 4);
    }

    #[test]
    fn a_file_below_the_current_directory_goes_by_its_short_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ccproxy.toml"), "").unwrap();
        let loaded = load(None, vec![], &context(dir.path(), &[])).unwrap();
        assert_eq!(loaded.file, Some(PathBuf::from("ccproxy.toml")));
    }

    #[test]
    fn a_level_that_nobody_understands_is_a_mistake_like_others() {
        let dir = tempfile::tempdir().unwrap();
        let text = "[logging]\nlevel = \"inof\"\n[providers.x]\nkind = \"nonsense\"\n";
        std::fs::write(dir.path().join("ccproxy.toml"), text).unwrap();
        let settings = load(None, vec![], &context(dir.path(), &[])).unwrap().settings;
        let Err(Failure::Config(mistakes)) = build(&settings, Vec::new(), BuildOptions::default()) else {
            panic!("it was built")
        };
        let keys: Vec<&str> = mistakes.iter().map(|mistake| mistake.key.as_str()).collect();
        assert_eq!(keys, ["logging.level", "providers.x.kind"]);
    }
}
