//! `ccproxy completions` and `ccproxy man`

use std::fs::create_dir_all;
use std::io;
use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::command;
use crate::failure::Failure;

pub(super) fn completions(shell: Shell) -> Result<String, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "ccproxy", &mut script);
    text(script)
}

pub(super) fn page() -> Result<String, Failure> {
    let mut page = Vec::new();
    Man::new(command())
        .render(&mut page)
        .map_err(|error| Failure::io("cannot make the manual page", error))?;
    text(page)
}

/// One page for each command, as `man` looks for them: `ccproxy-config-check.1`.
pub(super) fn write(dir: &Path) -> Result<(), Failure> {
    create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(command(), dir))
        .map_err(|error| Failure::io(format!("cannot write manual pages to {}", dir.display()), error))
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes)
        .map_err(|error| Failure::io("not text", io::Error::new(io::ErrorKind::InvalidData, error)))
}
