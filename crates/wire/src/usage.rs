//! Token counts, read from the side as an answer goes by.

use std::sync::LazyLock;

use memchr::memmem::{Finder, FinderRev};
use serde::Deserialize;

/// Tokens that an exchange used; `None` where the provider did not say.
///
/// The vendors count differently: Anthropic leaves cached tokens out of its input figure, OpenAI counts them in.
/// Here `input` is always the whole of the prompt, as OpenTelemetry's `gen_ai.usage.input_tokens` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub input: Option<u64>,
    /// Tokens generated, reasoning included.
    pub output: Option<u64>,
    /// Of the input: read from the provider's prompt cache.
    pub cache_read: Option<u64>,
    /// Of the input: written to the provider's prompt cache.
    pub cache_write: Option<u64>,
    /// Of the output: spent on reasoning.
    pub reasoning: Option<u64>,
}

/// The counts under all names that the dialects give them.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct RawUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    // No aliases: some servers send both names, and then say nothing under one of them.
    prompt_tokens_details: Option<InputDetails>,
    input_tokens_details: Option<InputDetails>,
    completion_tokens_details: Option<OutputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
    /// Anthropic's word.
    thinking_tokens: Option<u64>,
}

impl RawUsage {
    /// Takes over what a later report says; Messages splits its counts over the first and the last event.
    pub(crate) fn update(&mut self, later: Self) {
        let newer = |old: &mut Option<u64>, new: Option<u64>| *old = new.or(*old);
        newer(&mut self.input_tokens, later.input_tokens);
        newer(&mut self.output_tokens, later.output_tokens);
        newer(&mut self.prompt_tokens, later.prompt_tokens);
        newer(&mut self.completion_tokens, later.completion_tokens);
        newer(&mut self.total_tokens, later.total_tokens);
        newer(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        newer(&mut self.cache_creation_input_tokens, later.cache_creation_input_tokens);
        self.prompt_tokens_details = later.input_details().or(self.input_details());
        self.completion_tokens_details = later.output_details().or(self.output_details());
    }

    fn input_details(&self) -> Option<InputDetails> {
        self.prompt_tokens_details.or(self.input_tokens_details)
    }

    fn output_details(&self) -> Option<OutputDetails> {
        self.completion_tokens_details.or(self.output_tokens_details)
    }

    fn beside_prompt(&self) -> Option<u64> {
        self.completion_tokens.and(self.total_tokens?.checked_sub(self.prompt_tokens?))
    }

    pub(crate) fn counts(self) -> Usage {
        let cached = [self.cache_read_input_tokens, self.cache_creation_input_tokens];
        let whole_input = |input: u64| cached.into_iter().flatten().fold(input, u64::saturating_add);
        // xAI and Gemini leave reasoning out of the completion, but not out of the total.
        let generated = self.completion_tokens.max(self.beside_prompt());
        Usage {
            // Where a server tells a count under both names, one of them may be a 0 that means nothing.
            input: self.input_tokens.map(whole_input).max(self.prompt_tokens),
            output: self.output_tokens.max(generated),
            cache_read: self
                .cache_read_input_tokens
                .or_else(|| self.input_details().and_then(|details| details.cached_tokens)),
            cache_write: self
                .cache_creation_input_tokens
                .or_else(|| self.input_details().and_then(|details| details.cache_write_tokens)),
            reasoning: self
                .output_details()
                .and_then(|details| details.reasoning_tokens.or(details.thinking_tokens)),
        }
    }
}

/// Searches that are prepared once: most events of a stream hold no usage, and finding that out is all they cost.
static KEY: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"\"usage\""));
static KEY_FROM_END: LazyLock<FinderRev<'_>> = LazyLock::new(|| FinderRev::new(b"\"usage\""));

#[derive(Deserialize)]
struct Holder {
    usage: Option<RawUsage>,
}

/// The places in which an answer or an event tells its usage.
#[derive(Deserialize)]
struct Answer {
    usage: Option<RawUsage>,
    message: Option<Holder>,
    response: Option<Holder>,
}

/// Reads the usage that an answer body or an event's data tells, if it does.
pub(crate) fn find(json: &[u8]) -> Option<RawUsage> {
    KEY.find(json)?;
    let answer: Answer = serde_json::from_slice(json).ok()?;
    answer
        .usage
        .or_else(|| answer.message.and_then(|holder| holder.usage))
        .or_else(|| answer.response.and_then(|holder| holder.usage))
}

