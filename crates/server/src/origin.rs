//! Keeping web pages out while nobody has to show a key.
//!
//! A page from anywhere may have its browser POST to a loopback address, without asking, and so spend the operator's
//! money. The browser then names the page in `Origin` (RFC 6454), which the page cannot change. Programs send none.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::ORIGIN;

/// Whether the request may come from a web page that is not this machine's.
///
/// Origins other than `http` and `https` belong to programs with a browser inside, such as editors. `null` is what a
/// page in a sandbox has, so it is anybody's.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().any(|origin| origin.to_str().map_or(true, is_foreign_page))
}

fn is_foreign_page(origin: &str) -> bool {
    let authority = match origin.split_once("://") {
        Some(("http" | "https", authority)) => authority,
        Some(_) => return false,
        None => return true,
    };
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => authority.split(':').next().unwrap_or(authority),
    };
    let is_loopback = || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    host != "localhost" && !host.ends_with(".localhost") && !is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let check = |origin: &str, foreign| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().unwrap());
            assert_eq!(is_foreign(&headers), foreign, "{origin}");
        };
        assert!(!is_foreign(&HeaderMap::new()));
        check("http://localhost:3000", false);
        check("http://app.localhost", false);
        check("http://127.0.0.1:8000", false);
        check("https://[::1]:8443", false);
        check("vscode-file://vscode-app", false);
        check("http://evil.example", true);
        check("https://localhost.evil.example", true);
        check("http://127.0.0.1.evil.example:8000", true);
        check("http://192.168.1.2", true);
        check("null", true);
        check("", true);
    }
}
