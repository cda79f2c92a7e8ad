//! What counts as a token here: a word with the white space before it, or a part of a long word.

/// A longer word is cut into several tokens; a character is never cut.
const LONGEST: usize = 12;

/// The tokens of a text, one after the other; together they are the text.
pub(crate) fn pieces(text: &str) -> Pieces<'_> {
    Pieces(text)
}

/// How many tokens a text has.
pub(crate) fn count(text: &str) -> u64 {
    pieces(text).map(|_| 1).sum()
}

/// The tokens of a text that are still to come.
pub(crate) struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut in_word = false;
        let ends = |(at, letter): &(usize, char)| {
            let end = *at >= LONGEST || in_word && letter.is_whitespace();
            in_word |= !letter.is_whitespace();
            end
        };
        let end = self.0.char_indices().find(ends).map_or(self.0.len(), |(at, _)| at);
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

/// What may still be generated before `max_tokens` is reached.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u64,
    exceeded: bool,
}

impl Budget {
    /// A budget; without a figure there is no limit.
    pub(crate) fn new(max_tokens: Option<u64>) -> Self {
        Self { left: max_tokens.unwrap_or(u64::MAX), exceeded: false }
    }

    /// As much of a text as the budget allows.
    pub(crate) fn spend(&mut self, text: &str) -> String {
        let mut spent = String::new();
        for piece in pieces(text) {
            if self.left == 0 {
                self.exceeded = true;
                break;
            }
            self.left -= 1;
            spent.push_str(piece);
        }
        spent
    }

    /// Whether a text fits as a whole; it is spent if it does.
    pub(crate) fn spend_whole(&mut self, text: &str) -> bool {
        let cost = count(text);
        self.exceeded |= cost > self.left;
        if !self.exceeded {
            self.left -= cost;
        }
        !self.exceeded
    }

    /// Whether something had to be left out.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_tokens() {
        let check = |text: &str, expect: &[&str]| assert_eq!(pieces(text).collect::<Vec<_>>(), expect);
        check("", &[]);
        check("one", &["one"]);
        check("one  two\nthree ", &["one", "  two", "\nthree", " "]);
        check("antidisestablishment", &["antidisestab", "lishment"]);
        check("日本語日本語", &["日本語日", "本語"]);
    }

    #[test]
    fn a_budget_is_kept_to_the_token() {
        let mut budget = Budget::new(Some(3));
        assert_eq!(budget.spend("a b"), "a b");
        assert!(!budget.exceeded());
        assert!(!budget.spend_whole("c d"));
        assert!(budget.exceeded());
        assert_eq!(Budget::new(Some(1)).spend("a b"), "a");
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "\\PC{0,80}") {
            prop_assert_eq!(pieces(&text).collect::<String>(), text);
        }
    }
}
