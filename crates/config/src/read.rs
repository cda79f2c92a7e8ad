//! Reading a typed value and going on after a mistake, so that all of them are found in one go.

use serde::de::DeserializeOwned;

use crate::nearest::did_you_mean;
use crate::place::Mistake;
use crate::tree::{Fault, FaultKind, Node, Step, dotted};

/// More than this nobody reads, and each costs a pass over the section.
const MOST: usize = 100;

/// Reads `T` from a node. Each mistake takes the offending value out and the rest is read again, until what is left
/// can be read (`Some`) or the mistake concerns the whole (`None`).
pub(crate) fn read<T: DeserializeOwned>(node: &Node, path: &str) -> (Option<T>, Vec<Mistake>) {
    let mut rest = node.clone();
    let mut mistakes = Vec::new();
    let mut taken_out: Vec<Vec<Step>> = Vec::new();
    while mistakes.len() < MOST {
        let fault = match T::deserialize(&rest) {
            Ok(value) => return (Some(value), mistakes),
            Err(fault) => fault,
        };
        let steps = fault.steps();
        if !follows_from(&taken_out, &fault, &steps) {
            mistakes.push(mistake(node, path, &fault, &steps));
        }
        if !rest.take_out(&steps) {
            break;
        }
        taken_out.push(steps);
    }
    (None, mistakes)
}

/// Whether a fault may be there only because of what was taken out: the key that is missing, or something below the
/// value that is wrong as a whole. The cause has been reported.
fn follows_from(taken_out: &[Vec<Step>], fault: &Fault, steps: &[Step]) -> bool {
    match fault.kind {
        FaultKind::Missing(_) => missing_key(fault, steps).is_some_and(|key| taken_out.contains(&key)),
        FaultKind::Other { .. } => {
            taken_out.iter().any(|out| out.len() > steps.len() && out.starts_with(steps))
        }
        FaultKind::Unknown { .. } => false,
    }
}

fn missing_key(fault: &Fault, steps: &[Step]) -> Option<Vec<Step>> {
    let FaultKind::Missing(key) = &fault.kind else { return None };
    let mut steps = steps.to_vec();
    steps.push(Step::Key((*key).to_owned()));
    Some(steps)
}

fn mistake(node: &Node, path: &str, fault: &Fault, steps: &[Step]) -> Mistake {
    let (key_place, value_place) = node.locate(steps);
    match &fault.kind {
        FaultKind::Unknown { expected } => {
            let name = match steps.last() {
                Some(Step::Key(key)) => key.as_str(),
                _ => "",
            };
            let mistake = Mistake::new(key_place, dotted(path, steps), "unknown key");
            Mistake { hint: did_you_mean(name, "known keys", expected), ..mistake }
        }
        FaultKind::Missing(_) => {
            let key = dotted(path, &missing_key(fault, steps).unwrap_or_default());
            Mistake::new(value_place, key, "missing, and it has no default")
        }
        FaultKind::Other { message, hint } => {
            Mistake { hint: hint.clone(), ..Mistake::new(value_place, dotted(path, steps), message) }
        }
    }
}
