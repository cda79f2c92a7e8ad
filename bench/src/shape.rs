//! Which answer is asked for.
//!
//! It stands in the text of the request, not in a header or a field, because a proxy passes that on in every dialect.

use std::time::Duration;

use memchr::memmem;

use crate::fault::Fault;

/// The answer one request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of events that bring text; 0 asks for one JSON body instead of a stream.
    pub events: u32,
    /// Pause between two events; zero sends each as soon as the one before is flushed.
    pub gap: Duration,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Shape {
    /// JSON, or so many events back to back.
    #[must_use]
    pub const fn of(events: u32) -> Self {
        Self { events, gap: Duration::ZERO, fault: None }
    }

    /// Reads the shape back out of a request body; anything that does not name one asks for JSON.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let events = number_after(body, b"bench-events=").unwrap_or(0);
        let gap = Duration::from_micros(number_after(body, b"bench-gap-us=").unwrap_or(0));
        let fault = after(body, b"bench-fault=").and_then(Fault::read);
        Self { events: u32::try_from(events).unwrap_or(u32::MAX), gap, fault }
    }

    /// The words that ask for this shape.
    #[must_use]
    pub fn words(&self) -> String {
        let fault = self.fault.map(|fault| format!(" bench-fault={}", fault.name())).unwrap_or_default();
        format!("bench-events={} bench-gap-us={}{fault}", self.events, self.gap.as_micros())
    }
}

fn number_after(body: &[u8], key: &[u8]) -> Option<u64> {
    let digits = after(body, key)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.copied().try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}

fn after<'a>(body: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    body.get(memmem::find(body, key)? + key.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_survives_its_words() {
        for (events, gap_us) in [(0, 0), (1, 1), (100, 1_000)] {
            for fault in Fault::ALL.map(Some).into_iter().chain([None]) {
                let shape = Shape { events, gap: Duration::from_micros(gap_us), fault };
                assert_eq!(Shape::read(format!("{} and more", shape.words()).as_bytes()), shape);
            }
        }
        assert_eq!(Shape::read(b"{}"), Shape::of(0));
    }
}
