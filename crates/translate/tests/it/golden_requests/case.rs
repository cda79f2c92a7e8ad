//! A file: what the case shows, its source, the settings of the provider, and the request.

use crate::golden::About;

/// A case, as its file tells it.
pub(super) struct Case<'a> {
    /// All before the translations.
    pub(super) head: &'a str,
    pub(super) request: &'a str,
    /// The Claude that a provider of Messages is asked for, where it matters.
    pub(super) claude: Option<&'a str>,
    settings: Vec<&'a str>,
}

/// What may be said of a provider: that it is not OpenAI's own, takes no sampling, or wants the thoughts back.
const SETTINGS: [&str; 3] = ["others", "no sampling", "thoughts"];

const FENCE: &str = "\n```\n";

impl<'a> Case<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        let (about, rest) = text.split_once("\n## request\n\n```json\n").ok_or("no request")?;
        let end = rest.find(FENCE).ok_or("the request does not end")?;
        let about = About::parse(about)?;
        let settings = about.words("provider:", &SETTINGS)?;
        let head = text.len() - rest.len() + end + FENCE.len();
        Ok(Self { head: &text[..head], request: &rest[..end], claude: about.line("claude:"), settings })
    }

    pub(super) fn has(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}
