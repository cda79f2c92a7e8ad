//! How figures are told to people, and what commands understand of the answers that have them.

pub(super) mod figures;
pub(super) mod paint;

/// Where there is nothing to tell.
pub(super) const NONE: &str = "-";
/// Where there is something, and nobody knows how much.
const UNKNOWN: &str = "?";
/// From the lowest to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `950`, `12.3k`, `4.5M`.
#[expect(clippy::cast_precision_loss, reason = "three digits are told")]
pub(super) fn compact(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1}k", number as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}M", number as f64 / 1e6),
        _ => format!("{:.1}G", number as f64 / 1e9),
    }
}

/// `$1.25`; small amounts with as many digits as it takes to see them.
pub(super) fn dollars(amount: f64) -> String {
    match amount.abs() {
        0.0 => "$0".to_owned(),
        0.0..0.0001 => format!("${amount:.6}"),
        0.0001..1.0 => format!("${amount:.4}"),
        _ => format!("${amount:.2}"),
    }
}

/// What was spent where so many requests have no known price: `?` where nothing is known, `$1.25+` where a part is.
pub(super) fn spent(cost: f64, unpriced: u64) -> String {
    match known(cost, unpriced) {
        None => UNKNOWN.to_owned(),
        Some(cost) if unpriced > 0 => format!("{}+", dollars(cost)),
        Some(cost) => dollars(cost),
    }
}

/// What is known of a sum that leaves out so many requests: none is known to have cost nothing.
pub(super) fn known(cost: f64, unpriced: u64) -> Option<f64> {
    (cost > 0.0 || unpriced == 0).then_some(cost)
}

/// `850 ms`, `1.25 s`, `3.5 min`.
pub(super) fn millis(millis: Option<f64>) -> String {
    match millis {
        None => NONE.to_owned(),
        Some(millis) if millis < 10.0 => format!("{millis:.1} ms"),
        Some(millis) if millis < 1000.0 => format!("{millis:.0} ms"),
        Some(millis) if millis < 60_000.0 => format!("{:.2} s", millis / 1e3),
        Some(millis) => format!("{:.1} min", millis / 60e3),
    }
}

/// `5 s`, `3 min`, `2 h 5 min`, `4 d 3 h`.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// `12.3 MiB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are told")]
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}

/// `2.5 %` of a whole, which may be nothing.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { NONE.to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

/// Numbers over time as one character each; a dot where there is nothing.
pub(super) fn sparkline(numbers: &[u64]) -> String {
    let most = numbers.iter().copied().max().unwrap_or_default().max(1);
    let bar = |number: u64| {
        // Eight heights; the smallest number that is not nothing has the lowest.
        let height = (u128::from(number) * 8).div_ceil(u128::from(most));
        let at = usize::try_from(height).unwrap_or_default();
        at.checked_sub(1).and_then(|at| BARS.get(at)).copied().unwrap_or('·')
    };
    numbers.iter().map(|number| bar(*number)).collect()
}

/// A number as a bar that is `width` wide where it is the greatest.
pub(super) fn bar(number: u64, most: u64, width: u64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = u128::from(number) * u128::from(width) * 8 / u128::from(most.max(1));
    let eighths = usize::try_from(eighths).unwrap_or_default().max(usize::from(number > 0));
    format!("{}{}", "█".repeat(eighths / 8), PARTS.get(eighths % 8).copied().unwrap_or_default())
}

/// Text of somebody else's: one line that does not steer the terminal, of so many characters at most.
pub(super) fn line(text: &str, most: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |got: String, expect: &str| assert_eq!(got, expect);
        check(count(0), "0");
        check(count(999), "999");
        check(count(1_234_567), "1,234,567");
        check(compact(9_999), "9999");
        check(compact(12_345), "12.3k");
        check(compact(4_500_000), "4.5M");
        check(dollars(0.0), "$0");
        check(dollars(0.00001), "$0.000010");
        check(dollars(0.0123), "$0.0123");
        check(dollars(12.345), "$12.35");
        check(spent(0.0, 0), "$0");
        check(spent(0.0, 3), "?");
        check(spent(1.25, 3), "$1.25+");
        check(spent(1.25, 0), "$1.25");
        check(millis(None), "-");
        check(millis(Some(1.25)), "1.2 ms");
        check(millis(Some(850.4)), "850 ms");
        check(millis(Some(1250.0)), "1.25 s");
        check(millis(Some(90_000.0)), "1.5 min");
        check(span(59), "59 s");
        check(span(7500), "2 h 5 min");
        check(span(4 * 86_400 + 3 * 3600), "4 d 3 h");
        check(bytes(1536), "1.5 KiB");
        check(percent(1, 40), "2.5 %");
        check(percent(0, 0), "-");
    }

    #[test]
    fn pictures() {
        assert_eq!(sparkline(&[0, 1, 4, 8]), "·▁▄█");
        assert_eq!(sparkline(&[0, 0]), "··");
        assert_eq!(sparkline(&[1, 1_000_000]), "▁█");
        assert_eq!(bar(4, 4, 3), "███");
        assert_eq!(bar(1, 1000, 3), "▏");
        assert_eq!(bar(0, 4, 3), "");
        assert_eq!(line("a\u{1b}[2Jb", 10), "a [2Jb");
        assert_eq!(line("abcdef", 4), "abc…");
    }
}
