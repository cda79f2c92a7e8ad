//! Anthropic Messages.
//!
//! Sources: the API reference of `POST /v1/messages` and of its streaming events (platform.claude.com/docs/en/api), as the
//! official Python SDK 2.12 (November 2026) types them, its betas included; what Claude Code 2.1.330 sends, as seen.
//!
//! What is read is tolerant: no field has to be there, unknown ones are passed over, and of a block whose type is not
//! known only the `type` is kept. What is written has every field that the SDKs' types require.

pub mod answer;
pub mod block;
pub mod body;
pub mod event;
pub mod request;
