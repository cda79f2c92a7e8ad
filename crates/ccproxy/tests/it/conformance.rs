//! Every plugin of the program keeps the contract of plugins.

use ccproxy::plugins::PLUGINS;
use ccproxy_testkit::conformance;

/// A section for each kind. `{upstream}` and `{secret}` are the suite's to fill in.
fn section(kind: &str) -> &'static str {
    match kind {
        "anthropic" => {
            "base_url = '{upstream}'\ncredentials = [{ value = '{secret}' }]\ntimeouts = { connect = '2s' }"
        }
        "openai" => {
            "base_url = '{upstream}/v1'\ncredentials = [{ value = '{secret}', name = 'one' }, '{secret}-two']\npool.strategy = 'round_robin'"
        }
        "openai-compatible" => {
            "base_url = '{upstream}/v1'\ncredentials = [{ value = '{secret}' }]\ndialects = ['chat', 'responses']"
        }
        "simulator" => "latency = '1ms'\ntoken_rate = 1000",
        kind => panic!("{kind} is new: give it a section here"),
    }
}

#[tokio::test]
async fn every_plugin_conforms() {
    let mut kinds = Vec::new();
    for entry in PLUGINS {
        assert!(!kinds.contains(&entry.kind), "{} is there twice", entry.kind);
        kinds.push(entry.kind);
        conformance::check(entry, section(entry.kind)).await;
    }
    assert!(kinds.len() >= 3, "{kinds:?}");
}
