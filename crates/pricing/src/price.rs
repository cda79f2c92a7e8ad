//! One price, and what tokens come to under it.

use ccproxy_config::{Dollars, LongPrice, ModelPrice};
use ccproxy_record::{Cost, Tokens};

/// Prices are for so many tokens.
const MILLION: u128 = 1_000_000;

/// What a model costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    rates: Rates,
    /// By ascending length of the prompt.
    long: Box<[(u64, Rates)]>,
}

/// What a million tokens of each kind cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Of the prompt, where neither of the two below is meant.
    pub input: Dollars,
    /// Generated.
    pub output: Dollars,
    /// Of the prompt, read from the provider's cache.
    pub cache_read: Dollars,
    /// Of the prompt, written to the provider's cache.
    pub cache_write: Dollars,
}

impl Price {
    pub(crate) fn of(model: &ModelPrice) -> Self {
        let rates = |input: Dollars, output, cache_read: Option<_>, cache_write: Option<_>| Rates {
            input,
            output,
            cache_read: cache_read.unwrap_or(input),
            cache_write: cache_write.unwrap_or(input),
        };
        let long =
            |one: &LongPrice| (one.above, rates(one.input, one.output, one.cache_read, one.cache_write));
        let ModelPrice { input, output, cache_read, cache_write, .. } = model;
        // Where there are none it is free: the configuration has seen to that.
        let (input, output) = (input.unwrap_or_default(), output.unwrap_or_default());
        Self {
            rates: rates(input, output, *cache_read, *cache_write),
            long: model.long.iter().map(long).collect(),
        }
    }

    /// What is paid for a prompt that is not long.
    #[must_use]
    pub fn rates(&self) -> Rates {
        self.rates
    }

    /// What is paid for prompts of more tokens than these.
    pub fn long(&self) -> impl Iterator<Item = (u64, Rates)> {
        self.long.iter().copied()
    }

