//! The URL of an HTTP proxy, whose user and password are told to nobody.

use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::secret::MASK;

/// The URL of an HTTP proxy. Neither `Debug` nor `Display` nor `Serialize` shows its user and password.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct ProxyUrl {
    secure: bool,
    user: Option<SecretString>,
    /// `HOST`, or `HOST:PORT`.
    place: String,
}

/// It is no URL of an HTTP proxy. Nothing of it is quoted: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProxy {
    /// Such proxies are not spoken to.
    #[error("expected an HTTP proxy: http://HOST:PORT or https://HOST:PORT")]
    Scheme,
    /// There is no host, or one with characters that no host has, or a port that is none.
    #[error("expected HOST:PORT of the proxy, and no path behind it")]
    Place,
    /// A password with characters that a URL cannot hold.
    #[error("the proxy's user or password has characters that must be written as %XX")]
    User,
}

impl ProxyUrl {
    /// The whole URL, for whoever connects.
    #[must_use]
    pub fn expose(&self) -> SecretString {
        self.with(self.user.as_ref().map(SecretString::expose_secret)).into()
    }

    fn with(&self, user: Option<&str>) -> String {
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{user}{}", self.place)
    }
}

impl TryFrom<String> for ProxyUrl {
    type Error = InvalidProxy;

    fn try_from(url: String) -> Result<Self, InvalidProxy> {
        let (secure, rest) = match url.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            // Without a scheme it would not be known for a URL, and not be masked, where the configuration is shown.
            None if !url.contains('@') => (false, url.as_str()),
            _ => return Err(InvalidProxy::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        if !user.is_none_or(is_user) {
            return Err(InvalidProxy::User);
        }
        if !is_place(place) {
            return Err(InvalidProxy::Place);
        }
        Ok(Self { secure, user: user.map(Into::into), place: place.to_owned() })
    }
}

/// What RFC 3986 has for it, every `%` the begin of a byte.
fn is_user(user: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:".contains(&byte);
    let hex = |text: &str| text.get(..2).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let mut parts = user.split('%');
    let first = parts.next().unwrap_or_default();
    first.bytes().all(plain) && parts.all(|part| hex(part) && part.bytes().all(plain))
}

fn is_place(place: &str) -> bool {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port.strip_prefix(':')),
        Some(_) => return false,
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let named = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
    !host.is_empty() && named && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(self.user.as_ref().map(|_| MASK)))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({self})")
    }
}

impl From<ProxyUrl> for String {
    fn from(proxy: ProxyUrl) -> Self {
        proxy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_proxies() {
        let check = |url: &str, expect: Result<(&str, &str), InvalidProxy>| {
            let got = ProxyUrl::try_from(url.to_owned());
            let got = got.map(|proxy| (proxy.to_string(), proxy.expose().expose_secret().to_owned()));
            assert_eq!(got, expect.map(|(shown, whole)| (shown.to_owned(), whole.to_owned())), "{url}");
        };
        check("http://proxy:3128", Ok(("http://proxy:3128", "http://proxy:3128")));
        check("https://proxy.example/", Ok(("https://proxy.example", "https://proxy.example")));
        check("10.0.0.1:8080", Ok(("http://10.0.0.1:8080", "http://10.0.0.1:8080")));
        check("http://[::1]:8080", Ok(("http://[::1]:8080", "http://[::1]:8080")));
        check("http://me:p%40ss@p:1", Ok(("http://***@p:1", "http://me:p%40ss@p:1")));
        check("socks5://p:1", Err(InvalidProxy::Scheme));
        check("me:hush@p:1", Err(InvalidProxy::Scheme));
        check("http://", Err(InvalidProxy::Place));
        check("http://p:port", Err(InvalidProxy::Place));
        check("http://p:1/path", Err(InvalidProxy::Place));
        check("http://[p]:1", Err(InvalidProxy::Place));
        check("http://p[::1]:1", Err(InvalidProxy::Place));
        check("http://me:p@ss@p:1", Err(InvalidProxy::User));
        check("http://me:100%@p:1", Err(InvalidProxy::User));
    }
}
