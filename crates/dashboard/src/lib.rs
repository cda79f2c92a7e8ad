//! The dashboard: a page for browsers, built from `dashboard/` and embedded here.
//!
//! The built files are committed in `dist/`, so that building the program takes no npm; a test compares them with the
//! sources they are from. Nothing here serves: it is for the server to answer with an [`Asset`].

/// A file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Its bytes, as they go out.
    pub bytes: &'static [u8],
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// Whether the bytes are compressed: the value of `Content-Encoding`. There is no other form of it. Every browser
    /// takes this one, and who sends no `Accept-Encoding` says that any will do.
    pub content_encoding: Option<&'static str>,
    /// The whole value of `ETag`, quotes included: a hash of the content.
    pub etag: &'static str,
    /// Whether its name changes with its content, so that it may be kept for good. What may not be is to be asked for
    /// anew each time, by its `ETag`.
    pub immutable: bool,
}

impl Asset {
    /// The value of `Cache-Control`.
    #[must_use]
    pub const fn cache_control(&self) -> &'static str {
        if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" }
    }
}

/// What the page may do: nothing but use its own files and ask its own server. It goes with every answer of the page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Every file with its path below `/dashboard/`; the build of `dashboard/` writes the list.
const FILES: &[(&str, Asset)] = include!("../dist/files.rs");

/// The file of this path below `/dashboard`, with or without the slash between them; the page itself for none.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = if path.is_empty() { "index.html" } else { path };
    FILES.iter().find(|(name, _)| *name == path).map(|(_, asset)| *asset)
}
