//! The only place that writes to stdout and stderr.
//!
//! Nothing here uses the printing macros, because they panic when the reader has gone: `ccproxy config schema | head` is
//! no defect. Whatever else goes wrong on stdout is an error like any other.

use std::io::{ErrorKind, Write, stderr, stdout};

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Table};

use crate::failure::Failure;

/// Writes to stdout, all or nothing as far as other threads are concerned.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// The same for what need not be a text.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    put(bytes).map(drop)
}

/// The same for one of many; false if nobody reads them any more.
#[cfg(feature = "top")]
pub(crate) fn print_one(text: &str) -> Result<bool, Failure> {
    put(text.as_bytes())
}

fn put(bytes: &[u8]) -> Result<bool, Failure> {
    let mut out = stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::io("cannot write to stdout", error)),
    }
}

/// Writes to stderr; there is nobody left to tell if that fails.
pub(crate) fn complain(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// A table in columns, without lines.
pub(crate) fn table<const N: usize, C: Into<Cell>>(
    header: [&str; N],
    rows: impl Iterator<Item = [C; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let text =
            table(["KIND", "DESCRIPTION", "VERSION"], [["a", "An A", "1"], ["bcdefg", "B", "2"]].into_iter());
        let expect = "KIND    DESCRIPTION  VERSION\na       An A         1\nbcdefg  B            2\n";
        assert_eq!(text, expect);
    }
}
