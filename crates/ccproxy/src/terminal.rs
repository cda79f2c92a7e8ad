//! The only place that writes to stdout and stderr.
//!
//! Nothing here uses the printing macros, because they panic when the reader has gone: `ccproxy config schema | head` is
//! no defect. Whatever else goes wrong on stdout is an error like any other.

use std::io::{ErrorKind, Write, stderr, stdout};

use crate::failure::Failure;

/// Writes to stdout, all or nothing as far as other threads are concerned.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::io("cannot write to stdout", error))
        }
        _ => Ok(()),
    }
}

/// Writes to stderr; there is nobody left to tell if that fails.
pub(crate) fn complain(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}
