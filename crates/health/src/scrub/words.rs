//! The scrub, word by word.

const REDACTED: &str = "[redacted]";
const PATH: &str = "[path]";

/// Words that announce a secret, joined to it by `=` or `:`.
const KEYS: [&str; 12] = [
    "key",
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "auth",
    "authorization",
    "credential",
    "cookie",
    "session",
    "passphrase",
];

/// Beginnings of well-known tokens.
const PREFIXES: [&str; 16] = [
    "sk-",
    "sk_",
    "pk-",
    "pk_",
    "rk_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xox",
    "AKIA",
    "AIza",
    "eyJ",
    "ya29.",
];

pub(super) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // The word before announced a secret.
    let mut announced = false;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first.is_control() {
            out.push(' ');
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        // What stands in quotes goes as a whole: paths and passwords may contain spaces.
        if let Some(inner) = quoted(rest)
            && (announced || is_path(inner))
        {
            out.push_str(if announced { REDACTED } else { PATH });
            rest = rest.get(inner.len() + 2..).unwrap_or_default();
            announced = false;
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c.is_control()).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        announced = scrub_word(word, announced, &mut out);
        rest = after;
    }
    out
}

/// What stands in quotes at the beginning.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = text.get(1..)?;
    inner.get(..inner.find(quote)?)
}

/// Writes one word; says whether it announces a secret.
fn scrub_word(word: &str, announced: bool, out: &mut String) -> bool {
    let opening = |c: char| matches!(c, '"' | '\'' | '`' | '(' | '[' | '{' | '<');
    let closing =
        |c: char| matches!(c, '"' | '\'' | '`' | ')' | ']' | '}' | '>' | ',' | ';' | ':' | '!' | '.');
    let core = word.trim_start_matches(opening);
    let lead = word.len() - core.len();
    let core = core.trim_end_matches(closing);
    let tail = word.get(lead + core.len()..).unwrap_or_default();
    let scheme = ["bearer", "basic", "digest"].iter().any(|scheme| core.eq_ignore_ascii_case(scheme));
    out.push_str(word.get(..lead).unwrap_or_default());
    let next = if scheme {
        out.push_str(core);
        true
    } else if core.is_empty() {
        announced
    } else if announced {
        out.push_str(REDACTED);
        false
    } else {
        scrub_core(core, out);
        is_key(core) && !is_path(core) && tail.contains(':') || core.ends_with('=') && is_assigned(core)
    };
    out.push_str(tail);
    next
}

fn scrub_core(core: &str, out: &mut String) {
    if let Some(at) = core.find("://") {
        return url(core, at, out);
    }
    if is_path(core) {
        return out.push_str(PATH);
    }
    if let Some(end) = core.rfind('@').filter(|end| core.get(..*end).is_some_and(|who| who.contains(':'))) {
        out.push_str(REDACTED);
        return out.push_str(core.get(end..).unwrap_or_default());
    }
    let Some(at) = core.find(['=', ':', ',', ';', '&', '|']) else { return token(core, out) };
    let (left, right) = core.split_at_checked(at).unwrap_or((core, ""));
    let value = right.get(1..).unwrap_or_default();
    token(left, out);
    out.push_str(right.get(..1).unwrap_or_default());
    if value.is_empty() {
        return;
    }
    if right.starts_with('=') && is_assigned(left) || right.starts_with(':') && is_key(left) {
        return out.push_str(REDACTED);
    }
    scrub_core(value, out);
}

/// Whether a secret follows after a colon: `x-api-key:` does announce one, `authentication_error:` does not.
fn is_key(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let word = lower.trim_end_matches(|c: char| !c.is_alphabetic()).trim_end_matches('s');
    KEYS.iter().any(|key| word.ends_with(key))
}

/// Whether a secret follows after an equals sign, where names are longer: `password_of_admin=`.
fn is_assigned(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    KEYS.iter().any(|key| lower.contains(key))
}

