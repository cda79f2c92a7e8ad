//! The calls of a provider's stream that are not yet whole.

use std::borrow::Cow;

use ccproxy_wire::chat::message::ToolCall as Asked;

use super::D;
use super::answer::made_id;
use crate::delta::{Delta, Kind, Piece};
use crate::error::Error;

/// No answer has more calls, nor longer arguments before their name.
const MAX_CALLS: usize = 1024;
const MAX_HELD: usize = 16 * 1024 * 1024;

/// Tells steps, and counts the parts.
pub(super) struct Emit<'e> {
    pub(super) parts: &'e mut usize,
    pub(super) each: &'e mut (dyn FnMut(Delta<'_>) + 'e),
}

impl Emit<'_> {
    pub(super) fn open(&mut self, kind: Kind<'_>) -> usize {
        let part = *self.parts;
        *self.parts += 1;
        (self.each)(Delta::Open(part, kind));
        part
    }

    pub(super) fn add(&mut self, part: usize, piece: Piece<'_>) {
        (self.each)(Delta::Add(part, piece));
    }

    pub(super) fn close(&mut self, part: usize) {
        (self.each)(Delta::Close(part));
    }
}

/// All that there have been.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

impl Calls {
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) fn take(&mut self, asked: Asked<'_>, emit: &mut Emit<'_>) -> Result<(), Error> {
        let at = self.place(&asked).unwrap_or_else(|| {
            self.close_whole(emit);
            self.0.push(Call { index: asked.index, ..Call::default() });
            self.0.len() - 1
        });
        let newest = at + 1 == self.0.len();
        if let Some(call) = self.0.get_mut(at) {
            call.more(asked, emit);
            // The others do not wait for the end.
            if !newest {
                call.close_if_whole(emit);
            }
        }
        let held: usize = self.0.iter().map(|call| call.held.len()).sum();
        if self.0.len() > MAX_CALLS || held > MAX_HELD {
            Err(broken("too many calls of tools"))
        } else {
            Ok(())
        }
    }

    /// The call of which this is more: by its id or its number, or else the last one.
    fn place(&self, asked: &Asked<'_>) -> Option<usize> {
        let id = asked.id.as_deref().filter(|id| !id.is_empty());
        let by_id = || self.0.iter().rposition(|call| id == Some(&*call.id));
        let by_number = || match asked.index {
            Some(_) => self.0.iter().rposition(|call| call.index == asked.index),
            None => self.0.len().checked_sub(1),
        };
        let goes_on = |at: &usize| self.0.get(*at).is_some_and(|call| call.goes_on_with(asked));
        by_id().or_else(|| by_number().filter(goes_on))
    }

    /// Something else begins.
    pub(super) fn close_whole(&mut self, emit: &mut Emit<'_>) {
        self.0.iter_mut().for_each(|call| call.close_if_whole(emit));
    }

    /// No more will come.
    pub(super) fn finish(&mut self, answer: &str, emit: &mut Emit<'_>) -> Result<(), Error> {
        for (n, call) in self.0.iter_mut().enumerate().filter(|(_, call)| !call.closed) {
            if !call.finish(answer, n, emit) {
                return Err(broken("a call lacks its name"));
            }
        }
        Ok(())
    }
}

fn broken(message: &str) -> Error {
    Error::Answer { dialect: D, message: message.to_owned() }
}

/// A call. It is told as soon as its id and its name are known.
#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    custom: bool,
    part: Option<usize>,
    /// Arguments that came before the id or the name.
    held: String,
    json: Json,
    closed: bool,
}

impl Call {
    /// Whether this is more of the call and not another one: some servers number all of them alike, or none.
    fn goes_on_with(&self, asked: &Asked<'_>) -> bool {
        let id = asked.id.as_deref().filter(|id| !id.is_empty());
        if let Some(id) = id {
            return self.id.is_empty() || self.id == id;
        }
        // Others repeat the name each time.
        let function = asked.function.as_ref().filter(|_| self.json == Json::Over);
        !function.is_some_and(|function| function.name.is_some() && !function.text().trim().is_empty())
    }

