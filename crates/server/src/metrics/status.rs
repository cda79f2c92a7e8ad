//! HTTP statuses as labels.

use super::NONE;

/// Those that are told apart.
const KNOWN: [(u16, &str); 29] = [
    (101, "101"),
    (200, "200"),
    (201, "201"),
    (202, "202"),
    (204, "204"),
    (301, "301"),
    (302, "302"),
    (304, "304"),
    (307, "307"),
    (308, "308"),
    (400, "400"),
    (401, "401"),
    (402, "402"),
    (403, "403"),
    (404, "404"),
    (405, "405"),
    (408, "408"),
    (409, "409"),
    (413, "413"),
    (415, "415"),
    (422, "422"),
    (424, "424"),
    (429, "429"),
    (500, "500"),
    (501, "501"),
    (502, "502"),
    (503, "503"),
    (504, "504"),
    (529, "529"),
];

/// The label of a status: itself, if it is a usual one, or its class.
pub(super) fn label(status: Option<u16>) -> &'static str {
    let Some(status) = status else { return NONE };
    let known = KNOWN.binary_search_by_key(&status, |(known, _)| *known).ok();
    known.and_then(|at| KNOWN.get(at)).map_or_else(|| class(status), |(_, label)| label)
}

fn class(status: u16) -> &'static str {
    match status {
        ..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let check = |status, expect| assert_eq!(label(status), expect);
        check(None, "");
        check(Some(200), "200");
        check(Some(529), "529");
        check(Some(418), "4xx");
        check(Some(999), "5xx");
        assert!(KNOWN.is_sorted());
    }
}
