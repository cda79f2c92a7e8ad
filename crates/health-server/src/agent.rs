//! HAProxy's agent-check.
