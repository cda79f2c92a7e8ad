//! Vectors made from a hash of the text: equal texts have equal vectors, and that is all they mean.

use serde::Serialize;

use crate::ids::base64;
use crate::request::embeddings::Request;

#[derive(Debug, Serialize)]
pub(crate) struct List<'a> {
    object: &'static str,
    data: Vec<Embedding>,
    model: &'a str,
    usage: Usage,
}

#[derive(Debug, Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<f32>),
    /// Base64 of the numbers, four bytes each, little-endian.
    Base64(String),
}

#[derive(Debug, Serialize)]
struct Usage {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// A vector for each text.
pub(crate) fn list(request: &Request) -> List<'_> {
    let embedding = |(index, input): (usize, &String)| {
        let numbers = vector(input, request.dimensions);
        let embedding = if request.base64 {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            Vector::Base64(base64(&bytes))
        } else {
            Vector::Numbers(numbers)
        };
        Embedding { object: "embedding", index, embedding }
    };
    List {
        object: "list",
        data: request.inputs.iter().enumerate().map(embedding).collect(),
        model: &request.model,
        usage: Usage { prompt_tokens: request.input_tokens, total_tokens: request.input_tokens },
    }
}

/// A vector of length 1.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut reader = blake3::Hasher::new().update(text.as_bytes()).finalize_xof();
    let mut bytes = [0; 2];
    let mut numbers: Vec<f32> = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        reader.fill(&mut bytes);
        // Odd, so that no number and no length is ever 0.
        numbers.push(f32::from(i16::from_le_bytes(bytes) | 1));
    }
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    numbers.iter_mut().for_each(|number| *number /= length);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_and_depend_on_the_text() {
        let length = |vector: &[f32]| vector.iter().map(|number| number * number).sum::<f32>();
        for dimensions in [1, 256, 3072] {
            let one = vector("one", dimensions);
            assert_eq!(one.len(), dimensions);
            assert!((length(&one) - 1.0).abs() < 1e-4);
            assert_eq!(one, vector("one", dimensions));
        }
        assert_ne!(vector("one", 8), vector("two", 8));
    }
}
