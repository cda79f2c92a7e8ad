use ccproxy_config::Sources;
use ccproxy_record::Tokens;

use super::*;

const PROVIDERS: &str = "[providers.a]\nkind = 'openai'\n[providers.b]\nkind = 'openai'\n";

fn prices(toml: &str) -> Prices {
    let sources = Sources::from_text("t.toml", format!("{toml}\n{PROVIDERS}"));
    Prices::new(&Settings::load(&sources).unwrap()).unwrap()
}

/// Names that clients and clouds use, by the name in the table.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "claude-sonnet-4-5",
        &[
            "claude-sonnet-4-5",
            "claude-sonnet-4-5-20250929",
            "claude-sonnet-4-5-latest",
            "claude-sonnet-4-5[1m]",
            "claude-sonnet-4-5@20250929",
            "claude-sonnet-4-5@default",
            "anthropic/claude-sonnet-4-5",
            "anthropic/claude-sonnet-4.5",
            "openrouter/anthropic/claude-sonnet-4.5",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-5@20250929",
        ],
    ),
    (
        "claude-sonnet-4",
        &[
            "claude-sonnet-4-20250514",
            "claude-sonnet-4-0",
            "claude-sonnet-4@20250514",
            "anthropic/claude-sonnet-4",
        ],
    ),
    ("claude-opus-4", &["claude-opus-4-20250514", "claude-opus-4-0"]),
    ("claude-opus-4-1", &["claude-opus-4-1-20250805", "claude-opus-4-1"]),
    ("claude-opus-4-5", &["claude-opus-4-5-20251101", "claude-opus-4.5"]),
    ("claude-opus-5-5", &["claude-opus-5-5", "anthropic.claude-opus-5-5"]),
    ("claude-haiku-4-5", &["claude-haiku-4-5-20251001"]),
    ("claude-haiku-5-5", &["anthropic.claude-haiku-5-5", "claude-haiku-5-5[1m]"]),
    (
        "claude-3-5-sonnet",
        &[
            "claude-3-5-sonnet-20241022",
            "claude-3-5-sonnet-latest",
            "claude-3-5-sonnet-v2@20241022",
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
        ],
    ),
    ("claude-3-haiku", &["claude-3-haiku-20240307", "anthropic.claude-3-haiku-20240307-v1:0"]),
    (
        "gpt-4o",
        &["gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20", "openai/gpt-4o", "azure/gpt-4o-2024-08-06"],
    ),
    ("gpt-4o-2024-05-13", &["gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13", "chatgpt-4o-latest"]),
    ("gpt-4o-mini", &["gpt-4o-mini-2024-07-18"]),
    ("gpt-5", &["gpt-5", "gpt-5-2025-08-07", "gpt-5-codex", "gpt-5-chat-latest"]),
    ("gpt-5-mini", &["gpt-5-mini", "gpt-5-mini-2025-08-07"]),
    ("gpt-5-pro", &["gpt-5-pro-2025-10-06"]),
    ("gpt-6.1-terra", &["openai/gpt-6.1-terra"]),
    ("o3", &["o3", "o3-2025-04-16"]),
    ("gemini-2.5-pro", &["gemini-2.5-pro", "google/gemini-2.5-pro", "models/gemini-2.5-pro"]),
    ("gemini-2.5-flash-lite", &["gemini-2.5-flash-lite-preview-09-2025"]),
    ("mistral-large-2512", &["mistral-large-2512", "mistral/mistral-large-2512"]),
    ("deepseek-v4-pro", &["deepseek/deepseek-v4-pro"]),
    ("grok-4.7", &["xai/grok-4.7", "x-ai/grok-4.5"]),
];

const UNKNOWN: &[&str] = &[
    "",
    "m",
    "gpt",
    "gpt-5.9",
    "gpt-5-ultra",
    "gpt-4o-audio-preview",
    "gpt-4o-realtime-preview",
    "gpt-4o-mini-tts",
    "ft:gpt-4o-2024-08-06:acme::abc123",
    "claude-opus-6",
    "claude-opus-4-5-mini",
    "claude-sonnet",
    "gemini-2.5-flash-image",
    "deepseek/deepseek-v4-pro:free",
    "llama-3.3-70b",
    "my-gpt-4o",
];

/// The entry's first name.
fn found<'a>(prices: &'a Prices, kind: &str, model: &str) -> Option<&'a str> {
    prices.entry("a", kind, model).map(|entry| entry.model.model.as_str())
}

#[test]
fn names_that_clients_and_clouds_use() {
    let shipped = prices("");
    for (expect, names) in KNOWN {
        for name in *names {
            assert_eq!(found(&shipped, "openai-compatible", name), Some(*expect), "{name}");
        }
    }
}

