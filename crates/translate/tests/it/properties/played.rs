//! How a provider's events become bytes: in any of the forms that the standard allows.

use ccproxy_wire::Dialect;
use serde_json::Value;

/// An event, by its data; the name is the type that the data tells.
pub(super) type Event = Value;

/// Chance that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Less than `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 1).unwrap() % n.max(1)
    }

    /// One time in `n`.
    pub(super) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A text in pieces, some of them empty; none of no text.
    pub(super) fn pieces(&mut self, text: &str) -> Vec<String> {
        let mut rest: Vec<char> = text.chars().collect();
        let mut pieces = Vec::new();
        let widest = if self.once_in(3) { rest.len() + 1 } else { 6 };
        while !rest.is_empty() {
            let width = self.below(widest).min(rest.len());
            pieces.push(rest.drain(..width).collect());
        }
        pieces
    }

    /// Puts lists together, each in its order, and none before the one before it has begun.
    pub(super) fn interleave<T>(&mut self, lists: Vec<Vec<T>>) -> Vec<T> {
        let mut lists: Vec<_> = lists.into_iter().map(|list| list.into_iter().peekable()).collect();
        let mut all = Vec::new();
        let mut begun = 0;
        while lists.iter_mut().any(|list| list.peek().is_some()) {
            let at = self.below(begun + 1).min(lists.len() - 1);
            begun = begun.max(at + 1).min(lists.len() - 1);
            all.extend(lists[at].next());
        }
        all
    }
}

/// How lines are written.
struct Lines {
    text: String,
    end: &'static str,
    space: &'static str,
}

impl Lines {
    fn field(&mut self, name: &str, value: &str) {
        self.text.extend([name, ":", self.space, value, self.end]);
    }

    /// An event is over.
    fn over(&mut self) {
        self.text.push_str(self.end);
    }
}

/// A stream of these events.
pub(super) fn text(provider: Dialect, events: &[Event], dice: &mut Dice) -> String {
    let mut lines = Lines {
        text: if dice.once_in(8) { "\u{feff}".to_owned() } else { String::new() },
        end: ["\n", "\n", "\r\n", "\r"][dice.below(4)],
        space: if dice.once_in(4) { "" } else { " " },
    };
    let (pretty, named) = (dice.once_in(4), provider != Dialect::Chat && !dice.once_in(4));
    let noisy = dice.once_in(2);
    for event in events {
        if noisy && dice.once_in(3) {
            noise(provider, dice, &mut lines);
        }
        if let Some(kind) = event["type"].as_str().filter(|_| named) {
            lines.field("event", kind);
        }
        let data = match event {
            Value::String(word) => word.clone(),
            event if pretty => serde_json::to_string_pretty(event).unwrap(),
            event => event.to_string(),
        };
        data.lines().for_each(|data| lines.field("data", data));
        lines.over();
    }
    lines.text
}

/// What means nothing.
fn noise(provider: Dialect, dice: &mut Dice, lines: &mut Lines) {
    match dice.below(4) {
        0 => lines.field("", "still here"),
        1 => lines.field("id", "7"),
        2 => lines.field("retry", "1000"),
        _ if provider == Dialect::Messages => {
            lines.field("data", r#"{"type":"ping"}"#);
            lines.over();
        }
        _ => lines.over(),
    }
}