/// Keeps scheme, host and path of a URL; drops who, query and fragment.
fn url(core: &str, at: usize, out: &mut String) {
    let (before, rest) = core.split_at_checked(at).unwrap_or((core, ""));
    let (rest, starts) =
        (rest.get(3..).unwrap_or_default(), before.rfind(|c: char| !c.is_ascii_alphanumeric()));
    let (before, scheme) = before.split_at_checked(starts.map_or(0, |at| at + 1)).unwrap_or(("", before));
    if !before.is_empty() {
        scrub_core(before, out);
    }
    if scheme.eq_ignore_ascii_case("file") {
        return out.push_str(PATH);
    }
    token(scheme, out);
    out.push_str("://");
    // An unescaped password may hold any character, so everything up to the last @ goes.
    let rest = match rest.rfind('@') {
        Some(end) => {
            out.push_str(REDACTED);
            rest.get(end..).unwrap_or_default()
        }
        None => without_password(rest, out),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (plain, query) = rest.split_at_checked(end).unwrap_or((rest, ""));
    for (position, segment) in plain.split('/').enumerate() {
        if position > 0 {
            out.push('/');
        }
        token(segment, out);
    }
    if let Some(mark) = query.chars().next() {
        out.push(mark);
        out.push_str(REDACTED);
    }
}

/// A cut-off URL may end within the password: what stands for a port must be a number.
fn without_password<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    if host.starts_with('[') || port.bytes().all(|byte| byte.is_ascii_digit()) {
        return rest;
    }
    out.push_str(REDACTED);
    after
}

/// Absolute, home, dotted, Windows and UNC paths; relative ones with two slashes, or one and a file's ending.
fn is_path(text: &str) -> bool {
    let text = text.trim_start_matches(['"', '\'', '(', '[', '=']);
    let long = text.len() > 1;
    if long && (text.starts_with(['/', '\\']) || text.starts_with("~/") || text.starts_with("./"))
        || text.starts_with("../")
    {
        return true;
    }
    // `key=/path`, `C:\path`, `open(/path`, `"/path`
    let inner = ["=/", "=~/", "=./", "=../", ":/", ":\\", "(/", "\"/", "'/", "\\", "`/", ",/", ":~/"];
    if !text.contains("://") && inner.iter().any(|mark| text.contains(mark)) {
        return true;
    }
    let slashes = text.matches('/').count();
    let named = text.rsplit('/').next().is_some_and(|last| last.contains('.'));
    !text.contains("://") && (slashes > 1 || slashes == 1 && named)
}

/// Writes a word unless it looks like a token.
fn token(text: &str, out: &mut String) {
    out.push_str(if is_token(text) { REDACTED } else { text });
}

fn is_token(text: &str) -> bool {
    let known = |prefix: &&str| {
        let mut found = text.match_indices(*prefix);
        let starts = |at: usize| !text.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric());
        found.any(|(at, _)| starts(at) && text.len() - at >= prefix.len() + 4)
    };
    PREFIXES.iter().any(known) || is_uuid(text) || mixed(text) || text.split(separator).any(run)
}

fn separator(c: char) -> bool {
    !c.is_alphanumeric()
}

/// A run of letters and digits that no word looks like.
fn run(text: &str) -> bool {
    let letters = text.chars().any(char::is_alphabetic);
    let digits = text.chars().any(|c| c.is_ascii_digit());
    match text.chars().count() {
        0..16 => false,
        16..20 => digits,
        20..28 => digits || !(letters && camel(text)),
        _ => true,
    }
}

/// Words put together, such as `ConnectionRefusedError`: every capital is followed by two small letters.
fn camel(text: &str) -> bool {
    let capitals = text.chars().filter(char::is_ascii_uppercase).count();
    let mut parts = text.split(|c: char| c.is_ascii_uppercase());
    parts.next().is_some_and(str::is_empty) && capitals > 1 && parts.all(|part| part.len() >= 2)
}

/// Small and capital letters and digits in one long word: base64 and the like.
fn mixed(text: &str) -> bool {
    let has = |test: fn(&char) -> bool| text.chars().any(|c| test(&c));
    text.len() >= 24
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

fn is_uuid(text: &str) -> bool {
    let sizes = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == sizes.len()
        && parts
            .iter()
            .zip(sizes)
            .all(|(part, size)| part.len() == size && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
