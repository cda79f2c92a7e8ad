//! Small damage.

use serde_json::{Value, json};

use crate::properties::played::Dice;

/// Changes some of the values within a value.
pub(in crate::properties) fn value(value: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(count(value));
        change(value, at, dice);
    }
}

/// How many values there are, this one included.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Changes the value that comes at this place.
fn change(value: &mut Value, at: usize, dice: &mut Dice) {
    if at == 0 {
        *value = junk(std::mem::take(value), dice);
        return;
    }
    let within: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => Vec::new(),
    };
    let mut before = 1;
    for inner in within {
        let size = count(inner);
        if at < before + size {
            return change(inner, at - before, dice);
        }
        before += size;
    }
}

fn junk(value: Value, dice: &mut Dice) -> Value {
    match dice.below(12) {
        0 => Value::Null,
        1 => json!(dice.below(2) == 0),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(1e300),
        5 => json!(""),
        6 => json!("\u{0}\u{1f980}\r\n"),
        7 => json!([]),
        8 => json!({}),
        9 => json!([value.clone(), value]),
        10 => value.as_object().map_or(Value::Null, |fields| fields.values().cloned().collect()),
        _ => (0..200).fold(value, |inner, _| json!([inner])),
    }
}

/// Changes the events of a stream: some are lost, come twice, change places, or hold something else.
pub(in crate::properties) fn list(events: &mut Vec<Value>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        if events.is_empty() {
            return;
        }
        let (at, other) = (dice.below(events.len()), dice.below(events.len()));
        match dice.below(4) {
            0 => drop(events.remove(at)),
            1 => events.insert(other, events[at].clone()),
            2 => events.swap(at, other),
            _ => value(&mut events[at], dice),
        }
    }
}

/// Changes some bytes.
pub(in crate::properties) fn bytes(mut bytes: Vec<u8>, dice: &mut Dice) -> Vec<u8> {
    for _ in 0..=dice.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.below(bytes.len());
        let to = at + dice.below(40).min(bytes.len() - at);
        match dice.below(5) {
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..to)),
            3 => bytes.extend_from_within(at..to),
            _ => bytes.insert(at, b"\"\\{}[],:\n\xff"[dice.below(10)]),
        }
    }
    bytes
}
