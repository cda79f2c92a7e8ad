//! The HTTP client towards providers: pools, timeouts, credentials, cancellation.
