//! The orders on the standard input.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ccproxy_health::Health;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::checks::Switch;
use super::{GATE, say};

/// What orders act upon.
pub(super) struct Orders {
    pub(super) switch: Arc<Switch>,
    pub(super) health: Health,
    pub(super) drain: CancellationToken,
    pub(super) blocks: mpsc::Sender<Duration>,
}

impl Orders {
    /// Follows them on a thread of its own, which obeys while the main runtime is blocked, until the input ends.
    pub(super) fn follow(self) -> io::Result<()> {
        let follow = move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                let answer = match self.obey(&line) {
                    Ok(()) => format!("done {line}"),
                    Err(why) => format!("refused {line}: {why}"),
                };
                // Orders are obeyed whether or not anybody reads the answers.
                let _ = say(&answer);
            }
        };
        thread::Builder::new().name("orders".to_owned()).spawn(follow).map(drop)
    }

    fn obey(&self, line: &str) -> Result<(), &'static str> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("open", "") => {
                return self.health.open_gate(GATE).then_some(()).ok_or("it was not started with --starting");
            }
            ("pass", "") => self.switch.pass(),
            ("warn", "") => self.switch.warn(),
            ("fail", "") => self.switch.fail(),
            ("drain", "") => self.drain.cancel(),
            ("block", millis) => {
                let millis = millis.parse().map_err(|_| "block takes milliseconds")?;
                return self.blocks.try_send(Duration::from_millis(millis)).map_err(|_| "too many blocks");
            }
            _ => return Err("there is no such order"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ccproxy_health::{Builder, Identity, Phase};

    use super::*;

    #[test]
    fn orders_are_obeyed_or_refused() {
        let mut health = Builder::new(Identity::new("1", "lab", "Lab"));
        health.gate(GATE);
        let (blocks, mut blocked) = mpsc::channel(1);
        let orders = Orders {
            switch: Arc::default(),
            health: health.build(),
            drain: CancellationToken::new(),
            blocks,
        };
        let check = |line: &str, expect: Result<(), &str>| assert_eq!(orders.obey(line), expect, "{line}");
        check("open", Ok(()));
        assert_eq!(orders.health.phase(), Phase::Ready);
        for line in ["pass", "warn", "fail", "drain", "block 20"] {
            check(line, Ok(()));
        }
        assert!(orders.drain.is_cancelled());
        check("block 20", Err("too many blocks"));
        assert_eq!(blocked.try_recv(), Ok(Duration::from_millis(20)));
        check("block soon", Err("block takes milliseconds"));
        check("pass on", Err("there is no such order"));
        check("", Err("there is no such order"));
    }
}
