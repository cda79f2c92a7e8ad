//! What the program finds around it, read once.

use std::env::current_dir;
use std::path::PathBuf;

use ccproxy_config::Env;

use crate::failure::Failure;

/// The process's surroundings, passed to whoever needs them.
pub(crate) struct Context {
    pub(crate) env: Env,
    pub(crate) cwd: PathBuf,
}

impl Context {
    pub(crate) fn of_process() -> Result<Self, Failure> {
        let cwd = current_dir().map_err(|error| Failure::io("cannot tell the current directory", error))?;
        Ok(Self { env: Env::of_process(), cwd })
    }
}
