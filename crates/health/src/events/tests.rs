use crate::{
    Outcome, Scope, View, report,
    testing::{builder, settle, spec, start},
};

use super::*;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn one_line_per_transition_and_none_per_probe() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let mut builder = builder();
    let reporter = builder.passive(Scope::Core, spec("db"));
    let running = start(builder);
    for outcome in [Outcome::pass(), Outcome::fail("no /etc/x"), Outcome::pass()] {
        for _ in 0..10 {
            reporter.report(outcome.clone());
            settle().await;
            report::ready(&running.health, View::Full, &[]);
            report::detail(&running.health, View::Full, &[]);
        }
    }
    let health = running.end().await;
    drop(guard);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("ccproxy_health")).collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(lines[0].contains("DEBUG") && lines[0].contains(r#"to="pass""#));
    assert!(!lines[0].contains("reason") && !lines[2].contains("reason"), "a pass has none");
    assert!(lines[2].contains("INFO"), "well again is news");
    assert!(lines[1].contains("WARN") && lines[1].contains(r#"reason="no [path]""#));
    assert_eq!(health.events().len(), 3);
}

#[test]
fn the_oldest_is_forgotten() {
    let events = Events::default();
    for second in 0..300 {
        events.record(Transition {
            number: 0,
            time: Timestamp::from_second(second).unwrap(),
            component: "x".into(),
            from: State::Pass,
            to: State::Fail,
            reason: None,
        });
    }
    let recent: Vec<i64> = events.recent().iter().map(|event| event.time.as_second()).collect();
    assert_eq!(recent, (300 - 256..300).collect::<Vec<i64>>());
}
