//! How much to think, and how tokens are picked.

use ccproxy_wire::messages::body::{Body, Thinking};

use super::models::{Off, Thinks, Traits};
use super::write_turns::Conversation;
use crate::request::{Effort, Reasoning, Request};
use crate::{Dropped, Profile};

/// The least budget that there is, and what is left for the answer at least.
const LEAST: u64 = 1024;

/// What is said of thinking.
#[derive(Debug, Default)]
pub(super) struct Thought {
    pub(super) thinking: Option<Thinking>,
    pub(super) effort: Option<Effort>,
    /// Whether thinking is asked for.
    pub(super) on: bool,
}

impl Thought {
    /// Thinking is not wanted.
    fn off(traits: Traits, effort: Effort, dropped: &mut Dropped) -> Self {
        let thinking = match traits.off {
            Off::Silence => None,
            Off::Disabled => Some(Thinking::Disabled),
            Off::BetweenTools => Some(Thinking::BetweenTools),
            Off::Never => {
                dropped.note("reasoning");
                return Self { effort: traits.effort(effort), ..Self::default() };
            }
        };
        // More effort than this is for those who think.
        let effort = (effort != Effort::None).then(|| traits.effort(effort.min(Effort::High))).flatten();
        Self { thinking, effort, on: false }
    }

    fn refused(dropped: &mut Dropped) -> Self {
        dropped.note("reasoning");
        Self::default()
    }
}

pub(super) fn thinking(
    request: &Request,
    traits: Traits,
    max_tokens: u64,
    forced: bool,
    conversation: &Conversation<'_>,
    dropped: &mut Dropped,
) -> Thought {
    let Some(asked) = &request.reasoning else { return Thought::default() };
    let effort = asked.effort.or_else(|| asked.budget.map(Effort::of_budget));
    if effort == Some(Effort::None) {
        return Thought::off(traits, Effort::None, dropped);
    }
    // Nobody thinks whose words are put into his mouth.
    if forced {
        dropped.note("reasoning");
        return Thought::off(traits, effort.unwrap_or(Effort::None), dropped);
    }
    match traits.thinks {
        Thinks::Never => Thought::refused(dropped),
        Thinks::Adaptive => Thought {
            thinking: Some(Thinking::Adaptive { display: asked.shown.then_some("summarized") }),
            effort: effort.and_then(|effort| traits.effort(effort)),
            on: true,
        },
        // Here thoughts have to have been there from the beginning of the turn.
        Thinks::Budget if conversation.goes_on_without_thoughts() => Thought::refused(dropped),
        Thinks::Budget => match budget(asked, effort, max_tokens) {
            Some(budget_tokens) => {
                Thought { thinking: Some(Thinking::Enabled { budget_tokens }), effort: None, on: true }
            }
            None => Thought::refused(dropped),
        },
    }
}

/// The budget is a part of all that may be said.
fn budget(asked: &Reasoning, effort: Option<Effort>, max_tokens: u64) -> Option<u64> {
    let room = max_tokens.checked_sub(LEAST).filter(|room| *room >= LEAST)?;
    Some(asked.budget.unwrap_or_else(|| effort.unwrap_or(Effort::Medium).budget()).clamp(LEAST, room))
}

pub(super) fn sampling(
    request: &Request,
    traits: Traits,
    profile: &Profile,
    thinks: bool,
    body: &mut Body<'_>,
    dropped: &mut Dropped,
) {
    let asked = &request.sampling;
    // 1 is what they are unless told.
    let unusual = |value: Option<f64>| value.filter(|value| (value - 1.0).abs() > f64::EPSILON);
    let (temperature, top_p) = (unusual(asked.temperature), unusual(asked.top_p));
    if !profile.sampling || !traits.sampling {
        dropped.note_some("temperature", temperature.as_ref());
        dropped.note_some("top_p", top_p.as_ref());
        dropped.note_some("top_k", asked.top_k.as_ref());
        return;
    }
    if thinks {
        // Whoever thinks takes no other temperature, and nearly no other choice.
        dropped.note_some("temperature", temperature.as_ref());
        dropped.note_some("top_k", asked.top_k.as_ref());
        body.top_p = top_p.filter(|value| (0.95..=1.0).contains(value));
        dropped.note_some("top_p", top_p.filter(|_| body.top_p.is_none()).as_ref());
        return;
    }
    let told = if top_p.is_some() { temperature } else { asked.temperature };
    body.temperature = told.map(|value| value.clamp(0.0, 1.0));
    dropped.note_some("temperature", asked.temperature.filter(|value| !(0.0..=1.0).contains(value)).as_ref());
    body.top_p = top_p.map(|value| value.clamp(0.0, 1.0));
    if !traits.both && body.temperature.is_some() && body.top_p.is_some() {
        body.top_p = None;
        dropped.note("top_p");
    }
    body.top_k = asked.top_k;
}

/// What this dialect has no word for. What says no more than would be without it is not told.
pub(super) fn others(request: &Request, dropped: &mut Dropped) {
    let some = |value: Option<f64>| value.filter(|value| *value != 0.0);
    dropped.note_some("frequency_penalty", some(request.sampling.frequency_penalty).as_ref());
    dropped.note_some("presence_penalty", some(request.sampling.presence_penalty).as_ref());
    dropped.note_some("seed", request.sampling.seed.as_ref());
    request.logprobs_field().into_iter().for_each(|field| dropped.note(field));
    dropped.note_some("metadata", request.metadata.as_ref());
    dropped.note_some("store", request.store.filter(|store| *store).as_ref());
    dropped.note_some("verbosity", request.verbosity.as_ref().filter(|verbosity| *verbosity != "medium"));
}
