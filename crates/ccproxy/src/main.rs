//! An LLM proxy that tells the truth about its health.

fn main() {}
