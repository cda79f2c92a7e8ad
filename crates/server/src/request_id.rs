//! The id under which an exchange is logged and answered.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

/// Carries the id on every answer.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of clients are not taken over.
const MAX_LEN: usize = 128;

/// An id: the client's own if it sent a sane one, one of ours otherwise.
#[derive(Debug, Clone)]
pub(crate) enum RequestId {
    Client(HeaderValue),
    /// Hexadecimal digits; they stand here rather than on the heap because every request has them.
    Ours([u8; DIGITS]),
}

const DIGITS: usize = 32;

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(X_REQUEST_ID).filter(|value| is_sane(value)) {
            Some(value) => Self::Client(value.clone()),
            None => Self::Ours(ours()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Client(value) => value.to_str().unwrap_or_default(),
            Self::Ours(digits) => std::str::from_utf8(digits).unwrap_or_default(),
        }
    }

    /// Puts the id on an answer. A provider's own id stays where the client sent none: it is what the provider's
    /// support asks for.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        match self {
            Self::Client(value) => drop(headers.insert(X_REQUEST_ID, value.clone())),
            Self::Ours(digits) => {
                if let (false, Ok(value)) =
                    (headers.contains_key(X_REQUEST_ID), HeaderValue::from_bytes(digits))
                {
                    headers.insert(X_REQUEST_ID, value);
                }
            }
        }
    }
}

fn is_sane(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=MAX_LEN).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte))
}

/// A UUID of version 7 (RFC 9562) without its hyphens: the time, and enough chance to be the only one. Ids that follow each other
/// lie beside each other in an index of the store, where those of chance alone would take a page each.
fn ours() -> [u8; DIGITS] {
    const VERSION: u128 = 7 << 76;
    const VARIANT: u128 = 0b10 << 62;
    const FIXED: u128 = 0xf << 76 | 0b11 << 62;
    let millis = u128::try_from(Timestamp::now().as_millisecond()).unwrap_or_default();
    let chance = fastrand::u128(..) >> 48;
    let id = millis << 80 | chance & !FIXED | VERSION | VARIANT;
    std::array::from_fn(|at| {
        let digit = id >> (4 * (DIGITS - 1 - at)) & 15;
        b"0123456789abcdef".get(digit as usize).copied().unwrap_or(b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_id() {
        let check = |sent: &[u8], taken: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
            let id = RequestId::of(&headers);
            assert_eq!(id.as_str().as_bytes() == sent, taken, "{sent:?}");
            assert!(!id.as_str().is_empty());
        };
        check(b"my-req_1.2:3", true);
        check(b"", false);
        check(b"a b", false);
        check(b"\xff\xfe", false);
        check(&[b'a'; 129], false);
        assert_ne!(RequestId::of(&HeaderMap::new()).as_str(), RequestId::of(&HeaderMap::new()).as_str());
    }

    #[test]
    fn ours_are_of_version_7_and_in_the_order_of_time() {
        let id =
            |digits: [u8; DIGITS]| u128::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap();
        let (before, mine, after) = (Timestamp::now(), id(ours()), Timestamp::now());
        let millis = |time: Timestamp| u128::try_from(time.as_millisecond()).unwrap();
        assert!((millis(before)..=millis(after)).contains(&(mine >> 80)), "{mine:x}");
        assert_eq!((mine >> 76 & 15, mine >> 62 & 3), (7, 2), "{mine:x}");
    }
}
