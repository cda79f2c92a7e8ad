//! Calls of tools, and what came of them: each call is answered once, in the turn right after it.
//!
//! Clients cut conversations short, leave results out, use an id twice, or give results late. Nothing of that may be lost,
//! and nothing of it is accepted.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ccproxy_wire::messages::body::{Block, Message};

use super::ids;
use super::write_blocks::Blocks;
use crate::error::Error;
use crate::part::ToolResult;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    User,
    Assistant,
}

/// What one side says before the other does.
#[derive(Debug)]
pub(super) struct Said<'a> {
    pub(super) side: Side,
    pub(super) blocks: Vec<Block<'a>>,
    /// What tools say.
    pub(super) results: Vec<&'a ToolResult>,
}

impl Said<'_> {
    pub(super) fn new(side: Side) -> Self {
        Self { side, blocks: Vec::new(), results: Vec::new() }
    }
}

/// The results that no call has claimed, by the id of the call: which turn they are said in, and their place there.
struct Open<'a> {
    by_id: BTreeMap<&'a str, VecDeque<(usize, usize)>>,
    claimed: BTreeSet<(usize, usize)>,
}

impl<'a> Open<'a> {
    fn of(said: &[Said<'a>]) -> Self {
        let mut by_id: BTreeMap<&str, VecDeque<(usize, usize)>> = BTreeMap::new();
        for (turn, said) in said.iter().enumerate() {
            for (n, result) in said.results.iter().enumerate() {
                by_id.entry(&result.id).or_default().push_back((turn, n));
            }
        }
        Self { by_id, claimed: BTreeSet::new() }
    }

    /// The first result after this turn.
    fn claim(&mut self, id: &str, turn: usize) -> Option<(usize, usize)> {
        let places = self.by_id.get_mut(id)?;
        while places.front().is_some_and(|place| place.0 <= turn) {
            places.pop_front();
        }
        let place = places.pop_front()?;
        self.claimed.insert(place);
        Some(place)
    }
}

/// The ids of all calls, and how often each was wanted.
#[derive(Default)]
struct Ids(BTreeMap<String, usize>);

impl Ids {
    /// An id that is accepted, and no other call's; the same for the same call in every request.
    fn fresh(&mut self, id: &str) -> String {
        let plain = |c: char| if ids::is_plain(c) { c } else { '_' };
        let base: String = if id.is_empty() { "call".to_owned() } else { id.chars().map(plain).collect() };
        let mut fresh = base.clone();
        let mut wanted = self.0.get(&base).copied().unwrap_or_default();
        while self.0.contains_key(&fresh) {
            wanted += 1;
            fresh = format!("{base}_{}", wanted + 1);
        }
        self.0.insert(base, wanted);
        self.0.entry(fresh.clone()).or_default();
        fresh
    }
}

pub(super) fn pair<'a>(said: Vec<Said<'a>>, blocks: &mut Blocks<'_>) -> Result<Vec<Message<'a>>, Error> {
    let mut open = Open::of(&said);
    let results: Vec<Vec<&'a ToolResult>> = said.iter().map(|said| said.results.clone()).collect();
    let mut ids = Ids::default();
    let mut messages = Vec::with_capacity(said.len() + 1);
    for (turn, mut said) in said.into_iter().enumerate() {
        if said.side == Side::User {
            let mut content = Vec::new();
            for (n, result) in said.results.into_iter().enumerate() {
                if !open.claimed.contains(&(turn, n)) {
                    content.push(note("The result of a call that is not known:".into()));
                    content.extend(blocks.content(result)?);
                }
            }
            content.append(&mut said.blocks);
            push(&mut messages, "user", content);
            continue;
        }
        let mut answers = Vec::new();
        for block in &mut said.blocks {
            let Block::ToolUse { id, .. } = block else { continue };
            let place = open.claim(id, turn);
            *id = ids.fresh(id).into();
            let result = place.and_then(|(turn, n)| results.get(turn)?.get(n));
            answers.push(match result {
                Some(result) => blocks.result(result, id.clone())?,
                None => unanswered(id.clone()),
            });
        }
        push(&mut messages, "assistant", said.blocks);
        push(&mut messages, "user", answers);
    }
    Ok(messages)
}

fn push<'a>(messages: &mut Vec<Message<'a>>, role: &'static str, mut content: Vec<Block<'a>>) {
    match messages.last_mut().filter(|last| last.role == role) {
        _ if content.is_empty() => {}
        Some(last) => last.content.append(&mut content),
        None => messages.push(Message { role, content }),
    }
}

fn unanswered(id: Cow<'_, str>) -> Block<'_> {
    let content = vec![note("There is no result of this call.".into())];
    Block::ToolResult { tool_use_id: id, content, is_error: true, cache_control: None }
}

fn note(text: Cow<'_, str>) -> Block<'_> {
    Block::Text { text, citations: Vec::new(), cache_control: None }
}
