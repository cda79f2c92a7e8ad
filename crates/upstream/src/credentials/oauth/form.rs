//! Bodies of `application/x-www-form-urlencoded`.

use std::fmt::Write as _;

use bytes::Bytes;

#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    pub(super) fn pair(&mut self, name: &str, value: &str) -> &mut Self {
        let and = if self.0.is_empty() { "" } else { "&" };
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{and}{name}={}", encoded(value));
        self
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into()
    }
}

/// A value as a form has it.
pub(super) fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => text.push(byte.into()),
            b' ' => text.push('+'),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent() {
        let mut form = Form::default();
        form.pair("scope", "a b/c").pair("secret", "x+y&z=é~");
        assert_eq!(form.into_bytes(), "scope=a+b%2Fc&secret=x%2By%26z%3D%C3%A9%7E");
    }
}
