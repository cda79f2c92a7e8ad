use proptest::prelude::*;

use super::*;

fn check(text: &str, expect: &str) {
    assert_eq!(scrub(text), expect, "of {text:?}");
}

#[test]
fn what_helps_stays() {
    for text in [
        "connection refused (os error 111)",
        "dns error: failed to lookup address information: Name or service not known",
        "HTTP 503 from https://api.anthropic.com/v1/models",
        "tcp connect error: api.openai.com:443",
        "expected application/json, got text/html",
        "no model claude-sonnet-4-20250514 or gpt-4o-mini",
        "io::ErrorKind: ConnectionRefused",
        "authentication_error: invalid credentials",
        "http://[::1]:8080/health answered 500",
        "timed out after 1.5s; last I/O 3 s ago",
    ] {
        check(text, text);
    }
}

#[test]
fn paths_go() {
    check("open /etc/ccproxy/config.toml: denied", "open [path]: denied");
    check("read ~/.claude/.credentials.json failed", "read [path] failed");
    check(r"C:\Users\me\key.txt is missing", "[path] is missing");
    check(r"\\server\share\x", "[path]");
    check("file:///home/me/key", "[path]");
    check("cannot open '/home/John Doe/key.pem'", "cannot open [path]");
    check("missing certs/server.pem and ../up", "missing [path] and [path]");
    check("error(/var/lib/x)", "[path])");
    check("path=/root/.ssh/id_rsa", "[path]");
}

#[test]
fn credentials_go() {
    check("redis://:hunter2@cache:6379/0", "redis://[redacted]@cache:6379/0");
    check("proxy=http://u:p@h,https://v:q@i", "proxy=http://[redacted]@i");
    check("postgres://app:hun", "postgres://[redacted]");
    check("GET https://h/x?api=1#f", "GET https://h/x?[redacted]");
    check("dial me:secret@db:5432 failed", "dial [redacted]@db:5432 failed");
    check("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]");
    check("x-api-key: hunter2, retry", "x-api-key: [redacted], retry");
    check(r#"{"api_key":"hunter2"}"#, r#"{"api_key":[redacted]"}"#);
    check("password: 'correct horse battery', user: me", "password: [redacted], user: me");
    check("password_of_admin=hunter2", "password_of_admin=[redacted]");
    check("a=1&token=hunter2", "a=1&token=[redacted]");
}

#[test]
fn tokens_go() {
    check("invalid key sk-ant-api03-abc", "invalid key [redacted]");
    check("ghp_0123456789abcdef", "[redacted]");
    check("(eyJhbGciOi.eyJzdWIi.c2ln)", "([redacted])");
    check("id 123e4567-e89b-12d3-a456-426614174000", "id [redacted]");
    check("d41d8cd98f00b204e9800998ecf8427e", "[redacted]");
    check("line one\r\n\u{1b}[0mline two", "line one   [0mline two");
}

#[test]
fn cuts_between_characters() {
    assert_eq!(cut("äöü", 3), "ä");
    assert_eq!(cut("abc", 10), "abc");
    assert_eq!(line("a\nb\u{7}c", 4), "a b ");
    assert!(clean(&"ä ".repeat(1000)).len() <= MAX_TEXT);
}

/// A secret and the text around it that gives it away.
fn planted() -> impl Strategy<Value = (String, String)> {
    let secret = "[A-Za-z0-9]{12,48}";
    let long = "[A-Za-z0-9_-]{40,80}";
    prop_oneof![
        secret.prop_map(|s| (s.clone(), format!("sk-{s}"))),
        secret.prop_map(|s| (s.clone(), format!("key 'sk-ant-api03-{s}' refused"))),
        secret.prop_map(|s| (s.clone(), format!("Bearer {s}"))),
        secret.prop_map(|s| (s.clone(), format!("authorization: Bearer {s},"))),
        secret.prop_map(|s| (s.clone(), format!("x-api-key: \"{s}\""))),
        secret.prop_map(|s| (s.clone(), format!("{{\"access_token\":\"{s}\"}}"))),
        secret.prop_map(|s| (s.clone(), format!("client_secret={s}&x=1"))),
        secret.prop_map(|s| (s.clone(), format!("https://user:{s}@host.test/v1"))),
        secret.prop_map(|s| (s.clone(), format!("https://{s}@host.test:8443/v1"))),
        secret.prop_map(|s| (s.clone(), format!("(https://host.test/cb?code={s})"))),
        secret.prop_map(|s| (s.clone(), format!("/home/{s}/.config/x"))),
        secret.prop_map(|s| (s.clone(), format!("\"C:\\Users\\{s}\\key.txt\""))),
        secret.prop_map(|s| (s.clone(), format!("~/{s}"))),
        "[a-f0-9]{32,64}".prop_map(|s| (s.clone(), s)),
        "[A-Za-z0-9]{40,64}".prop_map(|s| (s.clone(), format!("got {s}."))),
        long.prop_map(|s| (s.clone(), format!("token={s}"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_planted_secret_survives(
        (secret, text) in planted(), before in "([a-z]{1,8} ){0,4}", after in "( [a-z0-9:]{1,8}){0,4}"
    ) {
        let clean = clean(&format!("{before}{text}{after}"));
        prop_assert!(!clean.contains(&secret), "{secret:?} in {clean:?}");
    }

    #[test]
    fn any_text_is_scrubbed_without_panic_and_bounded(text in "\\PC{0,400}|[\\x00-\\x7f]{0,400}") {
        let clean = clean(&text);
        prop_assert!(clean.len() <= MAX_TEXT);
        prop_assert!(!clean.contains(char::is_control));
    }
}
