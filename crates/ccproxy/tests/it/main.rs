//! The whole program against a scripted provider, seen from a plain socket.
//!
//! Every module is a topic. Nothing sleeps and hopes: what has to happen is waited for, with a deadline.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod access_log;
#[cfg(target_os = "linux")]
mod activation;
mod admission;
mod analytics;
mod auth;
mod books;
mod bytes;
#[cfg(target_os = "linux")]
mod chaos;
mod conformance;
mod connections;
mod credentials_oauth;
mod credentials_pool;
mod dashboard;
mod disconnect;
mod drain;
mod endings;
mod errors;
mod faults;
mod health;
mod instances;
mod limits;
mod management;
mod mapping;
mod metrics;
mod network;
#[cfg(target_os = "linux")]
mod opentelemetry;
mod passthrough;
mod records;
mod reload;
mod request_tracer;
mod routing;
#[cfg(target_os = "linux")]
mod security;
mod shared;
mod socket;
#[cfg(target_os = "linux")]
mod stalled;
mod stored;
mod streams;
mod support;
#[cfg(target_os = "linux")]
mod takeover;
#[cfg(target_os = "linux")]
mod terminal;
mod tls;
mod translation;
