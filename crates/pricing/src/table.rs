//! Finding a price by a name, without looking at all of them and without allocating.

use std::collections::HashMap;

use ccproxy_config::Pattern;

use crate::names::forms;

/// Names and patterns, each with the number of what it stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    exact: HashMap<Box<str>, usize>,
    /// Those with more letters of their own first.
    patterns: Vec<(usize, Pattern, usize)>,
}

impl Table {
    /// The first of a name stays.
    pub(crate) fn add(&mut self, pattern: &Pattern, number: usize) {
        let text = pattern.as_str();
        if text.contains('*') {
            let letters = text.bytes().filter(|byte| *byte != b'*').count();
            let at = self.patterns.partition_point(|(more, ..)| *more >= letters);
            self.patterns.insert(at, (letters, pattern.clone(), number));
        } else {
            self.exact.entry(text.into()).or_insert(number);
        }
    }

    /// What stands under the longest pattern that is any form of the name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let exact = forms(name).find_map(|form| Some((form.len(), *self.exact.get(form)?)));
        let longest = exact.map_or(0, |(letters, _)| letters);
        let longer = self.patterns.iter().take_while(|(letters, ..)| exact.is_none() || *letters > longest);
        let pattern = longer
            .filter(|(_, pattern, _)| forms(name).any(|form| pattern.matches(form)))
            .map(|(.., number)| *number)
            .next();
        pattern.or(exact.map(|(_, number)| number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_wins() {
        let mut table = Table::default();
        let patterns =
            ["gpt-5", "gpt-*", "*", "openai/gpt-*", "gpt-5-mini*", "gpt-4o-2024-05-13", "gpt-4o", "gpt-5"];
        for (number, pattern) in patterns.into_iter().enumerate() {
            table.add(&Pattern::from(pattern), number);
        }
        let check = |name: &str, expect: &str| {
            assert_eq!(table.find(name).map(|number| patterns[number]), Some(expect), "{name}");
        };
        check("gpt-5", "gpt-5");
        assert_eq!(table.find("gpt-5"), Some(0), "the first of a name");
        check("gpt-5-2025-08-07", "gpt-5");
        check("gpt-5-nano", "gpt-*");
        check("gpt-5-mini-2025-08-07", "gpt-5-mini*");
        check("openai/gpt-5", "openai/gpt-*");
        check("azure/gpt-5", "gpt-5");
        check("gpt-4o-2024-05-13", "gpt-4o-2024-05-13");
        check("gpt-4o-2024-08-06", "gpt-4o");
        check("claude", "*");
        assert_eq!(Table::default().find("gpt-5"), None);
    }
}
