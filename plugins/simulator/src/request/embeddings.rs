//! Requests of OpenAI Embeddings.

use ccproxy_wire::Family;
use serde::Deserialize;

use super::{read, required, weight};
use crate::problem::Problem;

/// Numbers of a vector where the request names none.
const DIMENSIONS: usize = 256;
const MOST_DIMENSIONS: usize = 3072;
/// The vendor's limit of texts in a request.
const MOST_INPUTS: usize = 2048;

/// What is to be embedded, and how.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) model: String,
    /// One key for every vector: equal keys have equal vectors.
    pub(crate) inputs: Vec<String>,
    pub(crate) dimensions: usize,
    pub(crate) base64: bool,
    pub(crate) input_tokens: u64,
}

#[derive(Debug, Deserialize)]
struct Raw {
    model: Option<String>,
    input: Option<Input>,
    dimensions: Option<usize>,
    encoding_format: Option<Encoding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Float,
    Base64,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "must be a string, a list of strings, or tokens")]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u32>),
    TokenLists(Vec<Vec<u32>>),
}

impl Request {
    /// Reads `POST embeddings`.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Problem> {
        let family = Family::OpenAi;
        let raw: Raw = read(family, body)?;
        let inputs = match required(family, "input", raw.input)? {
            Input::Text(text) => vec![text],
            Input::Texts(texts) => texts,
            Input::Tokens(tokens) => vec![format!("{tokens:?}")],
            Input::TokenLists(lists) => lists.iter().map(|tokens| format!("{tokens:?}")).collect(),
        };
        if inputs.is_empty() || inputs.len() > MOST_INPUTS {
            return Err(Problem::value(family, "input", "must have between 1 and 2048 entries"));
        }
        let dimensions = raw.dimensions.unwrap_or(DIMENSIONS);
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            return Err(Problem::value(family, "dimensions", "must be between 1 and 3072"));
        }
        Ok(Self {
            model: required(family, "model", raw.model)?,
            inputs,
            dimensions,
            base64: raw.encoding_format == Some(Encoding::Base64),
            input_tokens: weight::input_tokens(body),
        })
    }
}
