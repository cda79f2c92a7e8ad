//! Headers that belong to one connection and never pass through a proxy (RFC 9110, section 7.6.1).

use http::header::{
    CONNECTION, HeaderMap, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};

const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Whether a header of this name, in small letters, belongs to one connection.
#[must_use]
pub fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|known| known.as_str() == name)
}

/// Removes the hop-by-hop headers, those that `Connection` names, and those of `more`.
pub fn strip_hop_by_hop(headers: &mut HeaderMap, more: &[HeaderName]) {
    if headers.contains_key(CONNECTION) {
        for name in named_by_connection(headers) {
            headers.remove(name);
        }
    }
    // One look at each header there is costs less than a search for each that may be there.
    let goes = |name: &&HeaderName| HOP_BY_HOP.contains(name) || more.contains(name);
    let found: Vec<HeaderName> = headers.keys().filter(goes).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// Removes what clients say to this proxy about itself, such as `x-ccproxy-simulate`.
pub(crate) fn strip_our_own(headers: &mut HeaderMap) {
    let ours = |name: &&HeaderName| name.as_str().starts_with("x-ccproxy-");
    let found: Vec<HeaderName> = headers.keys().filter(ours).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|name| name.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_go() {
        let mut headers = HeaderMap::new();
        for name in ["x-ccproxy-simulate", "x-ccproxy-other", "x-app"] {
            headers.insert(name, "1".parse().unwrap());
        }
        strip_our_own(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["x-app"]);
    }

    #[test]
    fn what_stays() {
        let check = |sent: &[(&str, &str)], stays: &[&str]| {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            strip_hop_by_hop(&mut headers, &[]);
            let left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
            assert_eq!(left, stays, "{sent:?}");
        };
        check(&[("x-a", "1"), ("keep-alive", "5"), ("te", "trailers")], &["x-a"]);
        check(&[("connection", "close, X-Secret"), ("x-secret", "1"), ("x-a", "1")], &["x-a"]);
        check(&[("connection", "x-b"), ("connection", "x-c"), ("x-b", "1"), ("x-c", "1")], &[]);
        check(
            &[("upgrade", "h2c"), ("transfer-encoding", "chunked"), ("anthropic-beta", "a")],
            &["anthropic-beta"],
        );
    }
}
