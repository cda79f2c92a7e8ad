//! JSON for people, and how two texts differ.

use std::fmt::Write as _;

/// The same JSON, a line for each value; what is in it stays to the letter.
pub(crate) fn pretty(json: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0usize);
    let (mut quoted, mut escaped) = (false, false);
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                while chars.peek().is_some_and(char::is_ascii_whitespace) {
                    chars.next();
                }
                out.push(c);
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

/// The lines that differ, with some before.
pub(crate) fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    let mut told =
        |mark: char, lines: &[&str]| lines.iter().for_each(|text| writeln!(out, "{mark} {text}").unwrap());
    told(' ', &new[same.saturating_sub(4)..same]);
    told('-', &old[same..old.len() - tail]);
    told('+', &new[same..new.len() - tail]);
    Some(out)
}

#[test]
fn json_for_people() {
    let check = |json: &str, expect: &str| assert_eq!(pretty(json), expect);
    check(r#"{"a":[1,{ }],"b":"\"{,\\"}"#, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"\\\"{,\\\\\"\n}");
    check("[ 1 , 2 ]", "[\n  1,\n  2\n]");
}

#[test]
fn differences() {
    assert_eq!(difference("a\nb\nc", "a\nb\nc"), None);
    assert_eq!(difference("a\nb\nc", "a\nx\nc").unwrap(), "  a\n- b\n+ x\n");
    assert_eq!(difference("a\n", "a").unwrap(), "  a\n");
}
