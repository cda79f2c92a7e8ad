//! Provider kinds openai and openai-compatible.