    fn more(&mut self, asked: Asked<'_>, emit: &mut Emit<'_>) {
        if self.closed {
            return;
        }
        self.custom |= asked.custom.is_some();
        let name = asked.function.as_ref().and_then(|function| function.name.as_deref());
        let name = name.or(asked.custom.as_ref().and_then(|custom| custom.name.as_deref()));
        for (own, told) in [(&mut self.id, asked.id.as_deref()), (&mut self.name, name)] {
            if own.is_empty() {
                told.unwrap_or_default().clone_into(own);
            }
        }
        self.open(emit);
        let function = asked.function.map(|function| function.text()).unwrap_or_default();
        let input = asked.custom.and_then(|custom| custom.input);
        self.arguments(input.as_deref().unwrap_or(&function), emit);
    }

    fn open(&mut self, emit: &mut Emit<'_>) {
        if self.part.is_some() || self.id.is_empty() || self.name.is_empty() {
            return;
        }
        let (id, name) = (Cow::Borrowed(&*self.id), Cow::Borrowed(&*self.name));
        let part = emit.open(Kind::ToolCall { id, name, custom: self.custom });
        self.part = Some(part);
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            emit.add(part, Piece::Arguments(held.into()));
        }
    }

    fn arguments(&mut self, text: &str, emit: &mut Emit<'_>) {
        if text.is_empty() {
            return;
        }
        self.json = self.json.after(text);
        match self.part {
            Some(part) => emit.add(part, Piece::Arguments(text.into())),
            None => self.held.push_str(text),
        }
    }

    /// Ends the call if its arguments are whole; no more will come of it then.
    fn close_if_whole(&mut self, emit: &mut Emit<'_>) {
        if self.json == Json::Over && !self.custom {
            self.close(emit);
        }
    }

    fn close(&mut self, emit: &mut Emit<'_>) {
        if let Some(part) = self.part.filter(|_| !self.closed) {
            self.closed = true;
            emit.close(part);
        }
    }

    /// Ends the call. One that has no id by now gets one; false if it has no name.
    fn finish(&mut self, answer: &str, n: usize, emit: &mut Emit<'_>) -> bool {
        if self.id.is_empty() {
            self.id = made_id(answer, n);
        }
        self.open(emit);
        if self.json == Json::Before && !self.custom && !self.closed {
            self.arguments("{}", emit);
        }
        self.close(emit);
        self.closed
    }
}

/// How far arguments have come, which are one object.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Json {
    #[default]
    Before,
    Within {
        depth: u32,
        string: bool,
        escaped: bool,
    },
    Over,
    /// They are none, or there is something after it.
    Odd,
}

impl Json {
    fn after(self, text: &str) -> Self {
        text.bytes().fold(self, Self::then)
    }

    fn then(self, byte: u8) -> Self {
        let within = |depth| Self::Within { depth, string: false, escaped: false };
        match (self, byte) {
            (Self::Before | Self::Over, b' ' | b'\n' | b'\r' | b'\t') => self,
            (Self::Before, b'{') => within(1),
            (Self::Before | Self::Over | Self::Odd, _) => Self::Odd,
            (Self::Within { depth, string: true, escaped }, byte) => {
                Self::Within { depth, string: escaped || byte != b'"', escaped: !escaped && byte == b'\\' }
            }
            (Self::Within { depth, .. }, b'"') => Self::Within { depth, string: true, escaped: false },
            (Self::Within { depth, .. }, b'{' | b'[') => within(depth.saturating_add(1)),
            (Self::Within { depth: 1, .. }, b'}' | b']') => Self::Over,
            (Self::Within { depth, .. }, b'}' | b']') => within(depth.saturating_sub(1)),
            (Self::Within { .. }, _) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_are_whole() {
        let check = |pieces: &[&str], expect: bool| {
            let json = pieces.iter().fold(Json::default(), |json, piece| json.after(piece));
            assert_eq!(json == Json::Over, expect, "{pieces:?}");
        };
        check(&["{}"], true);
        check(&[" {\"a\"", ":[{}, \"}\\\"", "}\"]} \n"], true);
        check(&["{\"a\":\"\\\\\"}"], true);
        check(&["{\"a\":\"\\", "\"}"], false);
        check(&[], false);
        check(&["{\"a\":{}"], false);
        check(&["{} {"], false);
        check(&["null"], false);
    }
}
