//! A file: what the case shows, its source, the settings of the provider, and the request.

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
        let line = |key: &str| about.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        if !about.starts_with("# ") {
            return Err("the first line has to tell what the case shows".to_owned());
        }
        if line("source:").is_none_or(str::is_empty) {
            return Err("no source".to_owned());
        }
        let settings: Vec<&str> = line("provider:").unwrap_or_default().split(", ").collect();
        if let Some(unknown) = settings.iter().find(|word| !word.is_empty() && !SETTINGS.contains(word)) {
            return Err(format!("no such provider: {unknown}"));
        }
        let head = text.len() - rest.len() + end + FENCE.len();
        Ok(Self { head: &text[..head], request: &rest[..end], claude: line("claude:"), settings })
    }

    pub(super) fn has(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}
