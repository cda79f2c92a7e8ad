//! From when until when a certificate is good: the one thing of it that rustls does not tell.

use jiff::civil::{self, DateTime};

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: i64,
    pub(super) until: i64,
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

impl Validity {
    /// Reads it from a certificate (RFC 5280, section 4.1).
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (certificate, _) = expect(SEQUENCE, certificate)?;
        let (body, _) = expect(SEQUENCE, certificate)?;
        let rest = expect(VERSION, body).map_or(body, |(_, rest)| rest);
        let (_serial, rest) = expect(INTEGER, rest)?;
        let (_algorithm, rest) = expect(SEQUENCE, rest)?;
        let (_issuer, rest) = expect(SEQUENCE, rest)?;
        let (validity, _) = expect(SEQUENCE, rest)?;
        let (from, rest) = time(validity)?;
        let (until, _) = time(rest)?;
        Some(Self { from, until })
    }

    /// Whether it is good at this second.
    pub(super) fn holds(self, now: i64) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// The content of an element that has to be of this kind, and what is behind it.
fn expect(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(input)?;
    (found == tag).then_some((content, rest))
}

/// The tag and content of the first element, and what is behind it (DER).
fn element(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = input.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn time(input: &[u8]) -> Option<(i64, &[u8])> {
    let (tag, text, rest) = element(input)?;
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest_of_it): (i16, _) = match tag {
        UTC_TIME => {
            let (year, digits) = digits.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, digits)
        }
        GENERALIZED_TIME => {
            let (year, digits) = digits.split_at_checked(4)?;
            (year.parse().ok()?, digits)
        }
        _ => return None,
    };
    let part = |at: usize| rest_of_it.get(at..at + 2)?.parse::<i8>().ok();
    let moment = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    Some((
        moment.duration_since(civil::date(1970, 1, 1).to_datetime(civil::Time::midnight())).as_secs(),
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn times_of_certificates() {
        let key = KeyPair::generate().unwrap();
        let check = |from: (i32, u8, u8), until: (i32, u8, u8), expect| {
            let mut params = CertificateParams::new(["a.test".to_owned()]).unwrap();
            params.not_before = date_time_ymd(from.0, from.1, from.2);
            params.not_after = date_time_ymd(until.0, until.1, until.2);
            let certificate = params.self_signed(&key).unwrap();
            let got = Validity::of(certificate.der()).map(|validity| (validity.from, validity.until));
            assert_eq!(got, Some(expect));
        };
        check((2026, 1, 1), (2026, 4, 1), (1_767_225_600, 1_775_001_600));
        check((1975, 1, 1), (2049, 12, 31), (157_766_400, 2_524_521_600));
        // From 2050 on, the years have four digits.
        check((2049, 1, 1), (9999, 12, 31), (2_493_072_000, 253_402_214_400));
    }

    #[test]
    fn what_is_no_certificate() {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["a.test".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().to_vec();
        assert!(Validity::of(&der).is_some());
        for end in 0..der.len() {
            assert_eq!(Validity::of(&der[..end]), None, "cut at {end}");
        }
        assert_eq!(Validity::of(&[0x30, 0x80, 0, 0]), None, "a length that is not known");
    }
}
