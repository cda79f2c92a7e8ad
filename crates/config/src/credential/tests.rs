use super::*;
use crate::Section;

#[derive(Debug, Deserialize)]
struct Holder {
    key: Credential,
}

fn read(text: &str) -> Result<Credential, String> {
    let section = Section::from_toml("", text).unwrap();
    section.read::<Holder>().map(|holder| holder.key).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn every_source() {
    let check = |text: &str, name: Option<&str>, expect: &str| {
        let credential = read(text).unwrap();
        let source = match &credential.source {
            CredentialSource::Secret(source) => source.describe(),
            CredentialSource::OAuth(oauth) => oauth.token_url.clone(),
        };
        assert_eq!((credential.name.as_deref(), source.as_str()), (name, expect), "{text}");
        assert!(!format!("{credential:?}").contains("hush"), "{credential:?}");
    };
    check("key = 'hush'", None, "a value in the configuration");
    check("key = { env = 'KEY', name = 'spare' }", Some("spare"), "environment variable KEY");
    check("key = { command = ['x', 'hush'], ttl = '1m' }", None, "command x");
    let oauth = "token_url = 'https://x/token', client_id = 'me'";
    check(&format!("key = {{ oauth = {{ {oauth}, client_secret = 'hush' }} }}"), None, "https://x/token");
    check(
        &format!("key = {{ oauth = {{ {oauth}, refresh_token = {{ file = 'f' }} }} }}"),
        None,
        "https://x/token",
    );
}

#[test]
fn what_contradicts_itself() {
    let check = |text: &str, expect: &str| {
        let error = read(text).unwrap_err();
        assert!(error.ends_with(expect), "{text}: {error}");
    };
    let one = "key: set exactly one of value, env, file, command and oauth";
    check("key = { name = 'x' }", one);
    check("key = { env = 'KEY', file = 'f' }", one);
    let oauth = "oauth = { token_url = 'https://x', client_id = 'me', client_secret = 's' }";
    check(&format!("key = {{ env = 'KEY', {oauth} }}"), one);
    check("key = { env = 'KEY', ttl = '1m' }", "key: ttl goes with command only");
    check("key = { env = 'KEY', name = '' }", "key: name is empty");
    check("key = ''", "key: value is empty");
    check(
        "key = { oauth = { token_url = 'https://x', client_id = 'me' } }",
        "key: oauth needs client_secret or refresh_token",
    );
    check(
        "key = { oauth = { token_url = 'https://x' } }",
        "key.oauth.client_id: missing, and it has no default",
    );
    check("key = { envv = 'KEY' }", "key.envv: unknown key; did you mean env?");
}
