//! What both sides of a pair can say.

use ccproxy_translate::Profile;
use ccproxy_wire::Dialect;

use super::{Choice, Format, Said, Talk, Turn};

/// What a pair of dialects has in common.
#[derive(Debug, Clone, Copy)]
pub(in crate::properties) struct Ground {
    messages: bool,
    chat: bool,
    responses: bool,
    /// Whether Chat is OpenAI's own, which knows the operator's words in mid-conversation, and all efforts.
    developer: bool,
}

impl Ground {
    pub(in crate::properties) fn of(pair: (Dialect, Dialect), developer: bool) -> Self {
        let has = |dialect| pair.0 == dialect || pair.1 == dialect;
        Self {
            messages: has(Dialect::Messages),
            chat: has(Dialect::Chat),
            responses: has(Dialect::Responses),
            developer,
        }
    }

    pub(in crate::properties) fn profile(self, dialect: Dialect) -> Profile {
        Profile { developer: self.developer, max_completion_tokens: self.developer, ..Profile::of(dialect) }
    }

    /// Leaves out, or says in the one way that there is, what only one of both can say in another.
    pub(super) fn common(self, mut talk: Talk) -> Talk {
        if self.messages || !self.developer {
            // Elsewhere it is the user who tells what the operator says.
            talk.turns.retain(|turn| !matches!(turn, Turn::Operator(_)));
        }
        if self.chat {
            // There a tool says nothing but text.
            let results = talk.turns.iter_mut().filter_map(|turn| match turn {
                Turn::Results(results) => Some(results),
                _ => None,
            });
            for (_, said) in results.flatten() {
                said.retain(|said| matches!(said, Said::Text(_)));
                said.truncate(1);
            }
        }
        talk.parallel |= talk.tools.is_empty();
        self.settings(&mut talk);
        if self.messages {
            self.with_messages(&mut talk);
        }
        talk
    }

    fn settings(self, talk: &mut Talk) {
        let settings = &mut talk.settings;
        if self.responses {
            settings.stop.clear();
        }
        if self.messages || (self.chat && !self.developer) {
            settings.effort =
                settings.effort.take().filter(|effort| matches!(&**effort, "low" | "medium" | "high"));
        }
        let thinks = settings.effort.as_deref().is_some_and(|effort| effort != "none");
        // Chat has no word for it: whoever wants the model to think reads the thoughts.
        settings.shown = thinks && (self.chat || settings.shown);
    }

    /// Messages asks for more, and knows less.
    fn with_messages(self, talk: &mut Talk) {
        let settings = &mut talk.settings;
        settings.limit = settings.limit.or(Some(4096));
        settings.verbosity = None;
        settings.cache_key = None;
        settings.format = settings.format.take().and_then(|format| match format {
            Format::Json => None,
            Format::Schema { schema, .. } => Some(Format::Schema {
                name: "response".to_owned(),
                description: None,
                schema,
                strict: Some(true),
            }),
        });
        if settings.effort.is_some() {
            // Nobody thinks whose tool or whose luck is told.
            (settings.temperature, settings.top_p) = (None, None);
            talk.choice = Choice::Auto;
        }
        if settings.temperature.is_some() {
            settings.top_p = None;
        }
        // That there is nothing to call says it all.
        talk.parallel |= talk.choice == Choice::None;
    }
}
