//! Links to more about the service, as the IETF draft wants them.

/// The longest link, in bytes.
const MAX_LINK: usize = 256;

/// How many links a page has room for.
const MAX_LINKS: usize = 8;

/// Relations of the IANA registry that say something about a health page.
const REGISTERED: [&str; 14] = [
    "about",
    "alternate",
    "describedby",
    "help",
    "license",
    "monitor",
    "related",
    "self",
    "service-desc",
    "service-doc",
    "service-meta",
    "status",
    "up",
    "via",
];

/// Why a link was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The draft asks for a URI, and a URI begins with a scheme: `/health` alone is none.
    #[error("not a URI (RFC 3986) of at most {MAX_LINK} bytes: {0:?}")]
    Uri(String),
    /// Neither a registered relation that fits a health page nor a URI.
    #[error("neither a registered link relation nor a URI: {0:?}")]
    Relation(String),
    /// Pages are bounded, so links are.
    #[error("there are {MAX_LINKS} links already")]
    TooMany,
}

/// The links of the root, by relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links(Vec<(String, String)>);

impl Links {
    /// Adds a link, or replaces the one of the same relation.
    pub(crate) fn add(&mut self, relation: &str, uri: &str) -> Result<(), LinkError> {
        let shown = |text: &str| crate::scrub::cut(text, MAX_LINK).to_owned();
        if !REGISTERED.contains(&relation) && !is_uri(relation) {
            return Err(LinkError::Relation(shown(relation)));
        }
        if !is_uri(uri) {
            return Err(LinkError::Uri(shown(uri)));
        }
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == relation) {
            uri.clone_into(known);
        } else if self.0.len() < MAX_LINKS {
            self.0.push((relation.to_owned(), uri.to_owned()));
        } else {
            return Err(LinkError::TooMany);
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl serde::Serialize for Links {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(relation, uri)| (relation, uri)))
    }
}

/// A URI of RFC 3986: a scheme, and after its colon nothing but what may stand in a URI. Hosts in brackets are not
/// taken.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte);
    named
        && text.len() <= MAX_LINK
        && !rest.is_empty()
        && rest.bytes().all(allowed)
        && rest.bytes().filter(|byte| *byte == b'#').count() <= 1
        && percents(rest)
}

/// Every `%` is followed by two hexadecimal digits.
pub(crate) fn percents(text: &str) -> bool {
    let hex = |digits: &[u8]| digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit);
    text.match_indices('%').all(|(at, _)| text.as_bytes().get(at + 1..at + 3).is_some_and(hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_uris() {
        let check = |relation: &str, uri: &str, expect: Result<(), LinkError>| {
            assert_eq!(Links::default().add(relation, uri), expect, "{relation} {uri}");
        };
        check("about", "https://example.test/a%20b?c=d#e", Ok(()));
        check("https://example.test/rel/x", "urn:example:1", Ok(()));
        check("about", "/health", Err(LinkError::Uri("/health".into())));
        check("about", "//host/path", Err(LinkError::Uri("//host/path".into())));
        for bad in ["http:", "1a:b", "http://a b", "http://a/%2", "http://a/%zz", "a:b#c#d", "http://ü"] {
            check("self", bad, Err(LinkError::Uri(bad.into())));
        }
        check("no-such", "https://a.test", Err(LinkError::Relation("no-such".into())));
    }

    #[test]
    fn links_are_few_and_one_per_relation() {
        let mut links = Links::default();
        for relation in REGISTERED.iter().take(MAX_LINKS) {
            assert_eq!(links.add(relation, "a:b"), Ok(()));
        }
        assert_eq!(links.add("via", "a:b"), Err(LinkError::TooMany));
        assert_eq!(links.add("about", "a:c"), Ok(()));
        let text = serde_json::to_string(&links).unwrap();
        assert!(text.starts_with(r#"{"about":"a:c","alternate":"a:b""#), "{text}");
    }
}
