//! Who may use the API: nobody need show a key, or everybody shows the token or one of the named keys.

use ccproxy_config::{Auth, ClientKey, KeyHash, Mistakes, SecretSource, Settings};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// The hashes of all keys that are good here. Keys have high entropy, so a fast hash is a safe one; comparing hashes
/// (in constant time, as `blake3::Hash` does) tells an attacker nothing about the keys.
pub(crate) struct Keys {
    token: Option<blake3::Hash>,
    named: Vec<(blake3::Hash, ClientKey)>,
    /// Opens the pages about ourselves and takes orders; it is good for nothing else.
    management: Option<blake3::Hash>,
}

/// A client that has shown what it has to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'a> {
    key: Option<&'a ClientKey>,
}

impl Client<'_> {
    /// The key's name, for the log.
    pub(crate) fn name(&self) -> &str {
        self.key.map_or("-", |key| key.name.as_str())
    }

    /// Whether the client may use a model.
    pub(crate) fn may_use(&self, model: &str) -> bool {
        self.key.is_none_or(|key| key.allows(model))
    }
}

impl Keys {
    /// Reads the keys of the configuration.
    ///
    /// # Errors
    /// Tokens that cannot be read: starting without them would leave a door open.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Mistakes> {
        let Auth { token, keys } = &settings.auth;
        let mut mistakes = Vec::new();
        let mut hashed = |key: &str, token: &Option<SecretSource>| match token.as_ref().map(read).transpose()
        {
            Ok(token) => token.map(|token| blake3::hash(token.expose_secret().as_bytes())),
            Err(reason) => {
                mistakes.push(settings.mistake(key, reason));
                None
            }
        };
        let token = hashed("auth.token", token);
        let management = hashed("management.token", &settings.management.token);
        let named = keys.iter().map(|key| (hash_of(key.hash), key.clone())).collect();
        Mistakes::or(mistakes, Self { token, named, management })
    }

    /// Whether a key has to be shown.
    pub(crate) fn are_required(&self) -> bool {
        self.token.is_some() || !self.named.is_empty()
    }

    /// The keys of the tokens that are not what they were.
    pub(crate) fn changes(&self, before: &Self) -> impl Iterator<Item = &'static str> {
        let token = (self.token != before.token).then_some("auth.token");
        token.into_iter().chain((self.management != before.management).then_some("management.token"))
    }

    /// Whether somebody may give orders by showing the right token.
    pub(crate) fn has_management(&self) -> bool {
        self.management.is_some()
    }

    /// Whether a request shows the token of those who run the service.
    pub(crate) fn is_manager(&self, headers: &HeaderMap) -> bool {
        self.management.is_some_and(|token| shown(headers).any(|key| blake3::hash(key) == token))
    }

    /// Looks at a request's key.
    ///
    /// # Errors
    /// [`Error::NoKey`] or [`Error::WrongKey`].
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<Client<'_>, Error> {
        if !self.are_required() {
            return Ok(Client { key: None });
        }
        let mut shown = shown(headers).peekable();
        if shown.peek().is_none() {
            return Err(Error::NoKey);
        }
        shown.find_map(|key| self.find(key)).ok_or(Error::WrongKey)
    }

    fn find(&self, key: &[u8]) -> Option<Client<'_>> {
        let hash = blake3::hash(key);
        if self.token == Some(hash) {
            return Some(Client { key: None });
        }
        let named = self.named.iter().find(|(known, _)| *known == hash);
        named.map(|(_, key)| Client { key: Some(key) })
    }
}

fn hash_of(hash: KeyHash) -> blake3::Hash {
    blake3::Hash::from_bytes(*hash.as_bytes())
}

