//! Requests of OpenAI's legacy text completions.

use ccproxy_wire::Family;
use serde::Deserialize;

use super::chat::{StreamOptions, Texts, choices};
use super::{Ask, Choice, Format, Said, limit, read, required, weight};
use crate::problem::Problem;

/// The vendor's own limit where a request has none.
const DEFAULT_TOKENS: u64 = 16;

/// A request, and what only this operation has.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    /// How many choices to answer.
    pub(crate) choices: usize,
    /// Whether a stream tells its usage.
    pub(crate) include_usage: bool,
}

#[derive(Debug, Deserialize)]
struct Raw {
    model: Option<String>,
    prompt: Option<Texts>,
    max_tokens: Option<u64>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    stop: Option<Texts>,
    n: Option<usize>,
}

impl Request {
    /// Reads `POST completions`.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let family = Family::OpenAi;
        let raw: Raw = read(family, body)?;
        let prompt = Texts::list(Some(required(family, "prompt", raw.prompt)?));
        let ask = Ask {
            model: required(family, "model", raw.model)?,
            stream: raw.stream.unwrap_or(false),
            said: Said::Prompt(prompt.last().cloned().unwrap_or_default()),
            tools: Vec::new(),
            choice: Choice::None,
            parallel: false,
            thinking: false,
            format: Format::Text,
            max_tokens: Some(limit(family, "max_tokens", raw.max_tokens)?.unwrap_or(DEFAULT_TOKENS)),
            stop: Texts::list(raw.stop),
            input_tokens: weight::input_tokens(body),
        };
        let include_usage = raw.stream_options.and_then(|options| options.include_usage).unwrap_or(false);
        Ok(Self { ask, choices: choices(raw.n)?, include_usage })
    }
}
