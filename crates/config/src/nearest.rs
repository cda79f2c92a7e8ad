//! "Did you mean": the known name that is nearest to a mistyped one.

/// The candidate within a third of the name's length in edits (at least one), the nearest first.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// A hint for an unknown name: the nearest known one, or else all of them.
pub(crate) fn did_you_mean(name: &str, known: &str, candidates: &[&str]) -> Option<String> {
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean {near}?"));
    }
    (!candidates.is_empty()).then(|| format!("{known}: {}", candidates.join(", ")))
}

/// Edits between two words, where swapping two neighbours is one edit.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for (j, (y, pair)) in b.iter().zip(row.windows(2)).enumerate() {
            let (diagonal, above) = (pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0));
            let mut cost = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
            let swapped = j > 0 && previous == Some(*y) && b.get(j - 1) == Some(&x);
            if let (true, Some(edits)) = (swapped, before.get(j.wrapping_sub(1))) {
                cost = cost.min(edits + 1);
            }
            next.push(cost);
            left = cost;
        }
        before = std::mem::replace(&mut row, next);
        previous = Some(x);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_name_or_none() {
        let check =
            |name, expect| assert_eq!(nearest(name, ["base_url", "port", "host", "kind"]), expect, "{name}");
        check("base_ulr", Some("base_url"));
        check("prot", Some("port"));
        check("baseurl", Some("base_url"));
        check("colour", None);
        check("", None);
    }

    #[test]
    fn counts_a_swap_as_one_edit() {
        let check = |a, b, expect| assert_eq!(distance(a, b), expect, "{a} {b}");
        check("prot", "port", 1);
        check("kitten", "sitting", 3);
        check("", "abc", 3);
        check("abc", "", 3);
        check("same", "same", 0);
    }
}
