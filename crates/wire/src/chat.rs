//! OpenAI Chat Completions, and what others have added to it.
//!
//! Sources: the API reference of `POST /v1/chat/completions` and of its chunks (developers.openai.com/api/reference), as the
//! official Python SDK 3.54 (November 2026) types them; "Reasoning tokens" of openrouter.ai/docs for `reasoning` and
//! `reasoning_details`; "Thinking mode" of api-docs.deepseek.com for `reasoning_content`; what vLLM, Ollama, Groq and
//! OpenRouter send, as reports in their repositories show it.
//!
//! What is read is tolerant: no field has to be there, unknown ones are passed over, and of a part whose type is not known
//! only the `type` is kept. What is written has every field that the SDKs' types require.

pub mod answer;
pub mod body;
pub mod event;
mod loose;
pub mod message;
pub mod request;
pub mod tool;
