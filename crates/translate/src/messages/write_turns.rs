//! The conversation of a request for a provider.
//!
//! Users and assistants speak by turns, a user first, and nobody says nothing. What a tool says comes first in the turn
//! right after its call. What the operator says in mid-conversation is in a user's turn, marked as what it is: not all
//! models have a place for it.

use ccproxy_wire::messages::body::{Block, Message};

use super::models::Traits;
use super::pairs::{self, Said, Side};
use super::write_blocks::{Blocks, plain};
use crate::error::Error;
use crate::part::{Cache, Part};
use crate::request::{Request, Role, Turn};

/// Said by a user where nobody has said anything, but somebody has to.
const GO_ON: &str = "Continue.";

/// What is said, as a provider has it.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    /// What the operator says before all.
    pub(super) system: Vec<Block<'a>>,
    pub(super) messages: Vec<Message<'a>>,
}

pub(super) fn write<'a>(request: &'a Request, blocks: &mut Blocks<'_>) -> Result<Conversation<'a>, Error> {
    let mut system = Vec::new();
    let mut said: Vec<Said<'a>> = Vec::new();
    let mut turns = request.turns.iter().peekable();
    while let Some(turn) = turns.next_if(|turn| is_operator(turn)) {
        for part in &turn.parts {
            match part {
                Part::Text(text) => system.extend(blocks.text(text)),
                _ => blocks.dropped.note("system.content"),
            }
        }
    }
    for turn in turns {
        let side = if turn.role == Role::Assistant { Side::Assistant } else { Side::User };
        if said.last().is_none_or(|last| last.side != side) {
            said.push(Said::new(side));
        }
        if let Some(last) = said.last_mut() {
            speak(last, turn, blocks)?;
        }
    }
    let mut messages = pairs::pair(said, blocks)?;
    let first = match messages.first() {
        // Nothing but orders: they are what there is to answer.
        None => Some(std::mem::take(&mut system)),
        Some(first) if first.role == "assistant" => Some(plain(GO_ON).into_iter().collect()),
        Some(_) => None,
    };
    if let Some(content) = first {
        if content.is_empty() {
            return Err(Error::request("messages", "at least one message that says something is required"));
        }
        messages.insert(0, Message { role: "user", content });
    }
    Ok(Conversation { system, messages })
}

fn is_operator(turn: &Turn) -> bool {
    matches!(turn.role, Role::System | Role::Developer)
}

fn speak<'a>(said: &mut Said<'a>, turn: &'a Turn, blocks: &mut Blocks<'_>) -> Result<(), Error> {
    if is_operator(turn) {
        said.blocks.extend(order(turn, blocks));
        return Ok(());
    }
    for part in &turn.parts {
        match (said.side, part) {
            (Side::Assistant, part) => said.blocks.extend(blocks.assistant(part)),
            (Side::User, Part::ToolResult(result)) => said.results.push(result),
            (Side::User, part) => said.blocks.extend(blocks.user(part)?),
        }
    }
    Ok(())
}

/// What the operator says in mid-conversation.
fn order<'a>(turn: &'a Turn, blocks: &mut Blocks<'_>) -> Option<Block<'a>> {
    let mut texts = Vec::new();
    let mut cache: Option<&Cache> = None;
    for part in &turn.parts {
        match part {
            Part::Text(text) if text.text.trim().is_empty() => {}
            Part::Text(text) => {
                texts.push(text.text.as_str());
                cache = text.cache.as_ref();
            }
            _ => blocks.dropped.note("system.content"),
        }
    }
    (!texts.is_empty()).then(|| Block::Text {
        text: format!("<system>\n{}\n</system>", texts.join("\n")).into(),
        citations: Vec::new(),
        cache_control: blocks.mark(cache),
    })
}

/// Puts an end to the conversation that the model can go on from.
pub(super) fn close(conversation: &mut Conversation<'_>, traits: Traits, thinks: bool) {
    let Some(last) = conversation.messages.last_mut().filter(|last| last.role == "assistant") else { return };
    if !traits.prefill {
        let content = plain(GO_ON).into_iter().collect();
        conversation.messages.push(Message { role: "user", content });
        return;
    }
    if !thinks {
        last.content.retain(|block| !is_thought(block));
    }
    if let Some(Block::Text { text, .. }) = last.content.last_mut() {
        *text = text.trim_end().to_owned().into();
    }
    if last.content.is_empty() {
        conversation.messages.pop();
    }
}

impl Conversation<'_> {
    /// Whether the model goes on from where it has said something, or called a tool, and has not thought before.
    pub(super) fn goes_on_without_thoughts(&self) -> bool {
        if self.messages.last().is_some_and(|last| last.role == "assistant") {
            return true;
        }
        let is_result = |block: &Block<'_>| matches!(block, Block::ToolResult { .. });
        let is_answer =
            |message: &&Message<'_>| message.role == "assistant" || message.content.iter().any(is_result);
        let mut steps = self.messages.iter().rev().take_while(is_answer).filter(|m| m.role == "assistant");
        let thoughtless = |step: &Message<'_>| !step.content.first().is_some_and(is_thought);
        let Some(last) = steps.next() else { return false };
        thoughtless(last) && steps.last().is_none_or(thoughtless)
    }
}

fn is_thought(block: &Block<'_>) -> bool {
    matches!(block, Block::Thinking { .. } | Block::RedactedThinking { .. })
}
