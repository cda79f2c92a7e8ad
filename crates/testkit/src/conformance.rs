//! What every provider plugin owes the server, as one check.
//!
//! ```
//! # async fn example(entry: &'static ccproxy_plugin_api::PluginEntry) {
//! use ccproxy_testkit::conformance;
//!
//! let section = "base_url = '{upstream}'\ncredentials = [{ value = '{secret}' }]";
//! conformance::check(entry, section).await;
//! # }
//! ```
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a plugin that breaks the contract fails its test here"
)]

mod build;
mod calls;
mod schema;

use ccproxy_config::Section;
use ccproxy_plugin_api::{Built, Instance, PluginEntry};

use crate::ScriptedUpstream;

/// Stands for the base URL of the suite's upstream in a section.
const UPSTREAM: &str = "{upstream}";
/// Stands for the secret that must never come to light.
const SECRET: &str = "{secret}";
/// The secret; it looks like nobody's key, so that no scrubber knows it by its looks.
const PLANTED: &str = "planted-0f7c1e5a9b3d";

/// A plugin under test.
struct Subject {
    entry: &'static PluginEntry,
    /// The section as given, placeholders included.
    template: String,
}

impl Subject {
    /// The section's text with an upstream at `url`.
    fn toml(&self, url: &str) -> String {
        self.template.replace(UPSTREAM, url).replace(SECRET, PLANTED)
    }

    /// Whether the plugin talks to an upstream at all.
    fn has_upstream(&self) -> bool {
        self.template.contains(UPSTREAM)
    }

    fn kind(&self) -> &'static str {
        self.entry.kind
    }

    fn instance() -> Instance {
        Instance::new("conformance")
    }

    fn section(toml: &str) -> Section {
        Section::from_toml("providers.conformance", toml).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    fn build(&self, url: &str) -> Built {
        let section = Self::section(&self.toml(url));
        self.entry
            .build(&Self::instance(), &section)
            .unwrap_or_else(|mistakes| panic!("{} refuses its own section: {mistakes}", self.kind()))
    }
}

/// Checks a plugin against the contract, with a section that it must accept.
///
/// In the section `{upstream}` stands for the base URL of a scripted upstream, `{secret}` for a credential; a plugin
/// that answers by itself needs neither. What is checked:
///
/// - its schema is an object whose keys are all documented;
/// - unknown keys are refused with their place, and no mistake shows a secret;
/// - building needs no runtime and makes no connection;
/// - it speaks some dialect, and `supports` agrees with what it says it speaks;
/// - it brings checks, whose names differ, and whose outcomes show no secret;
/// - a dropped call, and a dropped answer, are cancelled at the upstream;
/// - an error shows no secret, whatever the upstream says.
///
/// # Panics
/// If the plugin breaks the contract.
pub async fn check(entry: &'static PluginEntry, section: &str) {
    let subject = Subject { entry, template: section.to_owned() };
    schema::check(&subject);
    build::check(&subject).await;
    let upstream = ScriptedUpstream::start().await.expect("a free port");
    let built = subject.build(&upstream.url());
    calls::dialects(&subject, &built);
    built.provider.start().await.unwrap_or_else(|error| panic!("{} does not start: {error}", subject.kind()));
    calls::answers(&subject, &built).await;
    calls::cancellation(&subject, &built, &upstream).await;
    calls::secrets(&subject, built, upstream).await;
}

/// Fails if a text shows the secret.
#[track_caller]
fn keeps_secret(subject: &Subject, what: &str, text: &str) {
    assert!(!text.contains(PLANTED), "{}: {what} shows a secret: {text}", subject.kind());
}
