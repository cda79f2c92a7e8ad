//! Reading a whole JSON answer from the side.

use bytes::{Bytes, BytesMut};
use ccproxy_wire::Usage;

/// An answer larger than this passes without being read.
const LIMIT: usize = 8 * 1024 * 1024;

/// The parts of an answer that have gone by; shared with what the client gets, not copied.
#[derive(Default)]
pub(super) struct Whole {
    parts: Vec<Bytes>,
    length: usize,
}

impl Whole {
    pub(super) fn pass(&mut self, data: Bytes) -> Bytes {
        self.length += data.len();
        if self.length <= LIMIT {
            self.parts.push(data.clone());
        } else {
            self.parts = Vec::new();
        }
        data
    }

    /// The usage that the answer tells, once it has gone by.
    pub(super) fn usage(&self) -> Usage {
        match self.parts.as_slice() {
            [] => Usage::default(),
            [part] => Usage::of_answer(part),
            parts => {
                let mut whole = BytesMut::with_capacity(self.length);
                parts.iter().for_each(|part| whole.extend_from_slice(part));
                Usage::of_answer(&whole)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_over_parts() {
        let check = |parts: &[&'static str], expect| {
            let mut whole = Whole::default();
            for part in parts {
                assert_eq!(whole.pass(Bytes::from_static(part.as_bytes())), part);
            }
            assert_eq!(whole.usage().output, expect, "{parts:?}");
        };
        check(&[], None);
        check(&[r#"{"usage":{"output_tokens":3}}"#], Some(3));
        check(&[r#"{"usage":{"outp"#, r#"ut_tokens":3}}"#], Some(3));
        check(&["not json"], None);
    }

    #[test]
    fn a_huge_answer_is_not_kept() {
        let mut whole = Whole::default();
        for _ in 0..9 {
            whole.pass(Bytes::from(vec![b' '; 1024 * 1024]));
        }
        assert!(whole.parts.is_empty());
    }
}
