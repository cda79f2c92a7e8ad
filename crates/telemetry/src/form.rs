//! What a log line looks like.

use std::io::{IsTerminal, stderr};

use ccproxy_config::LogFormat;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The form of a log line, once it is known where the lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people; with colours on a terminal.
    Pretty {
        /// Whether the reader understands colours.
        colours: bool,
    },
    /// One JSON object per line.
    Json,
}

impl Form {
    /// The form for lines that go to this process's stderr.
    #[must_use]
    pub fn of_stderr(format: LogFormat) -> Self {
        Self::choose(
            format,
            stderr().is_terminal(),
            std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()),
        )
    }

    fn choose(format: LogFormat, terminal: bool, no_colour: bool) -> Self {
        match format {
            LogFormat::Json => Self::Json,
            LogFormat::Auto if !terminal => Self::Json,
            LogFormat::Auto | LogFormat::Pretty => Self::Pretty { colours: terminal && !no_colour },
        }
    }

    pub(crate) fn subscriber<W>(self, filter: EnvFilter, writer: W) -> Box<dyn Subscriber + Send + Sync>
    where
        W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
    {
        // A line that cannot be written is lost; saying so on the same broken stderr would only panic.
        let builder =
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
        match self {
            Self::Pretty { colours } => Box::new(builder.with_ansi(colours).compact().finish()),
            Self::Json => Box::new(builder.json().flatten_event(true).with_span_list(false).finish()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::directives::filter;

    #[derive(Clone, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What `form` makes of what `f` logs.
    pub(crate) fn logged(form: Form, level: &str, f: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = form.subscriber(filter(level).unwrap(), move || writer.clone());
        tracing::subscriber::with_default(subscriber, f);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn auto_looks_at_the_terminal() {
        let check = |format, terminal, no_colour, expect| {
            assert_eq!(Form::choose(format, terminal, no_colour), expect);
        };
        check(LogFormat::Auto, true, false, Form::Pretty { colours: true });
        check(LogFormat::Auto, true, true, Form::Pretty { colours: false });
        check(LogFormat::Auto, false, false, Form::Json);
        check(LogFormat::Pretty, false, false, Form::Pretty { colours: false });
        check(LogFormat::Pretty, true, false, Form::Pretty { colours: true });
        check(LogFormat::Json, true, false, Form::Json);
    }

    #[test]
    fn json_is_one_flat_object_per_line() {
        let text = logged(Form::Json, "info", || {
            let span = tracing::info_span!("request", id = "r1");
            span.in_scope(|| tracing::info!(status = 200, "a \"quoted\"\nmessage"));
            tracing::debug!("below the level");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "a \"quoted\"\nmessage");
        assert_eq!(line["status"], 200);
        assert_eq!(line["span"]["id"], "r1");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn pretty_is_one_plain_line() {
        let text = logged(Form::Pretty { colours: false }, "off,telemetry=warn", || {
            tracing::warn!(target: "telemetry", port = 8000, "careful");
            tracing::warn!(target: "elsewhere", "not this one");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("WARN telemetry: careful port=8000"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
