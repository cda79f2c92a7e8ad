//! Where lines go: the standard output, or a file that does not grow for ever.

mod file;

use std::io::{self, ErrorKind, Write, stdout};

use ccproxy_plugin_api::HookError;

use crate::Config;
use file::File;

pub(crate) enum Output {
    Stdout,
    /// Nobody reads it any more.
    Closed,
    File(File),
}

impl Output {
    pub(crate) fn new(config: &Config) -> Self {
        match &config.path {
            None => Self::Stdout,
            Some(path) => Self::File(File::new(path, config.max_size.bytes(), config.max_files)),
        }
    }

    pub(crate) fn open(&mut self) -> Result<(), HookError> {
        match self {
            Self::Stdout | Self::Closed => Ok(()),
            Self::File(file) => file.open().map_err(|error| file.refused(&error)),
        }
    }

    /// Writes the lines and takes them out; what could not be written stays.
    pub(crate) fn write(&mut self, lines: &mut Vec<u8>) -> Result<(), HookError> {
        let result = match self {
            Self::Stdout => drain(lines, |lines| stdout().write(lines)).and_then(|()| stdout().flush()),
            Self::Closed => Err(ErrorKind::BrokenPipe.into()),
            Self::File(file) => {
                return drain(lines, |lines| file.write(lines)).map_err(|error| file.refused(&error));
            }
        };
        result.map_err(|error| {
            if error.kind() != ErrorKind::BrokenPipe {
                return HookError::again(format!("the standard output takes no lines: {error}"));
            }
            // Nobody will come back to read them.
            *self = Self::Closed;
            lines.clear();
            HookError::lost("the standard output was closed; the access log is lost until the next start")
        })
    }

    /// Goes on in a new file where the old one was moved away.
    pub(crate) fn follow(&mut self) {
        if let Self::File(file) = self {
            file.follow();
        }
    }
}

/// Writes on and on; what is written is taken out, whatever happens to the rest.
fn drain(lines: &mut Vec<u8>, mut write: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    let mut written = 0;
    let result = loop {
        let rest = lines.get(written..).unwrap_or_default();
        if rest.is_empty() {
            break Ok(());
        }
        match write(rest) {
            Ok(0) => break Err(ErrorKind::WriteZero.into()),
            Ok(bytes) => written += bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    lines.drain(..written.min(lines.len()));
    result
}
