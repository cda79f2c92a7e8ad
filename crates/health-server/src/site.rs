//! By which name a server is called, and whether a web page of its own or of another site calls.
//!
//! Anybody's page may have a name of its own resolve to a loopback address (DNS rebinding). Its browser then takes this
//! server for the page's, and shows the page every answer; but it says in `Host` by which name it came, which the page
//! cannot change. No such name is an IP address, `localhost`, or below `localhost`.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{Request, Uri};

/// The name that a request calls its server by, if that is neither an IP address, nor `localhost`, nor `known`. Names are
/// asked for in small letters and without a port. A request that names nobody is no browser's.
pub fn unknown_name<B>(request: &Request<B>, known: impl Fn(&str) -> bool) -> Option<String> {
    authorities(request).find_map(|authority| match authority {
        Err(text) => Some(text),
        Ok(authority) => {
            let name = name(authority.host());
            (!is_of_this_machine(&name) && !known(&name)).then_some(name)
        }
    })
}

/// Whether a web page calls that is not this server's own: an `Origin` other than what the request calls its server.
pub fn is_foreign_page<B>(request: &Request<B>) -> bool {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    origins.any(|origin| {
        let parts = origin.to_str().ok().and_then(parts_of_origin);
        let Some((host, port, usual)) = parts else { return true };
        let is_here = |authority: &Authority| {
            name(authority.host()) == host && authority.port_u16().unwrap_or(usual) == port
        };
        let mut here = authorities(request).peekable();
        here.peek().is_none() || !here.all(|authority| authority.is_ok_and(|authority| is_here(&authority)))
    })
}

/// The name and the port of a page's origin, and the port that its scheme has by itself.
fn parts_of_origin(origin: &str) -> Option<(String, u16, u16)> {
    let uri: Uri = origin.parse().ok()?;
    let usual = match uri.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = uri.authority()?;
    Some((name(authority.host()), authority.port_u16().unwrap_or(usual), usual))
}

/// Whom the request means, wherever it says so; the text where that is none.
fn authorities<B>(request: &Request<B>) -> impl Iterator<Item = Result<Authority, String>> {
    let target = request.uri().authority().cloned().map(Ok);
    let hosts = request.headers().get_all(HOST).iter().map(|host| {
        let text = String::from_utf8_lossy(host.as_bytes());
        text.parse().map_err(|_| text.into_owned())
    });
    target.into_iter().chain(hosts)
}

/// As names are compared: in small letters, without the root's dot and without brackets.
fn name(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn is_of_this_machine(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&str], origin: &[&str]) -> Request<()> {
        let mut request = Request::get(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        for origin in origin {
            request = request.header(ORIGIN, *origin);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn names() {
        let check = |target: &str, hosts: &[&str], expect: Option<&str>| {
            let known = |name: &str| name == "ccproxy.lan";
            let found = unknown_name(&request(target, hosts, &[]), known);
            assert_eq!(found.as_deref(), expect, "{target} {hosts:?}");
        };
        for good in [
            "127.0.0.1",
            "127.0.0.1:8000",
            "[::1]:8000",
            "192.168.1.7",
            "localhost",
            "LOCALHOST.:80",
            "a.b.localhost:1",
            "ccproxy.lan",
            "CCProxy.LAN.:8000",
        ] {
            check("/", &[good], None);
        }
        check("/", &[], None);
        check("/", &["evil.example"], Some("evil.example"));
        check("/", &["Evil.Example:8000"], Some("evil.example"));
        check("/", &["localhost.evil.example"], Some("localhost.evil.example"));
        check("/", &["127.0.0.1.evil.example"], Some("127.0.0.1.evil.example"));
        check("/", &["notlocalhost"], Some("notlocalhost"));
        check("/", &["www.ccproxy.lan"], Some("www.ccproxy.lan"));
        check("/", &[""], Some(""));
        check("/", &["two words"], Some("two words"));
        check("/", &["127.0.0.1", "evil.example"], Some("evil.example"));
        // As HTTP/2 and clients of proxies have it.
        check("http://evil.example/", &["localhost"], Some("evil.example"));
        check("http://localhost:8000/", &[], None);
    }

    #[test]
    fn pages() {
        let check = |target: &str, host: &[&str], origin: &[&str], expect| {
            assert_eq!(
                is_foreign_page(&request(target, host, origin)),
                expect,
                "{target} {host:?} {origin:?}"
            );
        };
        check("/", &["a"], &[], false);
        check("/", &["127.0.0.1:8000"], &["http://127.0.0.1:8000"], false);
        check("/", &["Proxy.example"], &["https://proxy.example"], false);
        check("/", &["proxy.example:443"], &["https://proxy.example"], false);
        check("/", &["proxy.example"], &["http://proxy.example:80"], false);
        check("/", &["[::1]:8000"], &["http://[::1]:8000"], false);
        check("http://localhost:1/", &[], &["http://localhost:1"], false);
        check("/", &["127.0.0.1:8000"], &["http://127.0.0.1:8001"], true);
        check("/", &["127.0.0.1:8000"], &["http://localhost:8000"], true);
        check("/", &["127.0.0.1:8000"], &["http://evil.example"], true);
        check("/", &["proxy.example:80"], &["https://proxy.example"], true);
        check("/", &["localhost"], &["null"], true);
        check("/", &["localhost"], &[""], true);
        check("/", &["localhost"], &["vscode-file://localhost"], true);
        check("/", &[], &["http://localhost"], true);
        check("/", &["localhost"], &["http://localhost", "http://evil.example"], true);
        check("http://evil.example/", &["localhost"], &["http://localhost"], true);
    }
}
