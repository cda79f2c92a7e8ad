//! The names under which a model may be in the table: `openai/gpt-4o-2024-08-06` is `gpt-4o`.

use std::iter::successors;

/// Where Amazon Bedrock serves a model from, before its maker's name.
const REGIONS: [&str; 8] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global."];
/// Makers, before Bedrock's names of models.
const MAKERS: [&str; 8] =
    ["anthropic.", "openai.", "mistral.", "deepseek.", "meta.", "google.", "xai.", "amazon."];

/// The name itself, then what is left of it step by step without what says where it is served and which of its versions.
pub(crate) fn forms(name: &str) -> impl Iterator<Item = &str> {
    successors(Some(name), |name| less(name))
}

/// One part less; none where there is no such part.
fn less(name: &str) -> Option<&str> {
    // A path: `openai/gpt-4o`, `publishers/anthropic/models/claude-opus-4-1`.
    if let Some((_, rest)) = name.rsplit_once('/') {
        return Some(rest);
    }
    let served = |name| {
        let prefix = REGIONS.iter().chain(&MAKERS).find_map(|prefix| str::strip_prefix(name, prefix));
        let context = || str::strip_suffix(name, "[1m]");
        prefix.or_else(context)
    };
    served(name).or_else(|| without_version(name)).filter(|rest| !rest.is_empty())
}

/// Without `-v1:0`, `@20250929`, `-20250929`, `-2024-08-06`, `-latest`.
fn without_version(name: &str) -> Option<&str> {
    if let Some((rest, tag)) = name.rsplit_once('@') {
        return matches!(tag, "default" | "latest").then_some(rest).or_else(|| is_date(tag).then_some(rest));
    }
    let (rest, last) = name.rsplit_once('-')?;
    if last == "latest" || is_revision(last) || is_date(last) {
        return Some(rest);
    }
    let (at, _) = name.len().checked_sub("-2024-08-06".len()).and_then(|at| Some((at, name.get(at..)?)))?;
    let (rest, date) = name.split_at_checked(at)?;
    let date = date.strip_prefix('-')?;
    let shape = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    (shape && date.starts_with("20")).then_some(rest)
}

/// `v1:0`, `v2`.
fn is_revision(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix('v') else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split_once(':').map_or_else(|| digits(numbers), |(one, other)| digits(one) && digits(other))
}

/// `20250929`
fn is_date(text: &str) -> bool {
    text.len() == 8 && text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_comes_down_to() {
        let check = |name: &str, expect: &[&str]| assert_eq!(forms(name).collect::<Vec<_>>(), expect);
        check("gpt-4o", &["gpt-4o"]);
        check("", &[""]);
        check("openai/gpt-4o-2024-08-06", &["openai/gpt-4o-2024-08-06", "gpt-4o-2024-08-06", "gpt-4o"]);
        check("claude-sonnet-4-5@20250929", &["claude-sonnet-4-5@20250929", "claude-sonnet-4-5"]);
        check(
            "us.anthropic.claude-opus-4-1-20250805-v1:0",
            &[
                "us.anthropic.claude-opus-4-1-20250805-v1:0",
                "anthropic.claude-opus-4-1-20250805-v1:0",
                "claude-opus-4-1-20250805-v1:0",
                "claude-opus-4-1-20250805",
                "claude-opus-4-1",
            ],
        );
        check("claude-opus-4-1[1m]", &["claude-opus-4-1[1m]", "claude-opus-4-1"]);
        check("a-latest", &["a-latest", "a"]);
        check("-latest", &["-latest"]);
        check("x/", &["x/", ""]);
        // No versions.
        check("claude-3-5", &["claude-3-5"]);
        check("m-v", &["m-v"]);
        check("m-9999-99-99", &["m-9999-99-99"]);
        check("m-2024-ab-06", &["m-2024-ab-06"]);
        check("ü-2024-08-06", &["ü-2024-08-06", "ü"]);
        check("éé24-08-06", &["éé24-08-06"]);
        check("a@b", &["a@b"]);
    }
}
