use std::time::Duration;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::{Env, Flag, SecretSource, Sources};

fn file(text: &str) -> Sources {
    Sources::from_text("ccproxy.toml", text)
}

fn mistakes(sources: &Sources) -> String {
    Settings::load(sources).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn nothing_is_needed() {
    let settings = Settings::load(&Sources::default()).unwrap();
    assert_eq!(settings.server, Server::default());
    assert_eq!(settings.health, Health::default());
    assert_eq!(settings.shutdown, Shutdown::default());
    assert_eq!(settings.logging, Logging::default());
    assert!(!settings.auth.is_required());
    assert!(settings.providers.is_empty() && settings.routes.is_empty());
}

#[test]
fn mistakes_of_all_sections_are_reported_at_once_with_their_places() {
    let sources = file(
        r#"[server]
port = 70000
prot = 8000
header_timeout = 10

[health]
details = "alwys"
critical = "upstream"

[auth]
token = { env = "A", file = "b" }
[[auth.keys]]
name = "ci"
[[auth.keys]]
name = "ci"
hash = "blake3:12"

[shutdown]
deadline = "1s"

[loging]

[providers.claude]
base_url = "x"

[providers.v1]
kind = "openai"

[[routes]]
model = "claude-*"
targets = ["claud", "claude"]

[[routes]]
model = "*"
targets = []
"#,
    )
    .env([("CCPROXY__SERVER__WORKERS", "many"), ("CCPROXY__SERVER__HOTS", "::1")])
    .flag(Flag::new("--log-format", "logging.format", "jsn"));
    insta::assert_snapshot!(mistakes(&sources));
}

#[test]
fn weights_go_with_their_strategy_and_with_each_target() {
    let check = |more: &str, expect: Option<&str>| {
        let providers = "[providers.a]\nkind = 'openai'\n[providers.b]\nkind = 'openai'\n";
        let route = format!("{providers}[[routes]]\nmodel = '*'\ntargets = ['a', 'b']\n{more}");
        let got = Settings::load(&file(&route)).map_err(|mistakes| mistakes.to_string());
        match (got, expect) {
            (Ok(_), None) => {}
            (Err(got), Some(text)) => assert!(got.contains(text), "{more}: {got}"),
            (got, _) => panic!("{more}: {:?}", got.err()),
        }
    };
    check("", None);
    check("strategy = 'weighted'\nweights = [3, 0]", None);
    check("strategy = 'weighted'\nweights = [3]", Some("routes[0].weights: give each target a weight"));
    check("strategy = 'weighted'", Some("give each target a weight"));
    check("strategy = 'weighted'\nweights = [0, 0]", Some("must be more than 0"));
    check("weights = [1, 1]", Some("go with strategy = \"weighted\" only"));
    check("strategy = 'fastest'", Some("least_latency"));
    check("[retry]\nattempts = 0\nbudget = 101", Some("retry.budget: must be at most 100"));
}

#[test]
fn syntax_errors_have_a_line_and_a_column() {
    let check = |text, expect: &str| {
        let got = mistakes(&file(text));
        assert!(got.starts_with(expect), "{text:?}: {got}");
    };
    check("[server]\nport = \n", "ccproxy.toml:2:8: ");
    check("[server\n", "ccproxy.toml:1:8: ");
    check("[server]\nport = 1\nport = 2\n", "ccproxy.toml:3:1: duplicate key");
    // Columns count characters.
    check("[providers.x]\nkind = 'é' 'é'", "ccproxy.toml:2:12: ");
}

/// One key in every layer; each step takes the strongest away.
#[test]
fn flags_beat_the_environment_beats_the_file_beats_the_default() {
    let mut sources = file("[server]\nport = 2\nmax_headers = 2\n")
        .env([("CCPROXY__SERVER__PORT", "3"), ("ccproxy__server__body_limit", "3KiB")])
        .flag(Flag::new("--port", "server.port", "4"));
    let check = |sources: &Sources, port, place: &str| {
        let settings = Settings::load(sources).unwrap();
        assert_eq!(settings.server.port, port);
        assert_eq!(settings.place("server.port").to_string(), place);
        // The layers mix key by key.
        assert_eq!(settings.server.keep_alive, Duration::from_secs(75));
        settings
    };
    let settings = check(&sources, 4, "flag --port");
    assert_eq!((settings.server.max_headers, settings.server.body_limit.bytes()), (2, 3072));
    sources.flags.clear();
    check(&sources, 3, "environment variable CCPROXY__SERVER__PORT");
    sources.env = Env::default();
    check(&sources, 2, "ccproxy.toml:2:8");
    sources.file = None;
    check(&sources, 8000, "default");
}

#[test]
fn a_variable_is_understood_as_its_key_expects() {
    let token = |value: &str| {
        let settings = Settings::load(&Sources::default().env([("CCPROXY__AUTH__TOKEN", value)])).unwrap();
        match settings.auth.token {
            Some(SecretSource::Value(secret)) => secret.expose_secret().to_owned(),
            Some(other) => other.describe(),
            None => "none".to_owned(),
        }
    };
    assert_eq!(token("12345"), "12345");
    assert_eq!(token("0123"), "0123");
    assert_eq!(token("true"), "true");
    assert_eq!(token("1e5"), "1e5");
    assert_eq!(token("{ env = 'KEY' }"), "environment variable KEY");
    assert_eq!(token(""), "none");

    let settings = Settings::load(&file("[[routes]]\nmodel = 'a'\ntargets = ['my-x']\n").env([
        ("CCPROXY_CONFIG", "ignored.toml"),
        ("CCPROXY__AUTH__TOKEN__ENV", "7"),
        ("CCPROXY__LOGGING__LEVEL", "12"),
        ("CCPROXY__SERVER__WORKERS", "12"),
        ("CCPROXY__HEALTH__ENVOY_DEGRADED", "true"),
        ("CCPROXY__HEALTH__CRITICAL", "['a', 'b']"),
        ("CCPROXY__PROVIDERS", "{ my-x = { kind = 'openai' } }"),
        ("CCPROXY__PROVIDERS__MY_X__BASE_URL", "5"),
        ("CCPROXY__ROUTES__0__MODEL", "3"),
    ]))
    .unwrap();
    assert_eq!(settings.auth.token.unwrap().describe(), "environment variable 7");
    assert_eq!(settings.logging.level, "12");
    assert_eq!(settings.server.workers, 12);
    assert!(settings.health.envoy_degraded);
    assert_eq!(settings.health.critical, ["a", "b"]);
    assert_eq!(settings.routes[0].model.as_str(), "3");
    let section = &settings.providers["my-x"].section;
    assert_eq!(
        section.place("base_url").to_string(),
        "environment variable CCPROXY__PROVIDERS__MY_X__BASE_URL"
    );
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plugin {
        base_url: String,
    }
    assert_eq!(section.read::<Plugin>().unwrap().base_url, "5");
}

#[test]
fn keys_of_variables_have_bounds() {
    let check = |name: &str, expect: &str| {
        let text = mistakes(&file("routes = []").env([(name, "1")]));
        assert!(text.ends_with(expect), "{text}");
    };
    check("CCPROXY__", "a part of the key is empty");
    check("CCPROXY__SERVER____PORT", "a part of the key is empty");
    check(&format!("CCPROXY__{}X", "A__".repeat(40)), "the key has too many parts");
    check("CCPROXY__ROUTES__0__MODEL", "the list has no such item; set the whole list instead");
    check("CCPROXY__ROUTES__X", "the list has no such item; set the whole list instead");
}

#[test]
fn routes_may_name_providers_that_appear_by_themselves() {
    let sources = file("[[routes]]\nmodel = '*'\ntargets = ['codex', 'demo']\n");
    assert_eq!(
        mistakes(&sources),
        "ccproxy.toml:3:12: routes[0].targets[0]: there is no such provider; known providers: demo"
    );
    let sources = sources.env([("OPENAI_API_KEY", "hush")]);
    let settings = Settings::load(&sources).unwrap().with_detected(&sources.env);
    assert_eq!(routes(&settings), "*>codex+demo");
}

fn routes(settings: &Settings) -> String {
    let route = |route: &Route| {
        let targets: Vec<String> = route.targets.iter().map(ToString::to_string).collect();
        format!("{}>{}", route.model, targets.join("+"))
    };
    settings.routes.iter().map(route).collect::<Vec<_>>().join(" ")
}

#[test]
fn routes_follow_from_the_providers() {
    let check = |providers: &[(&str, &str)], expect: &str| {
        let text: String =
            providers.iter().map(|(name, kind)| format!("[providers.{name}]\nkind = '{kind}'\n")).collect();
        assert_eq!(routes(&Settings::load(&file(&text)).unwrap()), expect);
    };
    check(&[], "");
    check(&[("one", "anthropic")], "*>one");
    check(
        &[("b", "anthropic"), ("c", "anthropic"), ("z", "openai")],
        "claude-*>b gpt-*>z chatgpt-*>z codex-*>z o1*>z o3*>z o4*>z text-embedding-*>z *>b",
    );
    check(&[("a", "claude-cli"), ("b", "anthropic"), ("local", "openai-compatible")], "claude-*>b *>a");
}

#[test]
fn providers_appear_by_themselves_where_none_is_configured() {
    let check = |env: &[(&str, &str)], names: &str, expect: &str| {
        let env: Env = env.iter().copied().collect();
        let settings = Settings::load(&Sources::default()).unwrap().with_detected(&env);
        assert_eq!(settings.providers.keys().cloned().collect::<Vec<_>>().join(" "), names);
        assert_eq!(routes(&settings), expect);
    };
    let (anthropic, openai) = (("ANTHROPIC_API_KEY", "hush"), ("OPENAI_API_KEY", "hush"));
    check(&[], "demo", "*>demo");
    check(&[("ANTHROPIC_API_KEY", "")], "demo", "*>demo");
    check(&[anthropic], "claude demo", "claude-*>claude demo*>demo simulator*>demo *>claude");
    check(&[openai], "codex demo", "demo*>demo simulator*>demo *>codex");
    check(&[anthropic, openai], "claude codex demo", "claude-*>claude demo*>demo simulator*>demo *>codex");

    let configured = Settings::load(&file("[providers.mine]\nkind = 'openai'\n")).unwrap();
    let settings = configured.with_detected(&Env::from([anthropic]));
    assert_eq!(settings.providers.keys().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn a_detected_provider_has_its_base_url_and_credentials() {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plugin {
        base_url: String,
        credentials: Vec<SecretSource>,
    }
    let env = Env::from([("OPENAI_API_KEY", "hush"), ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")]);
    let settings = Settings::load(&Sources::default()).unwrap().with_detected(&env);
    let provider = &settings.providers["codex"];
    let plugin: Plugin = provider.section.read().unwrap();
    assert_eq!((provider.kind.as_str(), plugin.base_url.as_str()), ("openai", "http://127.0.0.1:9/v1"));
    assert_eq!(plugin.credentials[0].describe(), "environment variable OPENAI_API_KEY");
    insta::assert_snapshot!(settings.show());
}

#[test]
fn what_is_shown_can_be_read_again() {
    let settings = Settings::load(&file(&format!(
        "auth.keys = [{{ name = 'ci', hash = 'blake3:{}' }}]
         [providers.x]\nkind = 'openai'\nmodel_mappings = [{{ match = \"a\\nb\", target = 'b' }}]\n'odd key' = 1",
        "0".repeat(64)
    )))
    .unwrap();
    let shown = settings.show().replace("***", &format!("blake3:{}", "0".repeat(64)));
    let again = Settings::load(&file(&shown)).unwrap();
    assert_eq!(again.server, settings.server);
    assert_eq!(again.routes, settings.routes);
    assert_eq!(again.auth.keys, settings.auth.keys);
    assert!(again.providers["x"].section.has("odd key"));
}

/// A planted secret in every place where an operator may put one.
fn with_secret(secret: &str) -> Sources {
    file(&format!(
        r#"[auth]
token = {{ value = "{secret}" }}
[providers.a]
kind = "openai"
base_url = "https://me:{secret}@host/v1?key={secret}"
api_key = "{secret}"
credentials = ["{secret}", {{ value = "{secret}" }}, {{ command = ["vault", "{secret}"], ttl = "1m" }}]
extra_headers = {{ x-team = "{secret}" }}
[providers.a.oauth]
client_secret = "{secret}"
refresh-token = {{ value = "{secret}" }}
"#
    ))
    .env([
        ("CCPROXY__PROVIDERS__B", format!("{{ kind = 'openai', credentials = ['{secret}'] }}")),
        ("CCPROXY__PROVIDERS__C__CREDENTIALS", format!("[{{ value = '{secret}' }}]")),
        ("CCPROXY__PROVIDERS__C__KIND", "openai".to_owned()),
        ("CCPROXY__PROVIDERS__C__CREDENTIALS_FILE__COMMAND", format!("vault {secret}")),
        (
            "CCPROXY__PROVIDERS__D",
            format!("{{ kind = 'openai', credentials = [{{ command = 'vault {secret}' }}] }}"),
        ),
        ("CCPROXY__PROVIDERS__D__ADMIN_KEYS", secret.to_owned()),
        ("OTHER_TOKEN", secret.to_owned()),
    ])
    .flag(Flag::new("--auth-token", "auth.token", secret))
}

#[test]
fn what_keys_may_do_is_shown_and_where_it_is_counted_without_the_password() {
    let key = "{ name = 'ci', hash = 'blake3:".to_owned() + &"0".repeat(64) + "', limits = { streams = 2 } }";
    let text = format!(
        "[auth]\nkeys = [{key}]\n[limits]\nkeys = {{ requests_per_minute = 60 }}\n[shared]\nurl = 'redis://a:hunter2@h:1/0'\n\
         [providers.claude]\nkind = 'anthropic'\nconcurrency = 3\n"
    );
    let settings = Settings::load(&file(&text)).unwrap();
    assert_eq!(settings.providers["claude"].concurrency, 3);
    let shown = settings.show();
    for expect in ["requests_per_minute = 60", "streams = 2", "concurrency = 3"] {
        assert!(shown.contains(expect), "{expect}: {shown}");
    }
    assert!(!shown.contains("hunter2") && !format!("{settings:?}").contains("hunter2"), "{shown}");
    let wrong = text.replace("concurrency = 3", "concurrency = 'many'");
    assert!(mistakes(&file(&wrong)).contains("providers.claude.concurrency: "));
}

proptest! {
    #[test]
    fn no_secret_is_shown(secret in "[A-Za-z0-9]{14,40}|[0-9]{14,18}") {
        let sources = with_secret(&secret);
        let settings = Settings::load(&sources).unwrap();
        for text in [settings.show(), format!("{settings:?}"), format!("{sources:?}")] {
            prop_assert!(!text.contains(&secret), "{text}");
        }
        prop_assert!(settings.show().contains("***"));
        let auth = serde_json::to_string(&settings.auth).unwrap();
        prop_assert!(!auth.contains(&secret), "{auth}");
    }

    /// A secret in the wrong place is a mistake, and the mistake does not quote it.
    #[test]
    fn no_mistake_quotes_a_value(secret in "[A-Za-z]{14,40}|[0-9]{14,18}", key in 0_usize..7) {
        let keys = ["server.port", "server.header_timeout", "health.details", "health.critical", "auth.keys", "routes",
            "providers"];
        let check = |sources: &Sources| {
            let text = mistakes(sources);
            assert!(!text.contains(&secret), "{text}");
        };
        check(&file(&format!("{} = '{secret}'", keys[key])));
        check(&Sources::default().flag(Flag::new("--x", keys[key], &secret)));
        check(&file(&format!("auth.token = {{ env = 'A', value = '{secret}' }}")));
        check(&file(&format!("auth.token = {secret} x")));
    }

    /// Whatever the text, reading ends and does not panic.
    #[test]
    fn any_text_is_read_or_refused(text in "(\\[?\\[?(server|auth|routes|providers\\.[a-z])\\]?\\]?|[a-z]{1,4} = [0-9'{}\\[\\],a-z]{0,6}|\\PC{0,8})(\n(port|kind|targets|token|keys)( ?= ?['\\[{\\]}0-9a-z]{0,8})?){0,6}") {
        if let Err(mistakes) = Settings::load(&file(&text)) {
            prop_assert!(!mistakes.is_empty());
        }
    }
}
