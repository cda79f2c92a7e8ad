//! Who may use the API: nobody need show a key, or everybody shows the token or one of the named keys.

use ccproxy_config::{ClientKey, KeyHash, KeyLimits, Mistakes, Moment, SecretSource, Settings};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;
use crate::limits::Refusal;

/// The hashes of all keys that are good here. Keys have high entropy, so a fast hash is a safe one; comparing hashes
/// (in constant time, as `blake3::Hash` does) tells an attacker nothing about the keys.
pub(crate) struct Keys {
    token: Option<blake3::Hash>,
    named: Vec<Named>,
    /// There is a file of keys: also while it is empty, nobody comes in without one.
    has_file: bool,
    /// What clients without a named key may do together.
    anonymous: KeyLimits,
    /// Opens the pages about ourselves and takes orders; it is good for nothing else.
    management: Option<blake3::Hash>,
}

/// A named key.
#[derive(PartialEq)]
struct Named {
    hash: blake3::Hash,
    /// The key before it, and until when that is good.
    old: Option<(blake3::Hash, Moment)>,
    /// With the limits that are in force.
    key: ClientKey,
}

/// A client that has shown what it has to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client<'a> {
    key: Option<&'a ClientKey>,
    limits: KeyLimits,
}

impl Client<'_> {
    /// The key's name, for the log.
    pub(crate) fn name(&self) -> &str {
        self.key_name().unwrap_or("-")
    }

    /// The name of its key, if that has one.
    pub(crate) fn key_name(&self) -> Option<&str> {
        self.key.map(|key| key.name.as_str())
    }

    /// What it may do.
    pub(crate) fn limits(&self) -> KeyLimits {
        self.limits
    }

    /// That it has used up what it may.
    pub(crate) fn limited(&self, Refusal { limit, wait }: Refusal) -> Error {
        let who = match self.key_name() {
            Some(name) => format!("the key {name:?}"),
            None => "all clients without a named key".to_owned(),
        };
        Error::Limited { limit, who, wait }
    }

    /// Whether the client may use an instance.
    pub(crate) fn may_ask(&self, instance: &str) -> bool {
        self.key.is_none_or(|key| key.allows_provider(instance))
    }

    /// Whether the client may use a model.
    pub(crate) fn may_use(&self, model: &str) -> bool {
        self.key.is_none_or(|key| key.allows(model))
    }
}

impl Keys {
    /// Reads the keys of the configuration, and of the file of keys where there is one.
    ///
    /// # Errors
    /// Tokens and keys that cannot be read: starting without them would leave a door open.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let mut hashed = |key: &str, token: &Option<SecretSource>| match token.as_ref().map(read).transpose()
        {
            Ok(token) => token.map(|token| blake3::hash(token.expose_secret().as_bytes())),
            Err(reason) => {
                mistakes.push(settings.mistake(key, reason));
                None
            }
        };
        let token = hashed("auth.token", &settings.auth.token);
        let management = hashed("management.token", &settings.management.token);
        let keys = settings.client_keys().map_err(|found| mistakes.extend(found)).unwrap_or_default();
        let limits = &settings.limits;
        let named = keys.into_iter().map(|key| Named {
            hash: hash_of(key.hash),
            old: key.old.as_ref().map(|old| (hash_of(old.hash), old.until)),
            key: ClientKey { limits: key.limits.over(limits.keys), ..key },
        });
        let keys = Self {
            token,
            named: named.collect(),
            has_file: settings.auth.key_file.is_some(),
            anonymous: limits.anonymous.over(KeyLimits::default()),
            management,
        };
        Mistakes::or(mistakes, keys)
    }

    /// Whether a key has to be shown.
    pub(crate) fn are_required(&self) -> bool {
        self.token.is_some() || !self.named.is_empty() || self.has_file
    }

    /// The named keys, with the limits that are in force.
    pub(crate) fn named(&self) -> impl Iterator<Item = &ClientKey> {
        self.named.iter().map(|named| &named.key)
    }

    /// What clients without a named key may do together.
    pub(crate) fn anonymous(&self) -> KeyLimits {
        self.anonymous
    }

    /// The keys of the tokens that are not what they were.
    pub(crate) fn changes(&self, before: &Self) -> impl Iterator<Item = &'static str> {
        let token = (self.token != before.token).then_some("auth.token");
        let keys = (self.has_file && self.named != before.named).then_some("auth.key_file");
        token
            .into_iter()
            .chain(keys)
            .chain((self.management != before.management).then_some("management.token"))
    }

    /// Whether somebody may give orders by showing the right token.
    pub(crate) fn has_management(&self) -> bool {
        self.management.is_some()
    }

    /// Whether a request shows the token of those who run the service.
    pub(crate) fn is_manager(&self, headers: &HeaderMap) -> bool {
        self.management.is_some_and(|token| shown(headers).any(|key| blake3::hash(key) == token))
    }

    /// Whether a request shows the token of everybody.
    pub(crate) fn has_token(&self, headers: &HeaderMap) -> bool {
        self.token.is_some_and(|token| shown(headers).any(|key| blake3::hash(key) == token))
    }

    /// Looks at a request's key.
    ///
    /// # Errors
    /// [`Error::NoKey`], [`Error::WrongKey`], or that the key was good once.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<Client<'_>, Error> {
        if !self.are_required() {
            return Ok(self.nameless());
        }
        let mut shown = shown(headers).peekable();
        if shown.peek().is_none() {
            return Err(Error::NoKey);
        }
        shown.find_map(|key| self.find(key)).unwrap_or(Err(Error::WrongKey))
    }

    fn nameless(&self) -> Client<'_> {
        Client { key: None, limits: self.anonymous }
    }

    fn find(&self, key: &[u8]) -> Option<Result<Client<'_>, Error>> {
        let hash = blake3::hash(key);
        if self.token == Some(hash) {
            return Some(Ok(self.nameless()));
        }
        let is_old = |named: &Named| named.old.is_some_and(|(old, _)| old == hash);
        let named = self.named.iter().find(|named| named.hash == hash || is_old(named))?;
        Some(named.check(hash))
    }
}

