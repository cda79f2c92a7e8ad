//! A custom tool's input, free text, as the argument of a function: `{"input":"…"}`.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::tools::INPUT;

#[derive(Serialize, Deserialize)]
struct Arguments<'a> {
    input: Cow<'a, str>,
}

static SCHEMA: LazyLock<Box<RawValue>> = LazyLock::new(|| {
    let json = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;
    RawValue::from_string(json.to_owned()).unwrap_or_default()
});

/// The schema of the function.
pub(crate) fn schema() -> &'static RawValue {
    &SCHEMA
}

/// The description of the function: the tool's, and in words what its input has to look like.
pub(crate) fn description<'a>(described: Option<&'a str>, format: Option<&RawValue>) -> Option<Cow<'a, str>> {
    match format.and_then(grammar) {
        Some(grammar) => Some(format!("{}{grammar}", described.unwrap_or_default()).into()),
        None => described.map(Cow::Borrowed),
    }
}

/// Chat has the grammar in an object of its own.
fn grammar(format: &RawValue) -> Option<String> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Format {
        grammar: Option<Box<Self>>,
        syntax: Option<String>,
        definition: Option<String>,
    }

    let format: Format = serde_json::from_str(format.get()).ok()?;
    let Format { syntax, definition, .. } = format.grammar.map_or_else(
        || Format { grammar: None, syntax: format.syntax, definition: format.definition },
        |grammar| *grammar,
    );
    let (syntax, definition) = (syntax.unwrap_or_default(), definition?);
    Some(format!("\n\nThe input has to match this grammar ({syntax}):\n{definition}"))
}

/// The arguments of the function.
pub(crate) fn pack(input: &str) -> String {
    serde_json::to_string(&Arguments { input: input.into() }).unwrap_or_default()
}

/// The input of the custom tool.
pub(crate) fn unpack(arguments: &str) -> String {
    let mut unpacker = Unpacker::default();
    let mut input = unpacker.push(arguments);
    input.push_str(&unpacker.finish());
    input
}

/// Arguments of another form are all input: the model has left the form out.
fn odd(arguments: &str) -> String {
    serde_json::from_str::<Arguments<'_>>(arguments)
        .map_or_else(|_| arguments.to_owned(), |arguments| arguments.input.into_owned())
}

/// Takes the input out of arguments that come in pieces.
#[derive(Debug, Default)]
pub(crate) struct Unpacker {
    /// What has come and not gone.
    held: String,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Before,
    Inside,
    After,
    /// The arguments have another form; they are looked at when all of them are there.
    Odd,
}

impl Unpacker {
    /// Takes the next piece and gives the input that is in it.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.state == State::After {
            return String::new();
        }
        self.held.push_str(piece);
        if self.state == State::Before {
            match opening(&self.held) {
                Opening::Incomplete => return String::new(),
                Opening::Odd => self.state = State::Odd,
                Opening::Ends(at) => {
                    self.held.drain(..at);
                    self.state = State::Inside;
                }
            }
        }
        if self.state == State::Inside { self.inside() } else { String::new() }
    }

    /// Takes the end and gives the rest of the input.
    pub(crate) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        match std::mem::replace(&mut self.state, State::After) {
            State::Before | State::Odd => odd(&held),
            State::Inside | State::After => String::new(),
        }
    }

    fn inside(&mut self) -> String {
        let mut out = String::new();
        let mut rest = self.held.as_str();
        while let Some(at) = rest.find(['"', '\\']) {
            let (plain, tail) = rest.split_at(at);
            out.push_str(plain);
            rest = tail;
            if tail.starts_with('"') {
                self.state = State::After;
                rest = "";
                break;
            }
            let Some(length) = escape_length(tail) else { break };
            let (escape, tail) = tail.split_at(length);
            out.push_str(&unescape(escape));
            rest = tail;
        }
        if !rest.starts_with('\\') {
            out.push_str(rest);
            rest = "";
        }
        self.held = rest.to_owned();
        out
    }
}

enum Opening {
    Incomplete,
    Odd,
    Ends(usize),
}

