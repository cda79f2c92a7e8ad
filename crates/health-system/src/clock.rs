//! `clock`: jumps of the wall clock, and sleeps of the machine.
//!
//! Nothing of the health itself goes by the wall clock. Certificates, tokens and logs do.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ccproxy_health::{ComponentType, Outcome, Spec, SpecError, check_fn};
use rustix::time::{ClockId, clock_gettime};

use crate::Watched;

/// Between two looks; what is less is drift.
const JUMP: f64 = 2.0;
/// How long a jump is told.
const TOLD: f64 = 300.0;
/// How often a reading that was interrupted is taken again.
const ATTEMPTS: usize = 3;

pub(crate) fn check() -> Result<Watched, SpecError> {
    let spec = Spec::new("clock")?
        .measurement("jump")?
        .component_type(ComponentType::System)
        .interval(Duration::from_secs(5))
        .jitter(0.0)
        .fall(1)
        .rise(1);
    let clock = Mutex::new(Clock::default());
    let check = check_fn(move || {
        let outcome = clock.lock().unwrap_or_else(PoisonError::into_inner).look(read());
        async { outcome }
    });
    Ok((spec, check))
}

/// The clocks at one moment, in seconds.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Since 1970; whoever administers the machine may set it.
    wall: f64,
    /// Since the machine was started.
    boot: f64,
    /// The same without the time the machine slept.
    awake: f64,
    /// How far apart the clocks may have been read.
    slack: f64,
}

#[derive(Debug, Clone, Copy)]
struct Event {
    /// Seconds since the boot.
    at: f64,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    /// The wall clock was set by so many seconds.
    Jump(f64),
    /// The machine slept for so many seconds.
    Sleep(f64),
}

#[derive(Debug, Default)]
struct Clock {
    before: Option<Reading>,
    last: Option<Event>,
}

impl Clock {
    fn look(&mut self, now: Reading) -> Outcome {
        let Some(before) = self.before.replace(now) else { return Outcome::pass().observed(0.0, "s") };
        let passed = now.boot - before.boot;
        let slack = now.slack + before.slack;
        let jump = now.wall - before.wall - passed;
        let sleep = passed - (now.awake - before.awake);
        // A jump tells more than a sleep.
        if jump.abs() > JUMP + slack {
            self.last = Some(Event { at: now.boot, what: What::Jump(jump) });
        } else if sleep > JUMP + slack {
            self.last = Some(Event { at: now.boot, what: What::Sleep(sleep) });
        }
        match self.last.filter(|event| now.boot - event.at < TOLD) {
            None => Outcome::pass().observed(millis(jump), "s"),
            Some(Event { what: What::Jump(by), .. }) => {
                let way = if by > 0.0 { "forward" } else { "back" };
                Outcome::warn(format!("the wall clock jumped {way} by {:.1} s", by.abs()))
                    .observed(millis(by), "s")
            }
            Some(Event { what: What::Sleep(time), .. }) => {
                Outcome::warn(format!("the machine slept for {time:.1} s; its clock is right"))
                    .observed(millis(time), "s")
            }
        }
    }
}

fn millis(seconds: f64) -> f64 {
    // Without a negative zero.
    (seconds * 1000.0).round() / 1000.0 + 0.0
}

/// The clocks one after the other; the best of a few attempts, for the process may be stopped in between.
fn read() -> Reading {
    let mut best = attempt();
    for _ in 1..ATTEMPTS {
        if best.slack < JUMP / 100.0 {
            break;
        }
        let other = attempt();
        if other.slack < best.slack {
            best = other;
        }
    }
    best
}

fn attempt() -> Reading {
    let boot = seconds(ClockId::Boottime);
    let wall = seconds(ClockId::Realtime);
    let awake = seconds(ClockId::Monotonic);
    Reading { wall, boot, awake, slack: seconds(ClockId::Boottime) - boot }
}

/// Precise to a microsecond for centuries.
fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: f64 = 1_795_000_000.0;

    /// A clock that is read every 5 s, after what happened in between: (wall, asleep, slack).
    fn run(happened: &[(f64, f64, f64)]) -> Vec<Outcome> {
        let mut clock = Clock::default();
        let mut now = Reading { wall: EPOCH, boot: 1000.0, awake: 900.0, slack: 0.0 };
        clock.look(now);
        let mut told = Vec::new();
        for (jump, asleep, slack) in happened {
            now.wall += 5.0 + asleep + jump;
            now.boot += 5.0 + asleep;
            now.awake += 5.0;
            now.slack = *slack;
            told.push(clock.look(now));
        }
        told
    }

    fn check(happened: (f64, f64, f64), expect: Outcome) {
        assert_eq!(run(&[happened]), [expect], "{happened:?}");
    }

    #[test]
    fn a_jump_is_told_with_its_size() {
        let jumped =
            |text: &str, by: f64| Outcome::warn(format!("the wall clock jumped {text} s")).observed(by, "s");
        check((0.0, 0.0, 0.0), Outcome::pass().observed(0.0, "s"));
        check((1.9, 0.0, 0.0), Outcome::pass().observed(1.9, "s"));
        check((3600.0, 0.0, 0.0), jumped("forward by 3600.0", 3600.0));
        check((-3600.0, 0.0, 0.0), jumped("back by 3600.0", -3600.0));
        check((-2.5, 0.0, 0.0), jumped("back by 2.5", -2.5));
        // The process was stopped while it read the clocks.
        check((-2.5, 0.0, 1.0), Outcome::pass().observed(-2.5, "s"));
    }

    #[test]
    fn a_sleep_is_no_jump() {
        let slept = Outcome::warn("the machine slept for 3600.0 s; its clock is right").observed(3600.0, "s");
        check((0.0, 3600.0, 0.0), slept);
        let jumped = Outcome::warn("the wall clock jumped back by 60.0 s").observed(-60.0, "s");
        check((-60.0, 3600.0, 0.0), jumped);
    }

    #[test]
    fn a_jump_is_told_for_five_minutes() {
        let mut happened = [(0.0, 0.0, 0.0); 61];
        happened[0] = (3600.0, 0.0, 0.0);
        let told = run(&happened);
        let warned = Outcome::warn("the wall clock jumped forward by 3600.0 s").observed(3600.0, "s");
        assert!(told[..60].iter().all(|outcome| *outcome == warned), "{told:?}");
        assert_eq!(told[60], Outcome::pass().observed(0.0, "s"));
    }

    #[test]
    fn the_last_jump_is_the_one_told() {
        let told = run(&[(3600.0, 0.0, 0.0), (-3600.0, 0.0, 0.0)]);
        assert_eq!(told[1].observed, Outcome::pass().observed(-3600.0, "s").observed);
    }

    #[test]
    fn drift_never_adds_up_to_a_jump() {
        // Half a second in every five, for a day.
        let told = run(&[(0.5, 0.0, 0.0); 17_280]);
        assert!(told.iter().all(|outcome| *outcome == Outcome::pass().observed(0.5, "s")));
    }

    #[test]
    fn the_clocks_of_this_machine_go_together() {
        let (before, after) = (read(), read());
        assert!(after.boot >= before.boot && after.wall > EPOCH / 2.0, "{before:?} {after:?}");
        assert!(after.awake <= after.boot + after.slack + 0.001, "{after:?}");
        let mut clock = Clock::default();
        clock.look(before);
        assert_eq!(clock.look(after).output, None);
    }
}
