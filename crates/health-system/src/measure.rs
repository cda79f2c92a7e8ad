//! Measures, as they are judged and as they are told.

use ccproxy_health::Status;

/// The part of a whole in percent, to a tenth; 0 of nothing.
#[cfg(unix)]
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1000.0).round() / 10.0 }
}

/// The verdict on something of which there may be too much.
pub(crate) fn too_much(value: f64, warn: f64, fail: f64) -> Status {
    if value >= fail {
        Status::Fail
    } else if value >= warn {
        Status::Warn
    } else {
        Status::Pass
    }
}

/// Bytes as people write them: `1.5 GiB`.
#[cfg(unix)]
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, "B");
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit == "B" || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn measures_are_rounded() {
        let check = |part, whole, expect| assert_eq!(percent(part, whole), expect, "{part} of {whole}");
        check(1, 3, 33.3);
        check(0, 0, 0.0);
        check(u64::MAX, u64::MAX, 100.0);
    }

    #[test]
    fn bytes_are_readable() {
        let check = |count, expect| assert_eq!(bytes(count), expect);
        check(0, "0 B");
        check(1023, "1023 B");
        check(1536, "1.5 KiB");
        check(16 << 20, "16.0 MiB");
        check(512 << 30, "512 GiB");
        check(u64::MAX, "16777216 TiB");
    }
}
