//! Which file to read.

use std::path::{Path, PathBuf};

use crate::env::Env;

/// The name of the file in a directory of its own use.
const FILE: &str = "ccproxy.toml";

/// A file that was asked for and is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{by} names {}, which is not a file", path.display())]
pub struct Missing {
    /// Who asked: `--config` or `CCPROXY_CONFIG`.
    pub by: &'static str,
    /// For what.
    pub path: PathBuf,
}

/// Finds the configuration file: `--config`, then `CCPROXY_CONFIG`, then `./ccproxy.toml`, then `ccproxy.toml` in the
/// root of the git work tree, then `ccproxy/config.toml` in `$XDG_CONFIG_HOME` (or `~/.config`). `None` means that
/// there is no file, which is fine.
///
/// # Errors
/// A file that the flag or the variable names does not exist.
pub fn discover(explicit: Option<&Path>, env: &Env, cwd: &Path) -> Result<Option<PathBuf>, Missing> {
    let asked = explicit
        .map(|path| ("--config", path))
        .or_else(|| env.get("CCPROXY_CONFIG").map(|path| ("CCPROXY_CONFIG", Path::new(path))));
    if let Some((by, path)) = asked {
        let path = cwd.join(path);
        return if path.is_file() { Ok(Some(path)) } else { Err(Missing { by, path }) };
    }
    let git_root = cwd.ancestors().find(|dir| dir.join(".git").exists());
    let candidates = [Some(cwd.join(FILE)), git_root.map(|root| root.join(FILE)), user_file(env)];
    Ok(candidates.into_iter().flatten().find(|path| path.is_file()))
}

/// The specification has relative values of the variable ignored.
fn user_file(env: &Env) -> Option<PathBuf> {
    let xdg = env.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = xdg.or_else(|| env.get("HOME").map(|home| Path::new(home).join(".config")))?;
    Some(base.join("ccproxy").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Every candidate at once; each step takes away the strongest.
    #[test]
    fn the_order_of_the_places() {
        let home = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        let cwd = root.path().join("deep/er");
        fs::create_dir_all(&cwd).unwrap();
        fs::create_dir_all(root.path().join(".git")).unwrap();
        fs::create_dir_all(home.path().join(".config/ccproxy")).unwrap();
        fs::create_dir_all(home.path().join("xdg/ccproxy")).unwrap();
        let flag = root.path().join("flag.toml");
        let variable = root.path().join("variable.toml");
        let here = cwd.join(FILE);
        let in_root = root.path().join(FILE);
        let in_xdg = home.path().join("xdg/ccproxy/config.toml");
        let in_home = home.path().join(".config/ccproxy/config.toml");
        for file in [&flag, &variable, &here, &in_root, &in_xdg, &in_home] {
            fs::write(file, "").unwrap();
        }
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let plain = Env::from([("HOME", text(home.path()))]);
        let xdg =
            Env::from([("HOME", text(home.path())), ("XDG_CONFIG_HOME", text(&home.path().join("xdg")))]);
        let asked = Env::from([("HOME", text(home.path())), ("CCPROXY_CONFIG", text(&variable))]);

        let check = |explicit, env, expect: Option<&PathBuf>| {
            assert_eq!(discover(explicit, env, &cwd), Ok(expect.cloned()));
        };
        check(Some(flag.as_path()), &asked, Some(&flag));
        check(None, &asked, Some(&variable));
        check(None, &xdg, Some(&here));
        fs::remove_file(&here).unwrap();
        check(None, &xdg, Some(&in_root));
        fs::remove_file(&in_root).unwrap();
        check(None, &xdg, Some(&in_xdg));
        check(None, &plain, Some(&in_home));
        fs::remove_file(&in_home).unwrap();
        check(None, &plain, None);
    }

    #[test]
    fn a_file_that_was_asked_for_must_exist() {
        let dir = tempfile::tempdir().unwrap();
        let check = |explicit: Option<&str>, env: Env, expect: &str| {
            let error = discover(explicit.map(Path::new), &env, dir.path()).unwrap_err();
            assert_eq!(error.to_string().replace(dir.path().to_str().unwrap(), "DIR"), expect);
        };
        check(Some("no.toml"), Env::default(), "--config names DIR/no.toml, which is not a file");
        check(
            None,
            Env::from([("CCPROXY_CONFIG", "no.toml")]),
            "CCPROXY_CONFIG names DIR/no.toml, which is not a file",
        );
    }
}
