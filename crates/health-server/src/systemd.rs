//! systemd's notify protocol and watchdog, spoken from a thread of its own.
//!
//! | message | when |
//! |---|---|
//! | `READY=1` | the phase is ready, for the first time |
//! | `RELOADING=1`, `MONOTONIC_USEC=` | [`Following::reloading`] |
//! | `READY=1` | [`Following::reloaded`], once the phase is ready |
//! | `STATUS=` | the verdict has changed: liveness where it fails, otherwise readiness |
//! | `WATCHDOG=1` | every half of `WATCHDOG_USEC`, while liveness holds: a stalled process is killed |
//! | `STOPPING=1` | [`Following::stopping`], or the phase is stopped; an operator's drain is a status only |
//! | `EXTEND_TIMEOUT_USEC=` | from then on now and then, while liveness holds, until the deadline |
//!
//! A message that could not be sent is sent again. The environment is read and not changed.

mod follower;
mod socket;

use std::ffi::OsString;
use std::io;
use std::os::unix::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ccproxy_health::{Health, Phase};
use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;

use follower::Follower;
use socket::Socket;

/// What systemd asks of this process.
#[derive(Debug, Clone)]
pub struct Systemd {
    address: SocketAddr,
    /// How often it wants to hear from us.
    watchdog: Option<Duration>,
}

impl Systemd {
    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`. None where nobody listens.
    ///
    /// ```
    /// use ccproxy_health_server::systemd::Systemd;
    /// let environment = |name: &str| (name == "NOTIFY_SOCKET").then(|| "@notify".into());
    /// assert!(Systemd::from_env(environment).is_some());
    /// assert!(Systemd::from_env(|_| None).is_none());
    /// ```
    pub fn from_env(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let name = variable("NOTIFY_SOCKET").filter(|name| !name.is_empty())?;
        match socket::address(&name) {
            Ok(address) => Some(Self { address, watchdog: watchdog(variable) }),
            Err(error) => {
                tracing::warn!(socket = ?name, %error, "systemd_socket_not_usable");
                None
            }
        }
    }

    /// Starts telling. `deadline` is how long a shutdown may take, from [`Following::stopping`] to the process's end.
    ///
    /// # Errors
    /// The socket, the runtime or the thread cannot be had.
    pub fn start(self, health: Health, deadline: Duration) -> io::Result<Following> {
        let orders = Mutex::new(Socket::new(self.address.clone())?);
        let follower = Follower::new(Socket::new(self.address)?, health.clone(), self.watchdog, deadline);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (stopping, stop) = (CancellationToken::new(), CancellationToken::new());
        let run = follower.run(stopping.clone(), stop.clone());
        let thread =
            thread::Builder::new().name("systemd".to_owned()).spawn(move || runtime.block_on(run))?;
        Ok(Following { health, orders, stopping, stop, thread: Some(thread) })
    }
}

fn watchdog(variable: impl Fn(&str) -> Option<OsString>) -> Option<Duration> {
    let number = |name| variable(name).map(|text| text.to_str().and_then(|text| text.parse::<u64>().ok()));
    // With another process's number, it is that one's watchdog.
    let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == Some(u64::from(std::process::id())));
    let period = number("WATCHDOG_USEC").flatten().filter(|period| ours && *period > 0);
    period.map(Duration::from_micros)
}

/// The thread that tells systemd. Dropping it ends it; systemd's watchdog then hears nothing any more.
#[derive(Debug)]
pub struct Following {
    health: Health,
    /// What is told at once, in order.
    orders: Mutex<Socket>,
    stopping: CancellationToken,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Following {
    /// The process shuts down: says `STOPPING=1` at once, and asks for time until the deadline. Does not wait.
    pub fn stopping(&self) {
        self.stopping.cancel();
    }

    /// The configuration is being read again. Waits for systemd, for a moment at most.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000;
        self.order(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\n"));
    }

    /// It has been, whatever came of it. Waits as well.
    pub fn reloaded(&self) {
        self.order("READY=1\n");
    }

    /// Tells something that makes sense between start and end only.
    fn order(&self, message: &str) {
        if self.health.phase() != Phase::Starting && !self.stopping.is_cancelled() {
            self.orders.lock().unwrap_or_else(PoisonError::into_inner).send(message);
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("systemd_thread_panicked");
        }
    }
}

#[cfg(test)]
mod tests;