impl Named {
    /// Whether the key, of which the hash is one, is still good.
    fn check(&self, hash: blake3::Hash) -> Result<Client<'_>, Error> {
        let Self { key, old, .. } = self;
        let until = old.filter(|_| self.hash != hash).map(|(_, until)| until);
        let end = [key.expires, until].into_iter().flatten().min();
        match (key.revoked, end) {
            (Some(_), _) => Err(Error::KeyRevoked),
            (None, Some(end)) if end.has_come(Moment::now()) => Err(Error::KeyExpired { end }),
            _ => Ok(Client { key: Some(key), limits: key.limits }),
        }
    }
}

fn hash_of(hash: KeyHash) -> blake3::Hash {
    blake3::Hash::from_bytes(*hash.as_bytes())
}

/// Reads a token. It is needed before the first request, so it comes from where reading it takes no time.
///
/// # Errors
/// Why it cannot be read; nothing of it is in that.
pub fn read(source: &SecretSource) -> Result<SecretString, String> {
    let token = source.read()?;
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
        let _ = |named: &Named| -> [blake3::Hash; 2] { [named.hash, named.old.unwrap().0] };
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
    fn keys_that_were_good_once() {
        let hash = |key: &str| blake3::hash(key.as_bytes());
        let key = |more: &str| {
            keys(&format!("[auth]\nkeys = [{{ name = 'ci', hash = 'blake3:{}', {more} }}]", hash("new")))
        };
        let old = |until: &str| key(&format!("old = {{ hash = 'blake3:{}', until = {until} }}", hash("old")));
        let check = |keys: &Keys, shown: &str, expect: Result<(), &str>| {
            let mut headers = HeaderMap::new();
            headers.insert("x-api-key", shown.parse().unwrap());
            let got = keys.check(&headers).map(drop).map_err(|error| error.to_string());
            match (got, expect) {
                (Ok(()), Ok(())) => {}
                (Err(got), Err(expect)) => assert!(got.contains(expect), "{got}"),
                (got, expect) => panic!("{shown}: {got:?}, expected {expect:?}"),
            }
        };
        check(&key("expires = 2999-12-31"), "new", Ok(()));
        check(&key("expires = 2020-01-01"), "new", Err("expired at 2020-01-01T00:00:00Z"));
        check(&key("revoked = 2020-01-01"), "new", Err("revoked"));
        check(&old("2999-12-31"), "new", Ok(()));
        check(&old("2999-12-31"), "old", Ok(()));
        check(&old("2020-01-01"), "new", Ok(()));
        check(&old("2020-01-01"), "old", Err("expired at 2020-01-01"));
        check(&key(""), "old", Err("not known"));
    }

    #[test]
    fn limits_are_the_keys_own_or_those_of_all() {
        let keys = keys(&format!(
            "[auth]\ntoken = {{ value = 't' }}\nkeys = [{{ name = 'a', hash = 'blake3:{}', limits = {{ streams = 0 }} }}]\n\
             [limits]\nkeys = {{ concurrency = 2, streams = 1 }}\nanonymous = {{ streams = 5 }}",
            blake3::hash(b"a")
        ));
        let check = |shown: &str, expect: [Option<u32>; 2]| {
            let mut headers = HeaderMap::new();
            headers.insert("x-api-key", shown.parse().unwrap());
            let limits = keys.check(&headers).unwrap().limits();
            assert_eq!([limits.concurrency, limits.streams], expect, "{shown}");
        };
        check("a", [Some(2), None]);
        check("t", [None, Some(5)]);
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