/// The client's token is needed before the first request, so it comes from where reading it takes no time.
fn read(source: &SecretSource) -> Result<SecretString, String> {
    let read = match source {
        SecretSource::Value(token) => Ok(token.clone()),
        SecretSource::Env(name) => std::env::var(name).map(Into::into).map_err(|_| "is not set".to_owned()),
        SecretSource::File(path) => {
            std::fs::read_to_string(path).map(Into::into).map_err(|error| format!("cannot be read: {error}"))
        }
        SecretSource::Command { .. } => Err("is not possible here; use env or file".to_owned()),
    };
    let token: SecretString = read.map_err(|reason| format!("{} {reason}", source.describe()))?;
    match token.expose_secret().trim() {
        "" => Err(format!("{} is empty", source.describe())),
        trimmed => Ok(trimmed.into()),
    }
}

/// The keys that a request shows, in both forms that clients use.
fn shown(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = headers.get_all(AUTHORIZATION).into_iter().filter_map(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(key.trim_ascii())
    });
    bearer.chain(headers.get_all("x-api-key").into_iter().map(|value| value.as_bytes().trim_ascii()))
}

#[cfg(test)]
mod tests {
    use ccproxy_config::Sources;

    use super::*;

    fn keys(toml: &str) -> Keys {
        Keys::new(&Settings::load(&Sources::from_text("t.toml", toml)).unwrap()).ok().unwrap()
    }

    #[test]
    fn how_far_a_guess_is_right_tells_nothing() {
        // Only hashes are compared, each as a whole; the types say so.
        let all = keys("[auth]\ntoken = { value = 'a-token-of-32-letters-or-so-0000' }");
        let token: blake3::Hash = all.token.unwrap();
        let _: &Vec<(blake3::Hash, ClientKey)> = &all.named;
        // And what two hashes share does not grow with what their keys do: even a comparison that stopped early would not
        // tell how much of a guess is right.
        let right = b"a-token-of-32-letters-or-so-0000";
        for right_bytes in 0..right.len() {
            let mut guess = *right;
            guess[right_bytes..].fill(b'!');
            let hash = blake3::hash(&guess);
            let shared = hash.as_bytes().iter().zip(token.as_bytes()).take_while(|(a, b)| a == b).count();
            assert!(shared < 3 && all.find(&guess).is_none(), "{right_bytes}: {shared}");
        }
        assert!(all.find(right).is_some());
    }

    #[test]
    fn who_gets_in() {
        let hash = blake3::hash(b"alices-key");
        let open = keys("");
        let guarded = keys(&format!(
            "[auth]\ntoken = {{ value = 'the-token' }}\nkeys = [{{ name = 'alice', hash = 'blake3:{hash}', models = ['claude-*'] }}]"
        ));
        let check = |keys: &Keys, headers: &[(&'static str, &str)], expect: Result<&str, Error>| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            let got = keys.check(&map);
            assert_eq!(got.as_ref().map(Client::name), expect.as_ref().copied(), "{headers:?}");
        };
        check(&open, &[], Ok("-"));
        check(&guarded, &[], Err(Error::NoKey));
        check(&guarded, &[("authorization", "Bearer the-token")], Ok("-"));
        check(&guarded, &[("authorization", "bearer  the-token ")], Ok("-"));
        check(&guarded, &[("x-api-key", "alices-key")], Ok("alice"));
        check(&guarded, &[("authorization", "Bearer other"), ("x-api-key", "alices-key")], Ok("alice"));
        check(&guarded, &[("authorization", "Bearer the-toke")], Err(Error::WrongKey));
        check(&guarded, &[("authorization", "Basic the-token")], Err(Error::NoKey));
        check(&guarded, &[("x-api-key", "")], Err(Error::WrongKey));
    }

    #[test]
    fn a_missing_token_does_not_open_the_door() {
        let settings =
            Settings::load(&Sources::from_text("t.toml", "[auth]\ntoken = { env = 'CCPROXY_TEST_NO_SUCH' }"))
                .unwrap();
        let mistake = Keys::new(&settings).err().unwrap().to_string();
        assert!(
            mistake.contains("t.toml:2") && mistake.contains("CCPROXY_TEST_NO_SUCH is not set"),
            "{mistake}"
        );
    }
}
