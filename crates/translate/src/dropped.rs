//! What could not be carried over: named to the client, never lost in silence.

use std::collections::BTreeSet;
use std::fmt;

use ccproxy_wire::Dialect;

/// What a writer calls a field, whose client says it in another word; by Messages, Chat Completions and Responses. Where
/// nothing is said the word is the same.
const WORDS: [(&str, [&str; 3]); 14] = [
    ("stop", ["stop_sequences", "", ""]),
    ("response_format", ["output_config.format", "", "text.format"]),
    ("reasoning", ["thinking", "reasoning_effort", ""]),
    ("verbosity", ["", "", "text.verbosity"]),
    ("logprobs", ["", "", "top_logprobs"]),
    ("logprobs.included", ["", "", "include.message.output_text.logprobs"]),
    ("cache_control", ["", "messages.content.cache_control", "input.prompt_cache_breakpoint"]),
    ("system.content", ["", "messages.content", "input.content"]),
    ("content", ["messages.content", "messages.content", "input.content"]),
    ("content.text.citations", ["messages.content.citations", "messages.annotations", "input.annotations"]),
    ("content.thinking", ["messages.content.thinking", "messages.reasoning_content", "input.reasoning"]),
    ("content.image", ["messages.content.image", "messages.content.image_url", "input.input_image"]),
    ("content.document", ["messages.content.document", "messages.content.file", "input.input_file"]),
    ("content.audio", ["messages.content.audio", "messages.content.input_audio", "input.input_audio"]),
];

/// A writer's word for a field in the client's, with what is within it.
pub(crate) fn word(client: Dialect, field: &str) -> String {
    let own = |[messages, chat, responses]: &[&'static str; 3]| match client {
        Dialect::Messages => *messages,
        Dialect::Chat => *chat,
        Dialect::Responses => *responses,
    };
    let within =
        |name: &str| field.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('.'));
    // The longest one: some are the beginning of others.
    let known = WORDS.iter().rev().find_map(|(name, words)| Some((own(words), within(name)?)));
    match known.filter(|(word, _)| !word.is_empty()) {
        Some((word, rest)) => format!("{word}{rest}"),
        None => field.to_owned(),
    }
}

/// The most names that are told; the others are counted.
const TOLD: usize = 24;

/// The fields of a request that its provider's dialect has no place for, by their path in the client's dialect, such as
/// `logit_bias` or `tools.web_search`. Each is named once, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped(BTreeSet<String>);

impl Dropped {
    /// Whether everything was carried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Notes a field. What would not be one line of a header is made so.
    pub(crate) fn note(&mut self, field: impl AsRef<str>) {
        let plain = |byte: char| if byte.is_ascii_graphic() && byte != ',' { byte } else { '_' };
        self.0.insert(field.as_ref().chars().take(64).map(plain).collect());
    }

    /// Adds what a writer has noted, in the words of the client.
    pub(crate) fn add(&mut self, written: &Self, client: Dialect) {
        written.names().for_each(|name| self.note(word(client, name)));
    }

    /// Notes a field if it is there.
    pub(crate) fn note_some<T>(&mut self, field: &str, value: Option<&T>) {
        if value.is_some() {
            self.note(field);
        }
    }
}

/// The value of the header `x-ccproxy-dropped`.
impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().take(TOLD).enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        match self.0.len().checked_sub(TOLD) {
            Some(more) if more > 0 => write!(f, ", and_{more}_more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let check = |field: &str, expect: [&str; 3]| {
            let clients = [Dialect::Messages, Dialect::Chat, Dialect::Responses];
            assert_eq!(clients.map(|client| word(client, field)), expect);
        };
        check("seed", ["seed"; 3]);
        check("stop", ["stop_sequences", "stop", "stop"]);
        check("response_format", ["output_config.format", "response_format", "text.format"]);
        check("content", ["messages.content", "messages.content", "input.content"]);
        check("contents", ["contents"; 3]);
        check("logprobs", ["logprobs", "logprobs", "top_logprobs"]);
        check(
            "content.image.detail",
            [
                "messages.content.image.detail",
                "messages.content.image_url.detail",
                "input.input_image.detail",
            ],
        );
    }

    #[test]
    fn header_values() {
        let check = |names: &[&str], expect: &str| {
            let mut dropped = Dropped::default();
            names.iter().for_each(|name| dropped.note(name));
            assert_eq!(dropped.to_string(), expect);
        };
        check(&[], "");
        check(&["seed", "logit_bias", "seed"], "logit_bias, seed");
        check(&["a\r\nb: c", "ä,"], "__, a__b:_c");
        let many: Vec<String> = (10..40).map(|n| format!("f{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let mut dropped = Dropped::default();
        many.iter().for_each(|name| dropped.note(name));
        assert!(dropped.to_string().ends_with("f33, and_6_more"), "{dropped}");
    }
}
