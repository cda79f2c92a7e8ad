//! CSV as RFC 4180 has it, for spreadsheets.

/// A table while it is written.
#[derive(Default)]
pub(super) struct Csv {
    text: String,
    begun: bool,
}

impl Csv {
    /// A cell of somebody's words. A spreadsheet must not take it for a formula: one that begins like one gets an
    /// apostrophe before it, which spreadsheets do not show.
    pub(super) fn text(&mut self, text: &str) {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = text.contains([',', '"', '\r', '\n']);
        self.next();
        if quoted {
            self.text.push('"');
        }
        if formula {
            self.text.push('\'');
        }
        if quoted {
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
    }

    /// A cell that is a number, a time or a name of ours; empty where there is nothing.
    pub(super) fn plain(&mut self, value: Option<impl std::fmt::Display>) {
        self.next();
        if let Some(value) = value {
            self.text.push_str(&value.to_string());
        }
    }

    /// Ends the line.
    pub(super) fn end(&mut self) {
        self.text.push_str("\r\n");
        self.begun = false;
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    fn next(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            self.text.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        let check = |text: &str, expect: &str| {
            let mut csv = Csv::default();
            csv.text(text);
            assert_eq!(String::from_utf8(csv.into_bytes()).unwrap(), expect);
        };
        check("gpt-5", "gpt-5");
        check("", "");
        check("a,b", "\"a,b\"");
        check("a \"b\"", "\"a \"\"b\"\"\"");
        check("a\nb", "\"a\nb\"");
        check("=1+1", "'=1+1");
        check("-1", "'-1");
        check("@x,y", "\"'@x,y\"");
        let mut csv = Csv::default();
        csv.text("a");
        csv.plain(Some(-1.5));
        csv.plain(None::<u8>);
        csv.end();
        csv.plain(Some("b"));
        csv.end();
        assert_eq!(String::from_utf8(csv.into_bytes()).unwrap(), "a,-1.5,\r\nb\r\n");
    }
}
