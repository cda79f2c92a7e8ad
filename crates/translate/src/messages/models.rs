//! What Claude models take, where the generations differ.
//!
//! Sources (platform.claude.com, November 2026): "Thinking", "Troubleshooting thinking", "Effort", "What's new" in Claude
//! Opus 5.5, Sonnet 5.5 and Haiku 5.5, and the migration guides of 4.6 to Fable 5.1.

use crate::request::Effort;

/// What a model takes. What only guesses could tell, of a name that says too little, is as with the newest models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) thinks: Thinks,
    pub(super) off: Off,
    /// Whether a tool can be forced on it.
    pub(super) forced: bool,
    /// Whether it takes other than the default `temperature`, `top_p` and `top_k`.
    pub(super) sampling: bool,
    /// Whether it takes both `temperature` and `top_p`.
    pub(super) both: bool,
    /// Whether the assistant's last turn may be a beginning that the model goes on from.
    pub(super) prefill: bool,
    /// Whether it keeps to a schema.
    pub(super) schemas: bool,
    /// Whether it knows that effort.
    xhigh: bool,
}

/// How thinking is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    Never,
    /// With a budget of tokens.
    Budget,
    /// By effort.
    Adaptive,
}

/// How thinking is turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Off {
    /// By not asking for it.
    Silence,
    /// By saying so, with an effort of `high` at most.
    Disabled,
    /// By saying that there may be some between the calls of tools.
    BetweenTools,
    /// It cannot be.
    Never,
}

/// What other models behind this dialect take, as far as one can know: what the dialect always had.
const OTHERS: Traits = Traits {
    thinks: Thinks::Budget,
    off: Off::Disabled,
    forced: true,
    sampling: true,
    both: true,
    prefill: true,
    schemas: false,
    xhigh: false,
};

impl Traits {
    /// What a model takes, by its name: `claude-opus-4-7`, `anthropic.claude-3-7-sonnet-20250219-v1:0`,
    /// `claude-sonnet-4.5`, `claude-sonnet-4@20250514`.
    pub(super) fn of(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let Some((_, name)) = name.split_once("claude") else { return OTHERS };
        let version = version(name).unwrap_or(u32::MAX);
        let opus = name.contains("opus");
        let free = name.contains("fable") || name.contains("mythos");
        Self {
            thinks: match version {
                ..307 => Thinks::Never,
                307..406 => Thinks::Budget,
                _ => Thinks::Adaptive,
            },
            off: match version {
                ..500 => Off::Silence,
                _ if free => Off::Never,
                500..505 => Off::Disabled,
                _ if name.contains("sonnet") => Off::BetweenTools,
                _ if name.contains("haiku") => Off::Disabled,
                _ => Off::Never,
            },
            forced: match version {
                ..501 => true,
                501..505 => !free,
                _ => name.contains("haiku"),
            },
            sampling: version < 407,
            both: version < 400,
            prefill: version < 406,
            schemas: version >= 405 || (opus && version >= 401),
            xhigh: version >= 407,
        }
    }

    /// The word for an effort. None where the model does not know the setting.
    pub(super) fn effort(self, effort: Effort) -> Option<Effort> {
        let known = self.thinks == Thinks::Adaptive;
        known.then_some(match effort {
            Effort::None | Effort::Minimal => Effort::Low,
            Effort::XHigh if !self.xhigh => Effort::High,
            other => other,
        })
    }
}

/// The first number of a name, in hundreds, and the one after it. A date is neither.
fn version(name: &str) -> Option<u32> {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let number = |word: &str| (word.len() <= 2).then(|| word.parse::<u32>().ok()).flatten();
    let major = words.by_ref().find_map(number)?;
    Some(major * 100 + words.next().and_then(number).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let check = |name: &str, expect: Option<u32>| assert_eq!(version(name), expect, "{name}");
        check("-opus-5-5", Some(505));
        check("-sonnet-5", Some(500));
        check("-sonnet-4-5-20250929", Some(405));
        check("-sonnet-4-20250514", Some(400));
        check("-sonnet-4@20250514", Some(400));
        check("-sonnet-4.5", Some(405));
        check("-3-7-sonnet-20250219-v1:0", Some(307));
        check("-3-opus-20240229", Some(300));
        check("-opus-4-6-v1", Some(406));
        check("-opus-4-6[1m]", Some(406));
        check("-mythos-preview", None);
        check("-v2", None);
    }

    #[test]
    fn generations() {
        let check = |model: &str, thinks: Thinks, off: Off, forced: bool, sampling: bool| {
            let traits = Traits::of(model);
            assert_eq!(
                (traits.thinks, traits.off, traits.forced, traits.sampling),
                (thinks, off, forced, sampling),
                "{model}"
            );
        };
        check("claude-3-5-haiku-20241022", Thinks::Never, Off::Silence, true, true);
        check("claude-haiku-4-5", Thinks::Budget, Off::Silence, true, true);
        check("us.anthropic.claude-opus-4-6-v1", Thinks::Adaptive, Off::Silence, true, true);
        check("claude-opus-4-8", Thinks::Adaptive, Off::Silence, true, false);
        check("claude-opus-5", Thinks::Adaptive, Off::Disabled, true, false);
        check("claude-opus-5-5", Thinks::Adaptive, Off::Never, false, false);
        check("claude-sonnet-5-5", Thinks::Adaptive, Off::BetweenTools, false, false);
        check("claude-haiku-5-5", Thinks::Adaptive, Off::Disabled, true, false);
        check("claude-fable-5", Thinks::Adaptive, Off::Never, true, false);
        check("claude-fable-5-2", Thinks::Adaptive, Off::Never, false, false);
        check("claude-mythos-preview", Thinks::Adaptive, Off::Never, false, false);
        check("glm-5", Thinks::Budget, Off::Disabled, true, true);
    }

    #[test]
    fn efforts() {
        let check = |model: &str, effort: Effort, expect: Option<Effort>| {
            assert_eq!(Traits::of(model).effort(effort), expect, "{model} {effort:?}");
        };
        check("claude-opus-4-6", Effort::XHigh, Some(Effort::High));
        check("claude-opus-4-6", Effort::Max, Some(Effort::Max));
        check("claude-opus-5-5", Effort::XHigh, Some(Effort::XHigh));
        check("claude-opus-5-5", Effort::Minimal, Some(Effort::Low));
        check("claude-haiku-4-5", Effort::Low, None);
    }
}
