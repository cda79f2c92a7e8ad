//! `[upstream]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::place::{Mistake, Place};
use crate::proxy::{InvalidProxy, ProxyUrl};

/// How providers are reached, all of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The HTTP proxy to go through: `http://HOST:PORT`, or with `https://` and `USER:PASSWORD@`. Without it, the usual
    /// variables of the environment count: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, or the same in small letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<ProxyUrl>,
    /// The hosts that are reached without it: names, each with all below it; addresses; networks such as `10.0.0.0/8`;
    /// `*` for all. This machine is no exception by itself. Without the key, `NO_PROXY` of the environment counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<Vec<String>>,
}

/// The proxies that are in force, from the configuration and the environment.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For what is reached by `http://`.
    pub http: Option<ProxyUrl>,
    /// For what is reached by `https://`.
    pub https: Option<ProxyUrl>,
    /// The hosts that are reached without one, as in `NO_PROXY`.
    pub except: String,
}

impl Upstream {
    /// As curl has it, small letters come first, and those of a scheme before those of all.
    pub(super) fn proxies(&self, env: &Env, mistakes: &mut Vec<Mistake>) -> Proxies {
        let except = match &self.no_proxy {
            Some(hosts) => hosts.join(","),
            None => {
                first(env, &["no_proxy", "NO_PROXY"]).map(|(_, hosts)| hosts.to_owned()).unwrap_or_default()
            }
        };
        if let Some(proxy) = &self.proxy {
            return Proxies { http: Some(proxy.clone()), https: Some(proxy.clone()), except };
        }
        let mut read = |names: &[&str]| {
            let (name, url) = first(env, names)?;
            let refused = |error: InvalidProxy| {
                let message = format!("{error}; unset it, or set upstream.proxy");
                mistakes.push(Mistake::new(Place::Env(name.to_owned()), "upstream.proxy", message));
            };
            ProxyUrl::try_from(url.to_owned()).map_err(refused).ok()
        };
        Proxies {
            http: read(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            https: read(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except,
        }
    }
}

fn first<'a>(env: &'a Env, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| Some((*name, env.get(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, Sources};

    fn found(file: &str, env: &[(&str, &str)]) -> (String, String, String) {
        let env: Env = env.iter().copied().collect();
        let settings = Settings::load(&Sources::from_text("c.toml", file).env(env)).unwrap();
        let Proxies { http, https, except } = settings.proxies;
        let told = |proxy: Option<ProxyUrl>| proxy.map(|proxy| proxy.to_string()).unwrap_or_default();
        (told(http), told(https), except)
    }

    #[test]
    fn proxies_of_the_environment_and_of_the_file() {
        let check = |file, env: &[(&str, &str)], expect: (&str, &str, &str)| {
            let (http, https, except) = found(file, env);
            assert_eq!((http.as_str(), https.as_str(), except.as_str()), expect, "{file} {env:?}");
        };
        check("", &[], ("", "", ""));
        check("", &[("HTTPS_PROXY", "http://a:1"), ("no_proxy", "x,y")], ("", "http://a:1", "x,y"));
        check("", &[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "b:2")], ("", "http://b:2", ""));
        check("", &[("ALL_PROXY", "http://a:1"), ("http_proxy", "b:2")], ("http://b:2", "http://a:1", ""));
        check("", &[("HTTPS_PROXY", ""), ("ALL_PROXY", "http://a:1")], ("http://a:1", "http://a:1", ""));
        let file = "upstream.proxy = 'https://me:hush@p:3128'\nupstream.no_proxy = ['a', '10.0.0.0/8']";
        let proxy = "https://***@p:3128";
        check(file, &[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "b")], (proxy, proxy, "a,10.0.0.0/8"));
        check("upstream.proxy = 'p:1'", &[("NO_PROXY", "b")], ("http://p:1", "http://p:1", "b"));
    }

    #[test]
    fn a_proxy_that_is_none_is_a_mistake_and_not_left_out() {
        let env: Env = [("HTTPS_PROXY", "socks5://me:hush@a:1")].into();
        let mistakes = Settings::load(&Sources::default().env(env)).unwrap_err().to_string();
        assert!(mistakes.starts_with("environment variable HTTPS_PROXY: upstream.proxy: "), "{mistakes}");
        let file = Sources::from_text("c.toml", "[upstream]\nproxy = 'http://me:hu sh@a:1'");
        let mistakes = mistakes + &Settings::load(&file).unwrap_err().to_string();
        assert!(mistakes.contains("c.toml:2:9: upstream.proxy: "), "{mistakes}");
        assert!(!mistakes.contains("hu"), "{mistakes}");
    }
}
