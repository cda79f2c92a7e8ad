//! Calls of tools and their results, for providers that want each call answered before anybody else speaks.
//!
//! Clients cut conversations short, leave results out, or give them late. OpenAI refuses all of that.

use std::collections::{BTreeMap, VecDeque};

use crate::part::{Part, Text, ToolCall, ToolResult};
use crate::request::{Role, Turn};

/// Mends a conversation in which not every call has its result right after it, or a result its call right before.
pub(crate) fn mend(turns: &mut Vec<Turn>) {
    if !is_whole(turns) {
        *turns = mended(std::mem::take(turns));
    }
}

fn is_assistant(turn: &Turn) -> bool {
    turn.role == Role::Assistant
}

/// The ids of the calls, or of the results, that are in these turns.
fn ids(turns: &[Turn], calls: bool) -> Vec<&str> {
    let parts = turns.iter().flat_map(|turn| &turn.parts);
    let mut ids: Vec<&str> = parts
        .filter_map(|part| match part {
            Part::ToolCall(call) if calls => Some(call.id.as_str()),
            Part::ToolResult(result) if !calls => Some(result.id.as_str()),
            _ => None,
        })
        .collect();
    ids.sort_unstable();
    ids
}

fn is_whole(turns: &[Turn]) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for side in turns.chunk_by(|a, b| is_assistant(a) == is_assistant(b)) {
        let by_assistant = side.first().is_some_and(is_assistant);
        let answered = if by_assistant { open.is_empty() } else { ids(side, false) == open };
        if !answered {
            return false;
        }
        open = if by_assistant { ids(side, true) } else { Vec::new() };
    }
    open.is_empty()
}

/// What answers a call.
enum Answer {
    /// A part of a turn.
    At(usize, usize),
    /// Nothing does.
    Missing { id: String, custom: bool },
}

fn mended(turns: Vec<Turn>) -> Vec<Turn> {
    let answers = answers(&turns);
    let (roles, mut said): (Vec<Role>, Vec<Vec<Option<Part>>>) =
        turns.into_iter().map(|turn| (turn.role, turn.parts.into_iter().map(Some).collect())).unzip();
    let mut take = |answer| match answer {
        Answer::At(turn, part) => said.get_mut(turn)?.get_mut(part)?.take(),
        Answer::Missing { id, custom } => {
            let parts = vec![note("There is no result of this call.")];
            Some(Part::ToolResult(ToolResult { id, parts, is_error: true, custom, cache: None }))
        }
    };
    let mut results: BTreeMap<usize, Vec<Part>> = BTreeMap::new();
    for (turn, answers) in answers {
        results.insert(turn, answers.into_iter().filter_map(&mut take).collect());
    }
    let mut out = Vec::with_capacity(roles.len() + results.len());
    for (n, (role, parts)) in roles.into_iter().zip(said).enumerate() {
        let parts: Vec<Part> = parts.into_iter().flatten().flat_map(unknown).collect();
        if !parts.is_empty() {
            out.push(Turn { role, parts });
        }
        out.extend(results.remove(&n).map(|parts| Turn { role: Role::User, parts }));
    }
    out
}

/// What answers the calls of the assistant, by the last of the turns that these are in: each the first result of its id
/// in what follows.
fn answers(turns: &[Turn]) -> Vec<(usize, Vec<Answer>)> {
    let mut open: BTreeMap<&str, VecDeque<(usize, usize)>> = BTreeMap::new();
    for (turn, said) in turns.iter().enumerate() {
        for (n, part) in said.parts.iter().enumerate() {
            if let Part::ToolResult(result) = part {
                open.entry(&result.id).or_default().push_back((turn, n));
            }
        }
    }
    let mut answers = Vec::new();
    let mut next = 0;
    for side in turns.chunk_by(|a, b| is_assistant(a) == is_assistant(b)) {
        next += side.len();
        let mut answer = |part: &Part| {
            let Part::ToolCall(ToolCall { id, custom, .. }) = part else { return None };
            let missing = || Answer::Missing { id: id.clone(), custom: *custom };
            let Some(places) = open.get_mut(id.as_str()) else { return Some(missing()) };
            while places.front().is_some_and(|place| place.0 < next) {
                places.pop_front();
            }
            Some(places.pop_front().map_or_else(missing, |(turn, part)| Answer::At(turn, part)))
        };
        let of_side: Vec<Answer> = side.iter().flat_map(|turn| &turn.parts).filter_map(&mut answer).collect();
        if !of_side.is_empty() {
            answers.push((next - 1, of_side));
        }
    }
    answers
}

