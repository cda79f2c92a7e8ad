//! What becomes of a thing that is asked for.

use std::collections::BTreeSet;

use ccproxy_translate::{Stamp, request};
use ccproxy_wire::Dialect;
use serde_json::Value;

use super::{Probe, Provider};

/// A field's path, without the places in lists, and its value.
type Leaf = (String, String);

/// How deep the document tells where a thing went.
const DEPTH: usize = 3;

/// No more places are told.
const PLACES: usize = 3;

/// What is in these goes as it is.
const SCHEMAS: [&str; 3] = ["parameters", "input_schema", "schema"];

pub(super) enum Outcome {
    /// All its values are in the provider's request.
    Carried(Vec<String>),
    /// The provider's request is another one; some of it may be missing.
    Adapted { places: Vec<String>, dropped: Vec<String> },
    /// The client is told so.
    Dropped(Vec<String>),
    /// There is no answer without it.
    Refused(String),
    /// Nothing is another one, and nobody is told.
    Silent,
}

impl Outcome {
    pub(super) fn of(probe: &Probe, client: Dialect, provider: &Provider) -> Self {
        let (plain, asked) = (probe.without(client), probe.with(client));
        let (before, _) = run(&plain, client, provider)
            .unwrap_or_else(|error| panic!("{} cannot be asked without: {error:?}", probe.title()));
        let (after, dropped) = match run(&asked, client, provider) {
            Ok(translated) => translated,
            Err(field) => return Self::Refused(field),
        };
        let dropped: Vec<String> = dropped
            .into_iter()
            .filter(|name| !run(&plain, client, provider).is_ok_and(|(_, names)| names.contains(name)))
            .collect();
        let (before, after) = (leaves(&before), leaves(&after));
        let (new, gone) = (rest(&after, &before), rest(&before, &after));
        if new.is_empty() && gone.is_empty() {
            return if dropped.is_empty() { Self::Silent } else { Self::Dropped(dropped) };
        }
        let asked = rest(&leaves(&asked), &leaves(&plain));
        let asked: Vec<Leaf> = asked.into_iter().filter(|(path, _)| !is_tag(path)).collect();
        let is_there = |(_, value): &Leaf| new.iter().any(|(_, other)| other == value);
        if dropped.is_empty() && !asked.is_empty() && asked.iter().all(is_there) {
            // What is there besides is the provider's own way of saying it; a word for yes or no proves little.
            let is_word = |(_, value): &Leaf| value == "true" || value == "false";
            let words = asked.iter().all(is_word);
            let is_asked =
                |leaf: &Leaf| asked.iter().any(|(_, value)| *value == leaf.1) && (words || !is_word(leaf));
            let told: Vec<Leaf> = new.into_iter().filter(is_asked).collect();
            return Self::Carried(places(&told, &gone, false));
        }
        Self::Adapted { places: places(&new, &gone, true), dropped }
    }

    /// What the document says.
    pub(super) fn cell(&self, probe: &Probe) -> String {
        let codes = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        match self {
            Self::Carried(places) => format!("carried: {}", codes(places)),
            Self::Adapted { places, dropped } if dropped.is_empty() => format!("adapted: {}", codes(places)),
            Self::Adapted { places, dropped } => {
                format!("adapted: {}; dropped: {}", codes(places), codes(dropped))
            }
            Self::Dropped(names) => format!("dropped: {}", codes(names)),
            Self::Refused(field) => format!("refused: `{field}`"),
            Self::Silent => format!("not needed: {}", probe.unneeded.unwrap_or("LOST")),
        }
    }
}

/// The provider's request and what was dropped, or the field at fault.
fn run(body: &Value, client: Dialect, provider: &Provider) -> Result<(Value, Vec<String>), String> {
    let stamp = Stamp { id: "1".to_owned(), created: 1 };
    let translated = request(client, body.to_string().as_bytes(), provider.model, &provider.profile(), stamp);
    let translated = translated.map_err(|error| error.field().unwrap_or_default().to_owned())?;
    let names = translated.dropped.names().map(str::to_owned).collect();
    Ok((serde_json::from_slice(&translated.body).unwrap(), names))
}

fn leaves(value: &Value) -> Vec<Leaf> {
    fn walk(value: &Value, path: &str, out: &mut Vec<Leaf>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk(value, &format!("{path}{dot}{name}"), out);
                }
            }
            Value::Array(list) if !list.is_empty() => list.iter().for_each(|value| walk(value, path, out)),
            value => out.push((path.to_owned(), value.to_string())),
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

/// What is in the first, and not in the other.
fn rest(list: &[Leaf], other: &[Leaf]) -> Vec<Leaf> {
    let mut other = other.to_vec();
    let mut rest = list.to_vec();
    rest.retain(|leaf| match other.iter().position(|known| known == leaf) {
        Some(known) => {
            other.remove(known);
            false
        }
        None => true,
    });
    rest
}

/// Whether it says what sort of thing something is, in a word of the dialect's own.
fn is_tag(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("type" | "role"))
}

/// Where the new things are; with their values, where these are short.
fn places(new: &[Leaf], gone: &[Leaf], values: bool) -> Vec<String> {
    let moved = |(_, value): &&Leaf| gone.iter().any(|(_, old)| old == value);
    let mut told: Vec<&Leaf> = new.iter().filter(|leaf| !moved(leaf)).collect();
    if told.iter().any(|(path, _)| !is_tag(path)) {
        told.retain(|(path, _)| !is_tag(path));
    }
    if told.is_empty() {
        let gone: BTreeSet<&str> =
            gone.iter().map(|(path, _)| path.as_str()).filter(|path| !is_tag(path)).collect();
        return gone.into_iter().take(PLACES).map(|path| format!("without {path}")).collect();
    }
    let short = told.len() <= 2 && values;
    let mut places: Vec<String> = Vec::new();
    for (path, value) in told {
        let steps: Vec<&str> = path.split('.').collect();
        let schema = steps.iter().position(|step| SCHEMAS.contains(step));
        let depth = schema.map_or(DEPTH, |place| place + 1).min(steps.len());
        let mut place = steps[..depth].join(".");
        if short && steps.len() == depth && value.len() <= 32 {
            place = format!("{place}: {value}");
        }
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if places.len() > PLACES {
        places.truncate(PLACES);
        places.push("…".to_owned());
    }
    places
}
