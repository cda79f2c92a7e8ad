//! Server-sent events, as far as a proxy that passes them on has to understand them.
//!
//! Source: the WHATWG HTML standard, section 9.2 "Server-sent events". Lines end in LF, CRLF or CR; a field's
//! value has one leading space removed; an empty line ends an event.

mod events;

use bytes::{Bytes, BytesMut};

use crate::edit;
pub use events::{Events, write};

/// A line longer than this is passed on but not looked at.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// Cuts chunks of a stream, split anywhere, into lines.
#[derive(Debug, Default)]
pub struct Lines {
    carry: Vec<u8>,
    after_cr: bool,
    skipping: bool,
}

impl Lines {
    /// Takes the next chunk and hands every line that it completes, without its end, to `each`.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(&[u8])) {
        let mut rest = chunk;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr::memchr2(b'\n', b'\r', rest) {
            let (line, tail) = rest.split_at(end);
            self.complete(line, &mut each);
            rest = match tail {
                [b'\r'] => {
                    self.after_cr = true;
                    &[]
                }
                [b'\r', b'\n', tail @ ..] | [_, tail @ ..] => tail,
                [] => &[],
            };
        }
        self.keep(rest);
    }

    /// Takes the end of the stream, and hands the line that it completes, if any, to `each`.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8])) {
        if self.in_line() {
            self.complete(&[], &mut each);
        }
    }

    /// Whether a line has begun and not yet ended.
    #[must_use]
    pub fn in_line(&self) -> bool {
        self.skipping || !self.carry.is_empty()
    }

    fn complete(&mut self, line: &[u8], each: &mut impl FnMut(&[u8])) {
        if std::mem::take(&mut self.skipping) {
            return;
        }
        if self.carry.is_empty() {
            return each(line);
        }
        self.keep(line);
        if !std::mem::take(&mut self.skipping) {
            each(&self.carry);
        }
        self.carry.clear();
    }

    fn keep(&mut self, part: &[u8]) {
        if self.skipping || self.carry.len() + part.len() > MAX_LINE {
            self.skipping = true;
            self.carry = Vec::new();
        } else {
            self.carry.extend_from_slice(part);
        }
    }
}

/// The value of a line if it is the field `name`.
#[must_use]
pub fn field<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// Puts the client's name of the model in place of the provider's in every event of a stream.
///
/// Whole lines go out at once; the begun line waits for its end.
#[derive(Debug)]
pub struct ModelRestorer {
    name: String,
    carry: BytesMut,
}

impl ModelRestorer {
    /// A restorer that writes `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), carry: BytesMut::new() }
    }

    /// Takes the next chunk and gives the bytes that can go out now.
    pub fn push(&mut self, chunk: &Bytes) -> Bytes {
        let end = memchr::memrchr2(b'\n', b'\r', chunk).map_or(0, |last| last + 1);
        if end == 0 && self.carry.len() + chunk.len() <= MAX_LINE {
            self.carry.extend_from_slice(chunk);
            return Bytes::new();
        }
        let end = if end == 0 { chunk.len() } else { end };
        let mut ready = std::mem::take(&mut self.carry);
        let lines = if ready.is_empty() {
            chunk.slice(..end)
        } else {
            ready.extend_from_slice(&chunk.slice(..end));
            ready.freeze()
        };
        self.carry.extend_from_slice(&chunk.slice(end..));
        self.restore(lines)
    }

    /// The begun line, when the stream has ended without completing it.
    pub fn finish(&mut self) -> Bytes {
        let rest = std::mem::take(&mut self.carry).freeze();
        self.restore(rest)
    }

    fn restore(&self, lines: Bytes) -> Bytes {
        if memchr::memmem::find(&lines, b"\"model\"").is_none() {
            return lines;
        }
        let mut out = BytesMut::with_capacity(lines.len() + self.name.len());
        for line in lines.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            match field(line, "data").and_then(edit::model_span) {
                Some(span) => {
                    let at = line.len() - field(line, "data").map_or(0, <[u8]>::len);
                    out.extend_from_slice(&edit::replace_string(
                        line,
                        at + span.start..at + span.end,
                        &self.name,
                    ));
                }
                None => out.extend_from_slice(line),
            }
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = Lines::default();
        let mut got = Vec::new();
        for chunk in chunks {
            splitter.push(chunk, |line| got.push(String::from_utf8_lossy(line).into_owned()));
        }
        got
    }

    #[test]
    fn every_line_end() {
        let check = |text: &str, expect: &[&str]| assert_eq!(lines(&[text.as_bytes()]), expect, "{text:?}");
        check("a\nb\n\n", &["a", "b", ""]);
        check("a\r\nb\r\n\r\n", &["a", "b", ""]);
        check("a\rb\r\r", &["a", "b", ""]);
        check("a\nunfinished", &["a"]);
    }

    #[test]
    fn an_endless_line_is_not_kept() {
        let mut splitter = Lines::default();
        let mut got = 0;
        for _ in 0..10 {
            splitter.push(&vec![b'x'; 1024 * 1024], |_| got += 1);
        }
        assert!(splitter.carry.capacity() == 0 && splitter.in_line());
        splitter.push(b"\ndata: 1\n", |line| {
            got += 1;
            assert_eq!(line, b"data: 1");
        });
        assert_eq!(got, 1);
    }

    #[test]
    fn names_are_restored() {
        let check = |text: &'static str, expect: &str| {
            let mut restorer = ModelRestorer::new("mine");
            let mut out = restorer.push(&Bytes::from_static(text.as_bytes())).to_vec();
            out.extend_from_slice(&restorer.finish());
            assert_eq!(String::from_utf8_lossy(&out), expect);
        };
        check("data: {\"model\":\"theirs\"}\r\n\r\n", "data: {\"model\":\"mine\"}\r\n\r\n");
        check(
            "data:{\"message\":{\"model\":\"theirs\",\"x\":1}}\n\n",
            "data:{\"message\":{\"model\":\"mine\",\"x\":1}}\n\n",
        );
        check(
            "event: x\ndata: {\"text\":\"\\\"model\\\"\"}\n\n",
            "event: x\ndata: {\"text\":\"\\\"model\\\"\"}\n\n",
        );
        check("data: {\"model\":\"theirs\"}", "data: {\"model\":\"mine\"}");
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(text in "[ab:\r\n\"{}]{0,60}", cuts in prop::collection::vec(0usize..60, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(lines(&chunks), lines(&[bytes]));

            let mut restorer = ModelRestorer::new("mine");
            let mut out = Vec::new();
            for chunk in &chunks {
                out.extend_from_slice(&restorer.push(&Bytes::copy_from_slice(chunk)));
            }
            out.extend_from_slice(&restorer.finish());
            prop_assert_eq!(out, bytes);
        }
    }
}
