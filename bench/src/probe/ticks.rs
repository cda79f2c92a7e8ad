//! A clock that ticks to the microsecond; tokio's own timer rounds up to milliseconds.

use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::clock;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// The first tick waits so long, so that everything stands.
const AHEAD: u64 = 10_000_000;

/// Ticks of the kernel (`timerfd`, so Linux only).
pub(super) struct Ticks {
    timer: AsyncFd<OwnedFd>,
    next: u64,
    every: u64,
}

impl Ticks {
    /// So many a second.
    pub(super) fn start(rate: u32) -> io::Result<Self> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let every = NANOS_PER_SECOND / u64::from(rate.max(1));
        let next = clock::now_ns() + AHEAD;
        let times = Itimerspec { it_interval: timespec(every), it_value: timespec(next) };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &times)?;
        #[allow(
            deprecated,
            reason = "its successor is unsafe, for the sake of types that give their descriptor away"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer, next, every })
    }

    /// Waits for a tick; gives its time, and those of the ticks that were missed.
    pub(super) async fn next(&mut self) -> io::Result<impl Iterator<Item = u64> + use<>> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut count = [0; 8];
            match ready.try_io(|timer| Ok(rustix::io::read(timer, &mut count)?)) {
                Ok(read) => read?,
                Err(_) => continue,
            };
            let (first, every, count) = (self.next, self.every, u64::from_ne_bytes(count));
            self.next += count * every;
            return Ok((0..count).map(move |i| first + i * every));
        }
    }
}

fn timespec(ns: u64) -> Timespec {
    let part = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Timespec { tv_sec: part(ns / NANOS_PER_SECOND), tv_nsec: part(ns % NANOS_PER_SECOND) }
}