/// How the arguments begin: with `{"input":"`, and white space anywhere.
fn opening(text: &str) -> Opening {
    let mut rest = text;
    for token in ["{", "\"", INPUT, "\"", ":", "\""] {
        // Within the quotes of the key there is no white space to skip.
        let begun = if token == INPUT { rest } else { rest.trim_ascii_start() };
        match begun.strip_prefix(token) {
            Some(tail) => rest = tail,
            None if token.starts_with(begun) => return Opening::Incomplete,
            None => return Opening::Odd,
        }
    }
    Opening::Ends(text.len() - rest.len())
}

/// How long the escape is that the text begins with, once all of it is there.
fn escape_length(text: &str) -> Option<usize> {
    let kind = text.chars().nth(1)?;
    if kind != 'u' {
        return Some(1 + kind.len_utf8());
    }
    let unit = text.get(2..6);
    let high = unit.is_some_and(|unit| u16::from_str_radix(unit, 16).is_ok_and(|unit| unit >> 10 == 0x36));
    let length = if high && !pair_is_missing(text) { 12 } else { 6 };
    (text.len() >= length).then(|| text.floor_char_boundary(length))
}

/// Whether what follows the first half of a pair is already known not to be the other.
fn pair_is_missing(text: &str) -> bool {
    let second = text.get(6..).unwrap_or_default();
    !second.starts_with("\\u") && !"\\u".starts_with(second)
}

fn unescape(escape: &str) -> String {
    serde_json::from_str(&format!("\"{escape}\"")).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(parts: &[&str]) -> String {
        let mut unpacker = Unpacker::default();
        let mut out: String = parts.iter().map(|part| unpacker.push(part)).collect();
        out.push_str(&unpacker.finish());
        out
    }

    #[test]
    fn packing() {
        let check = |input: &str| assert_eq!(unpack(&pack(input)), input);
        check("");
        check("*** Begin \"Patch\"\n\\ \u{1f980}");
        assert_eq!(unpack("just text"), "just text");
        assert_eq!(unpack(r#"{"x":1,"input":"i"}"#), "i");
    }

    #[test]
    fn descriptions() {
        let check = |described, format: &str, expect: Option<&str>| {
            let format = RawValue::from_string(format.to_owned()).unwrap();
            assert_eq!(description(described, Some(&format)).as_deref(), expect, "{format}");
        };
        check(Some("d"), r#"{"type":"text"}"#, Some("d"));
        check(None, r#"{"type":"text"}"#, None);
        let expect = "d\n\nThe input has to match this grammar (lark):\nstart: x";
        check(Some("d"), r#"{"type":"grammar","syntax":"lark","definition":"start: x"}"#, Some(expect));
        check(
            Some("d"),
            r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"start: x"}}"#,
            Some(expect),
        );
    }

    #[test]
    fn odd_arguments() {
        let check = |parts: &[&str], expect: &str| assert_eq!(pieces(parts), expect, "{parts:?}");
        check(&[], "");
        check(&["{\"inp", "ut\" : \"a\\", "nb\" }"], "a\nb");
        check(&["{ \"other\":1,", "\"input\":\"i\"}"], "i");
        check(&["text \"", "and\" text"], "text \"and\" text");
        check(&["{\"input\":\"cut"], "cut");
        check(&["{\"input\":\"\\ud83e", "\\udd80!\"}"], "\u{1f980}!");
        check(&["{\"input\":\"\\ud83e", "lone\"}"], "\u{fffd}lone");
        check(&["{\"input\":\"\\u12"], "");
        check(&["{\"input\":\"\\u12é4x\"}"], "\u{fffd}4x");
        check(&["{\"input\":7}"], "{\"input\":7}");
    }

    proptest! {
        #[test]
        fn splits_do_not_matter(text in "(\\PC|[\"\\\\\n\u{1f980}]){0,30}", cuts in prop::collection::vec(0usize..80, 0..6)) {
            let json = pack(&text);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| json.floor_char_boundary(cut.min(json.len()))).collect();
            cuts.extend([0, json.len()]);
            cuts.sort_unstable();
            let parts: Vec<&str> = cuts.windows(2).map(|pair| &json[pair[0]..pair[1]]).collect();
            prop_assert_eq!(pieces(&parts), text);
        }
    }
}