/// A result whose call is not known is told as what it is.
fn unknown(part: Part) -> Vec<Part> {
    match part {
        Part::ToolResult(result) => {
            let mut parts = vec![note("The result of a call that is not known:")];
            parts.extend(result.parts);
            parts
        }
        other => vec![other],
    }
}

fn note(text: &str) -> Part {
    Part::Text(Text { text: text.to_owned(), ..Text::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns in short: a call as `+id`, a result as `-id`, other words as text.
    fn turns(short: &[(Role, &str)]) -> Vec<Turn> {
        let part = |word: &str| match word.split_at(1) {
            ("+", id) => {
                let (id, name) = (id.to_owned(), "f".to_owned());
                Part::ToolCall(ToolCall { id, name, arguments: String::new(), custom: false, cache: None })
            }
            ("-", id) => {
                let parts = vec![note(&format!("of {id}"))];
                let id = id.to_owned();
                Part::ToolResult(ToolResult { id, parts, is_error: false, custom: false, cache: None })
            }
            _ => note(word),
        };
        let turn = |(role, words): &(Role, &str)| Turn {
            role: *role,
            parts: words.split_whitespace().map(part).collect(),
        };
        short.iter().map(turn).collect()
    }

    fn told(turns: &[Turn]) -> String {
        let word = |part: &Part| match part {
            Part::ToolCall(call) => format!("+{}", call.id),
            Part::ToolResult(result) if result.is_error => format!("!{}", result.id),
            Part::ToolResult(result) => format!("-{}", result.id),
            Part::Text(text) => text.text.clone(),
            other => panic!("{other:?}"),
        };
        let turn = |turn: &Turn| {
            let words: Vec<String> = turn.parts.iter().map(word).collect();
            format!("{:?}: {}", turn.role, words.join(" "))
        };
        turns.iter().map(turn).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn conversations() {
        use Role::{Assistant as A, User as U};
        let check = |short: &[(Role, &str)], expect: &str| {
            let mut turns = turns(short);
            mend(&mut turns);
            assert_eq!(told(&turns), expect);
            assert!(is_whole(&turns));
        };
        let whole = "User: go; Assistant: +a +b; User: -b -a more; Assistant: done";
        check(&[(U, "go"), (A, "+a +b"), (U, "-b -a more"), (A, "done")], whole);
        check(&[(U, "go"), (A, "+a"), (U, "no")], "User: go; Assistant: +a; User: !a; User: no");
        check(&[(U, "go"), (A, "+a")], "User: go; Assistant: +a; User: !a");
        let late = "User: go; Assistant: +a; User: -a; User: wait; Assistant: ok; User: now";
        check(&[(U, "go"), (A, "+a"), (U, "wait"), (A, "ok"), (U, "-a now")], late);
        let unknown = "User: The result of a call that is not known: of x hi";
        check(&[(U, "-x hi")], unknown);
        check(&[(A, "+a"), (A, "+b"), (U, "-b")], "Assistant: +a; Assistant: +b; User: !a -b");
        let again = "Assistant: +a; User: -a; Assistant: +a; User: !a; User: on";
        check(&[(A, "+a"), (U, "-a"), (A, "+a"), (U, "on")], again);
    }
}