/// Reads a usage that stands near the end of an answer, as the vendors have it, without reading all before it.
///
/// A key of the same name may stand in what a model wrote. The root's is told apart by what follows it: from there to
/// the end of the answer exactly one object closes, the root itself.
fn find_last(json: &[u8]) -> Option<RawUsage> {
    let at = KEY_FROM_END.rfind(json)?;
    let value = json.get(at + KEY.needle().len()..)?.trim_ascii_start().strip_prefix(b":")?;
    let mut values = serde_json::Deserializer::from_slice(value).into_iter::<RawUsage>();
    let usage = values.next()?.ok()?;
    let rest = value.get(values.byte_offset()..)?;
    (closing(rest) == 1).then_some(usage)
}

/// How many more brackets close than open; strings do not count.
fn closing(json: &[u8]) -> i32 {
    let (mut closing, mut in_string, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'}' | b']' if !in_string => closing += 1,
            b'{' | b'[' if !in_string => closing -= 1,
            _ => {}
        }
    }
    closing
}

impl Usage {
    /// Reads the usage of a whole answer.
    #[must_use]
    pub fn of_answer(json: &[u8]) -> Self {
        find_last(json).or_else(|| find(json)).unwrap_or_default().counts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let check = |json: &str, expect: [Option<u64>; 5]| {
            let usage = Usage::of_answer(json.as_bytes());
            assert_eq!(
                [usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning],
                expect,
                "{json}"
            );
        };
        check(
            r#"{"usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":5,"output_tokens":7}}"#,
            [Some(115), Some(7), Some(100), Some(5), None],
        );
        check(
            r#"{"usage":{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}"#,
            [Some(10), Some(7), Some(4), None, Some(3)],
        );
        check(
            r#"{"response":{"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3}}}}"#,
            [Some(10), Some(7), Some(4), None, Some(3)],
        );
        check(
            r#"{"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"output_tokens":7}}"#,
            [Some(10), Some(7), Some(4), Some(2), None],
        );
        check(
            r#"{"message":{"usage":{"input_tokens":3,"output_tokens":1}}}"#,
            [Some(3), Some(1), None, None, None],
        );
        check(
            r#"{"content":[{"input":{"usage":{"input_tokens":1,"output_tokens":1}}}],"usage":{"input_tokens":3,"output_tokens":4},"x":"}\"{"}"#,
            [Some(3), Some(4), None, None, None],
        );
        check(
            r#"{"usage":{"input_tokens":3,"output_tokens":4},"content":[{"input":{"usage":{"input_tokens":1,"output_tokens":1}}}]}"#,
            [Some(3), Some(4), None, None, None],
        );
        check(
            r#"{"usage":{"prompt_tokens":10,"completion_tokens":7,"input_tokens":0,"output_tokens":0,"prompt_tokens_details":{"cached_tokens":4},"input_tokens_details":null}}"#,
            [Some(10), Some(7), Some(4), None, None],
        );
        check(
            r#"{"usage":{"prompt_tokens":663,"completion_tokens":50,"total_tokens":837,"completion_tokens_details":{"reasoning_tokens":124}}}"#,
            [Some(663), Some(174), None, None, Some(124)],
        );
        check(
            r#"{"usage":{"prompt_tokens":9,"completion_tokens":7,"total_tokens":0}}"#,
            [Some(9), Some(7), None, None, None],
        );
        check(r#"{"usage":{"prompt_tokens":9,"total_tokens":9}}"#, [Some(9), None, None, None, None]);
        check(
            r#"{"usage":{"input_tokens":18446744073709551615,"cache_read_input_tokens":1}}"#,
            [Some(u64::MAX), None, Some(1), None, None],
        );
        check(
            r#"{"usage":{"input_tokens":1,"output_tokens":9,"output_tokens_details":{"thinking_tokens":8}}}"#,
            [Some(1), Some(9), None, None, Some(8)],
        );
        check(r#"{"content":[{"input":{"usage":{"input_tokens":1}}}]}"#, [None; 5]);
        check(r#"{"text":"\"usage\": {\"input_tokens\": 1}"}"#, [None; 5]);
        check(r#"{"usage":null}"#, [None; 5]);
        check("nonsense", [None; 5]);
    }
}
