//! Events of a stream, whole: for those who read all of them.

use super::{Lines, field};

/// An event larger than this is no event of any dialect.
const MAX_EVENT: usize = 16 * 1024 * 1024;

/// Puts events together from chunks split anywhere.
///
/// As the standard has it: `data` lines are joined by LF, an event without data is none, comments and unknown fields
/// are ignored, and so is a byte order mark at the very beginning. Text that is no UTF-8 is mended, not refused.
///
/// ```
/// use ccproxy_wire::sse::Events;
/// let (mut events, mut seen) = (Events::default(), Vec::new());
/// for chunk in ["event: a\r", "\ndata: 1\r\nda", "ta: 2\r\n\r\n: hello\n\ndata:{}\n\n"] {
///     events.push(chunk.as_bytes(), |name, data| seen.push(format!("{name}={data}")));
/// }
/// assert_eq!(seen, ["a=1\n2", "={}"]);
/// ```
#[derive(Debug, Default)]
pub struct Events {
    lines: Lines,
    event: Event,
}

/// What has come of the event at hand.
#[derive(Debug, Default)]
struct Event {
    begun: bool,
    name: String,
    data: Vec<u8>,
    has_data: bool,
}

impl Events {
    /// Takes the next chunk and hands every event that it completes to `each`: its name, empty if it has none, and its
    /// data.
    pub fn push(&mut self, chunk: &[u8], mut each: impl FnMut(&str, &str)) {
        let Self { lines, event } = self;
        lines.push(chunk, |line| event.line(line, &mut each));
    }

    /// Takes the end of the stream. An event that only lacks its empty line counts: some servers leave it out.
    pub fn finish(&mut self, mut each: impl FnMut(&str, &str)) {
        let Self { lines, event } = self;
        lines.finish(|line| event.line(line, &mut each));
        event.end(&mut each);
    }
}

impl Event {
    fn line(&mut self, line: &[u8], each: &mut impl FnMut(&str, &str)) {
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(line) if !self.begun => line,
            _ => line,
        };
        self.begun = true;
        if line.is_empty() {
            self.end(each);
        } else if let Some(data) = field(line, "data") {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push(b'\n');
            }
            if self.data.len() + data.len() <= MAX_EVENT {
                self.data.extend_from_slice(data);
            }
        } else if let Some(name) = field(line, "event") {
            self.name = String::from_utf8_lossy(name).into_owned();
        }
    }

    fn end(&mut self, each: &mut impl FnMut(&str, &str)) {
        if std::mem::take(&mut self.has_data) {
            each(&self.name, &String::from_utf8_lossy(&self.data));
        }
        self.name.clear();
        self.data.clear();
    }
}

/// Writes one event: its name, if it is to have one, and its data, which has to be one line.
pub fn write(out: &mut Vec<u8>, name: &str, data: &[u8]) {
    if !name.is_empty() {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let (mut events, mut seen) = (Events::default(), Vec::new());
        for chunk in chunks {
            events.push(chunk, |name, data| seen.push((name.to_owned(), data.to_owned())));
        }
        events.finish(|name, data| seen.push((name.to_owned(), data.to_owned())));
        seen
    }

    #[test]
    fn events() {
        let check = |text: &str, expect: &[(&str, &str)]| {
            let seen = read(&[text.as_bytes()]);
            let seen: Vec<_> = seen.iter().map(|(name, data)| (name.as_str(), data.as_str())).collect();
            assert_eq!(seen, expect, "{text:?}");
        };
        check("data: {}\n\n", &[("", "{}")]);
        check("data:{}\r\n\r\n", &[("", "{}")]);
        check("event: a\rdata: {}\r\r", &[("a", "{}")]);
        check("\u{feff}data: 1\n\n", &[("", "1")]);
        check("data: 1\n\n\u{feff}data: 2\n\n", &[("", "1")]);
        check(": comment\n\nevent: a\n\ndata: 1\n\n", &[("", "1")]);
        check("id: 7\nretry: 1\nevent: a\ndata: 1\ndata: 2\n\n", &[("a", "1\n2")]);
        check("data\n\n", &[]);
        check("data: \n\n", &[("", "")]);
        check("data:  two\n\n", &[("", " two")]);
        check("data: 1", &[("", "1")]);
        check("event: a\ndata: 1\n", &[("a", "1")]);
        check("event: a", &[]);
    }

    #[test]
    fn writing_is_read() {
        let mut out = Vec::new();
        write(&mut out, "a", b"{}");
        write(&mut out, "", b"[DONE]");
        assert_eq!(out, b"event: a\ndata: {}\n\ndata: [DONE]\n\n");
        assert_eq!(read(&[&out]), [("a".into(), "{}".into()), (String::new(), "[DONE]".into())]);
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(text in "(data: |event: |:|\r\n|\n|\r|\u{feff}|[a{}]){0,40}", cuts in prop::collection::vec(0usize..200, 0..8)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&chunks), read(&[bytes]));
        }
    }
}
