//! Provider kind anthropic: the Messages API.
