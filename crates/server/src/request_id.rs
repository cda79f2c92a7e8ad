//! The id under which an exchange is logged and answered.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Carries the id on every answer.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids of clients are not taken over.
const MAX_LEN: usize = 128;

/// An id: the client's own if it sent a sane one, a random one otherwise.
#[derive(Debug, Clone)]
pub(crate) enum RequestId {
    Client(HeaderValue),
    /// Hexadecimal digits; they stand here rather than on the heap because every request has them.
    Random([u8; DIGITS]),
}

const DIGITS: usize = 32;

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(X_REQUEST_ID).filter(|value| is_sane(value)) {
            Some(value) => Self::Client(value.clone()),
            None => Self::Random(random()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Client(value) => value.to_str().unwrap_or_default(),
            Self::Random(digits) => std::str::from_utf8(digits).unwrap_or_default(),
        }
    }

    /// Puts the id on an answer. A provider's own id stays where the client sent none: it is what the provider's
    /// support asks for.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        match self {
            Self::Client(value) => drop(headers.insert(X_REQUEST_ID, value.clone())),
            Self::Random(digits) => {
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

fn random() -> [u8; DIGITS] {
    let number = fastrand::u128(..);
    std::array::from_fn(|i| {
        b"0123456789abcdef".get((number >> (4 * i)) as usize & 15).copied().unwrap_or(b'0')
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
}