    /// What the tokens cost, to the nearest billionth of a dollar, halves up; none where no tokens were counted. A kind that
    /// was not counted counts as none.
    #[must_use]
    pub fn cost(&self, tokens: &Tokens) -> Option<Cost> {
        let Tokens { input, output, cache_read, cache_write, reasoning } = *tokens;
        [input, output, cache_read, cache_write, reasoning].into_iter().flatten().next()?;
        let [read, written] = [cache_read, cache_write].map(Option::unwrap_or_default);
        // What is said of the cache is a part of the input, which may not have been told.
        let plain = input.unwrap_or_default().saturating_sub(read).saturating_sub(written);
        // Reasoning is a part of the output.
        let output = output.or(reasoning).unwrap_or_default();
        let rates = self.rates_of(plain.saturating_add(read).saturating_add(written));
        let parts = [
            (plain, rates.input),
            (read, rates.cache_read),
            (written, rates.cache_write),
            (output, rates.output),
        ];
        let sum = parts.into_iter().fold(0_u128, |sum, (tokens, rate)| {
            sum.saturating_add(u128::from(tokens) * u128::from(rate.nanos()))
        });
        let nanos = sum.saturating_add(MILLION / 2) / MILLION;
        Some(Cost::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX)))
    }

    fn rates_of(&self, prompt: u64) -> Rates {
        let long = self.long.iter().rev().find(|(above, _)| prompt > *above);
        long.map_or(self.rates, |(_, rates)| *rates)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(prices: [u64; 4], long: &[(u64, [u64; 4])]) -> Price {
        let rates = |[input, output, cache_read, cache_write]: [u64; 4]| Rates {
            input: Dollars::from_nanos(input),
            output: Dollars::from_nanos(output),
            cache_read: Dollars::from_nanos(cache_read),
            cache_write: Dollars::from_nanos(cache_write),
        };
        Price { rates: rates(prices), long: long.iter().map(|(above, of)| (*above, rates(*of))).collect() }
    }

    fn tokens(counts: [Option<u64>; 4]) -> Tokens {
        let [input, output, cache_read, cache_write] = counts;
        Tokens { input, output, cache_read, cache_write, reasoning: None }
    }

    #[test]
    fn cases() {
        // Claude Sonnet 4.5.
        let dollars = |cents: u64| cents * 10_000_000;
        let sonnet =
            price([300, 1500, 30, 375].map(dollars), &[(200_000, [600, 2250, 60, 750].map(dollars))]);
        let check = |counts: [Option<u64>; 4], expect: Option<&str>| {
            let cost = sonnet.cost(&tokens(counts));
            assert_eq!(cost.map(|cost| cost.to_string()).as_deref(), expect, "{counts:?}");
        };
        check([None; 4], None);
        check([Some(0), None, None, None], Some("0"));
        check([Some(1_000_000), None, None, None], Some("6"));
        check([Some(200_000), None, None, None], Some("0.6"));
        check([Some(200_001), None, None, None], Some("1.200006"));
        check([None, Some(1000), None, None], Some("0.015"));
        // 100 plain, 50 read, 20 written.
        check([Some(170), Some(10), Some(50), Some(20)], Some("0.00054"));
        // A cache that is more than the whole: what is said of it counts.
        check([Some(10), None, Some(50), None], Some("0.000015"));
        check([None, None, None, Some(1000)], Some("0.00375"));
        // The length is that of the whole prompt.
        check([Some(200_001), None, Some(200_001), None], Some("0.1200006"));
        let reasoned = Tokens { output: Some(10), reasoning: Some(8), ..Tokens::default() };
        assert_eq!(sonnet.cost(&reasoned).map(|cost| cost.to_string()).as_deref(), Some("0.00015"));
        let all = Some(u64::MAX);
        assert_eq!(sonnet.cost(&tokens([all; 4])), Some(Cost::from_nanos(i64::MAX)));
    }

    #[test]
    fn halves_are_rounded_up_once_at_the_end() {
        let check = |rates: [u64; 4], counts: [u64; 4], expect: i64| {
            let cost = price(rates, &[]).cost(&tokens(counts.map(Some)));
            assert_eq!(cost, Some(Cost::from_nanos(expect)), "{rates:?} {counts:?}");
        };
        check([499_999, 0, 0, 0], [1, 0, 0, 0], 0);
        check([500_000, 0, 0, 0], [1, 0, 0, 0], 1);
        check([1_499_999, 0, 0, 0], [1, 0, 0, 0], 1);
        // Two that would vanish each by itself.
        check([250_000, 250_000, 0, 0], [1, 1, 0, 0], 1);
        check([400_000, 400_000, 0, 0], [1, 1, 0, 0], 1);
    }

    proptest! {
        /// The cost is the one whole number that is no more than half a billionth below the exact sum, and less than that above.
        #[test]
        fn is_the_nearest(
            rates in any::<[u32; 4]>(),
            plain in 0..1_u64 << 40, output in 0..1_u64 << 40, read in 0..1_u64 << 40, written in 0..1_u64 << 40,
        ) {
            let nanos = rates.map(|rate| u64::from(rate) * 100);
            let counts = [plain + read + written, output, read, written].map(Some);
            let cost = price(nanos, &[]).cost(&tokens(counts)).unwrap();
            let exact: u128 = [plain, output, read, written].into_iter().zip(nanos)
                .map(|(count, rate)| u128::from(count) * u128::from(rate)).sum();
            let doubled = u128::try_from(cost.nanos()).unwrap() * 2 * MILLION;
            prop_assert!(doubled <= 2 * exact + MILLION && doubled + MILLION > 2 * exact);
        }

        /// Longer prompts and answers never cost less under the same rates.
        #[test]
        fn never_falls(rates in any::<[u32; 4]>(), counts in any::<[u32; 4]>(), more in any::<[u16; 4]>()) {
            let price = price(rates.map(u64::from), &[]);
            let [plain, output, read, written] = counts.map(u64::from);
            let [a, b, c, d] = more.map(u64::from);
            let few = tokens([plain + read + written, output, read, written].map(Some));
            let many = tokens([plain + a + read + c + written + d, output + b, read + c, written + d].map(Some));
            prop_assert!(price.cost(&few).unwrap() <= price.cost(&many).unwrap());
        }

        #[test]
        fn nothing_overflows(rates in any::<[u64; 4]>(), counts in any::<[Option<u64>; 4]>(), above in any::<u64>()) {
            let cost = price(rates, &[(above, rates)]).cost(&tokens(counts));
            prop_assert_eq!(cost.is_some(), counts.iter().any(Option::is_some));
            prop_assert!(cost.is_none_or(|cost| cost >= Cost::default()));
        }
    }
}