#[test]
fn what_is_not_known_is_not_guessed_from_a_similar_name() {
    let shipped = prices("");
    for name in UNKNOWN {
        assert_eq!(found(&shipped, "openai-compatible", name), None, "{name}");
    }
}

#[test]
fn what_a_simulator_says_has_no_price_of_a_vendor() {
    assert_eq!(found(&prices(""), "simulator", "gpt-4o"), None);
    let own = prices("[[pricing.models]]\nmodel = 'gpt-*'\nfree = true");
    assert_eq!(found(&own, "simulator", "gpt-4o"), Some("gpt-*"));
    assert_eq!(found(&own, "openai", "openai/gpt-4o-2024-08-06"), Some("gpt-*"), "its own go first");
    let tokens = Tokens { input: Some(5), ..Tokens::default() };
    let cost = |tokens: &Tokens| own.of("a", "simulator", "gpt-4o").unwrap().cost(tokens);
    assert_eq!(cost(&tokens), Some(ccproxy_record::Cost::default()));
    assert_eq!(cost(&Tokens::default()), None);
}

#[test]
fn the_operators_prices_go_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[[vendors]]\nname = 'Us'\nsource = 'the contract'\ndate = 2026-01-02\nmodels = [\n\
        { model = 'gpt-5', input = 2, output = 2 }, { model = 'gpt-4o', input = 2, output = 2 },\n\
        { model = 'gpt-4o', provider = 'b', input = 4, output = 4 } ]";
    std::fs::write(folder.path().join("own.toml"), file).unwrap();
    let config = "[pricing]\nfile = 'own.toml'\n[[pricing.models]]\nmodel = 'gpt-5*'\ninput = 1\noutput = 1\n\
        [[pricing.models]]\nmodel = 'gpt-5'\nprovider = 'b'\ninput = 3\noutput = 3\n";
    let sources = Sources::from_text(folder.path().join("t.toml"), format!("{config}{PROVIDERS}"));
    let prices = Prices::new(&Settings::load(&sources).unwrap()).unwrap();
    let check = |provider: &str, model: &str, from: From, dollars: &str| {
        let entry = prices.entry(provider, "openai", model).unwrap();
        assert_eq!((entry.from, entry.price.rates().input.to_string().as_str()), (from, dollars), "{model}");
    };
    check("a", "gpt-5", From::Config, "1");
    check("a", "gpt-5-mini", From::Config, "1");
    check("b", "gpt-5", From::Config, "3");
    check("a", "gpt-4o", From::File, "2");
    check("b", "gpt-4o", From::File, "4");
    check("b", "gpt-4o-mini", From::Shipped, "0.15");
    let entry = prices.entry("b", "openai", "gpt-4o").unwrap();
    assert_eq!((entry.vendor.as_deref(), entry.source.as_deref()), (Some("Us"), Some("the contract")));
    assert_eq!(entry.date.unwrap().to_string(), "2026-01-02T00:00:00Z");
}

#[test]
fn the_shipped_table_is_whole() {
    let prices = prices("");
    for entry in prices.entries() {
        let name = entry.model.model.as_str();
        assert!(entry.vendor.is_some() && entry.date.is_some(), "{name}");
        assert!(entry.source.as_deref().is_some_and(|source| source.starts_with("https://")), "{name}");
        let rates = entry.price.rates();
        let long = entry.price.long();
        for rates in std::iter::once(rates).chain(long.map(|(_, rates)| rates)) {
            assert!(rates.input.nanos() > 0 && rates.cache_read <= rates.input, "{name}");
            assert!(
                rates.cache_write >= rates.input && rates.cache_write.nanos() <= 2 * rates.input.nanos(),
                "{name}"
            );
            let embeds = name.contains("embed");
            assert!(embeds || rates.output >= rates.input, "{name}");
        }
        for name in std::iter::once(&entry.model.model).chain(&entry.model.also) {
            let name = name.as_str().replace('*', "x");
            let found = prices.entry("a", "openai", &name).unwrap();
            assert_eq!(found.model.model, entry.model.model, "{name} is found under its own line");
        }
    }
    assert!(prices.entries().len() > 90);
}

#[test]
fn finding_a_price_allocates_nothing() {
    let prices = prices("[[pricing.models]]\nmodel = 'gpt-9*'\nprovider = 'a'\nfree = true");
    let tokens = Tokens { input: Some(1000), output: Some(10), ..Tokens::default() };
    let info = allocation_counter::measure(|| {
        for name in
            ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "gpt-4o", "nobody/knows-2024-08-06", "gpt-9-x"]
        {
            std::hint::black_box(prices.of("a", "openai", name).and_then(|price| price.cost(&tokens)));
        }
    });
    assert_eq!(info.count_total, 0);
}
