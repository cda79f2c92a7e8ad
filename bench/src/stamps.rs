//! Times of sending, and how they are found in a stream, however a proxy cut it up or translated it.
//!
//! They are the text of the events: what a stream says survives every proxy and every translation.

use ccproxy_wire::Dialect;
use memchr::memmem::{self, Finder};

use crate::bodies::Signs;
use crate::clock;

/// A time of sending: the lower [`BITS`] of its nanoseconds, four in a letter from `a` to `p`.
pub type Stamp = [u8; LETTERS];

const LETTERS: usize = 12;
/// They begin anew after three days; no event is under way for so long.
const BITS: u32 = 4 * LETTERS as u32;

/// The present time.
#[must_use]
pub fn now() -> Stamp {
    let mut letters = [b'a'; LETTERS];
    let mut rest = clock::now_ns();
    for letter in letters.iter_mut().rev() {
        *letter = b'a' + (rest & 0xf) as u8;
        rest >>= 4;
    }
    letters
}

/// Nanoseconds between a time of sending and now.
fn age(letters: &[u8], now: u64) -> u64 {
    let sent = letters.iter().fold(0, |sum, letter| sum << 4 | u64::from(letter.wrapping_sub(b'a') & 0xf));
    now.wrapping_sub(sent) & ((1 << BITS) - 1)
}

/// Incremental reader of one stream in one dialect.
#[derive(Debug)]
pub struct Stamps {
    signs: Signs,
    text: Finder<'static>,
    opened: bool,
    rest: Vec<u8>,
}

impl Stamps {
    /// For a stream that is about to begin.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        let signs = Signs::of(dialect);
        Self { signs, text: Finder::new(signs.text), opened: false, rest: Vec::with_capacity(1024) }
    }

    /// Takes the next piece, which has come at this time, and calls `seen` for every event that it completes with the
    /// nanoseconds for which it was under way.
    pub fn feed(&mut self, piece: &[u8], now: u64, mut seen: impl FnMut(u64)) {
        self.rest.extend_from_slice(piece);
        let mut used = 0;
        while let Some(unread) = self.rest.get(used..) {
            let Some(at) = self.text.find(unread) else { break };
            let start = at + self.signs.text.len();
            let Some(stamp) = unread.get(start..start + LETTERS) else { break };
            self.opened =
                self.opened || memmem::find(unread, self.signs.opening).is_some_and(|open| open < at);
            seen(age(stamp, now));
            used += start + LETTERS;
        }
        self.rest.drain(..used);
    }

    /// Whether what was fed so far began and has ended as a complete stream does.
    #[must_use]
    pub fn complete(&self) -> bool {
        let after = |rest: &[u8], sign: &&[u8]| Some(memmem::find(rest, sign)? + sign.len());
        let in_order = self
            .signs
            .closing
            .iter()
            .try_fold(self.rest.as_slice(), |rest, sign| rest.get(after(rest, sign)?..));
        self.opened
            && in_order.is_some()
            && self.signs.closing.last().is_some_and(|last| self.rest.ends_with(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bodies::{DIALECTS, Script};

    fn stream(dialect: Dialect) -> Vec<u8> {
        let mut script = Script::new(dialect, 3);
        [script.write(&now()), script.write(&now()), script.write(&now())].concat()
    }

    #[test]
    fn every_cut_gives_the_same_stamps() {
        for dialect in DIALECTS {
            let before = clock::now_ns();
            let stream = stream(dialect);
            let after = clock::now_ns();
            for cut in 0..=stream.len() {
                let (left, right) = stream.split_at(cut);
                let (mut stamps, mut ages) = (Stamps::new(dialect), Vec::new());
                for piece in [left, right] {
                    stamps.feed(piece, after, |age| ages.push(age));
                }
                assert_eq!(ages.len(), 3, "{dialect} cut at {cut}");
                assert!(ages.is_sorted_by(|a, b| a >= b) && ages.iter().all(|age| *age <= after - before));
                assert!(stamps.complete());
            }
        }
    }

    #[test]
    fn a_stream_that_lacks_something_is_not_complete() {
        let complete = |dialect, stream: &[u8]| {
            let mut stamps = Stamps::new(dialect);
            stamps.feed(stream, 0, |_| {});
            stamps.complete()
        };
        for dialect in DIALECTS {
            let stream = stream(dialect);
            assert!(complete(dialect, &stream));
            assert!(!complete(dialect, &stream[..stream.len() - 1]), "{dialect}");
            for sign in [Signs::of(dialect).opening].iter().chain(Signs::of(dialect).closing) {
                let at = memmem::rfind(&stream, sign).unwrap();
                let without = [&stream[..at], &stream[at + sign.len()..]].concat();
                assert!(!complete(dialect, &without), "{dialect} without {}", String::from_utf8_lossy(sign));
            }
        }
    }
}
