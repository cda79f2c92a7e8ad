//! Finds the times of sending in a stream, however a proxy cut it up.

use memchr::memmem::Finder;

use crate::chat::{DONE, STAMP_DIGITS, STAMP_MARKER};

/// Incremental reader of one stream's stamps.
#[derive(Debug)]
pub struct Stamps {
    marker: Finder<'static>,
    rest: Vec<u8>,
}

impl Default for Stamps {
    fn default() -> Self {
        Self { marker: Finder::new(STAMP_MARKER), rest: Vec::with_capacity(1024) }
    }
}

impl Stamps {
    /// Takes the next piece and calls `seen` with every stamp (nanoseconds) that it completes.
    pub fn feed(&mut self, piece: &[u8], mut seen: impl FnMut(u64)) {
        self.rest.extend_from_slice(piece);
        let mut used = 0;
        while let Some(unread) = self.rest.get(used..) {
            let Some(at) = self.marker.find(unread) else { break };
            let start = at + STAMP_MARKER.len();
            let Some(digits) = unread.get(start..start + STAMP_DIGITS) else { break };
            seen(digits.iter().fold(0u64, |sum, digit| {
                sum.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
            }));
            used += start + STAMP_DIGITS;
        }
        self.rest.drain(..used);
    }

    /// Whether what was fed so far ends as a complete stream does.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.rest.ends_with(DONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{chat, clock};

    #[test]
    fn every_cut_gives_the_same_stamps() {
        let before = clock::now_ns();
        let stream = [chat::event(false), chat::event(false), chat::event(true)].concat();
        let after = clock::now_ns();
        for cut in 0..=stream.len() {
            let (left, right) = stream.split_at(cut);
            let (mut stamps, mut seen) = (Stamps::default(), Vec::new());
            for piece in [left, right] {
                stamps.feed(piece, |stamp| seen.push(stamp));
            }
            assert_eq!(seen.len(), 3, "cut at {cut}");
            assert!(seen.is_sorted() && seen.iter().all(|stamp| (before..=after).contains(stamp)));
            assert!(stamps.ended());
        }
    }

    #[test]
    fn a_truncated_stream_has_not_ended() {
        let mut stamps = Stamps::default();
        let event = chat::event(true);
        stamps.feed(&event[..event.len() - 1], |_| {});
        assert!(!stamps.ended());
    }
}
