//! Work that may hang, done beside the runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::spawn_blocking;

/// One place for work that blocks. While one piece of work hangs there, no other is begun: a file system that does not
/// answer takes one thread, however often it is asked.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let aside = ccproxy_health_system::Aside::default();
/// assert_eq!(aside.run(|| 6 * 7).await, Ok(42));
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Aside {
    busy: Arc<AtomicBool>,
}

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// What was begun before has not come back yet.
    #[error("an earlier look has not come back yet")]
    Hangs,
    /// The work panicked, or the runtime ended.
    #[error("the look was broken off")]
    BrokenOff,
}

impl Aside {
    /// Does the work on a thread where it may block. Whoever drops the future does not wait for the end of the work.
    ///
    /// # Errors
    /// [`NotDone`]
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        if self.busy.swap(true, Ordering::AcqRel) {
            return Err(NotDone::Hangs);
        }
        let taken = Taken(Arc::clone(&self.busy));
        let work = move || {
            let _taken = taken;
            work()
        };
        spawn_blocking(work).await.map_err(|_| NotDone::BrokenOff)
    }
}

/// The place is taken until this is dropped, the work having panicked or never begun included.
struct Taken(Arc<AtomicBool>);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_hangs_takes_one_thread_and_comes_back() {
        let aside = Aside::default();
        let (release, held) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel::<()>();
        let hanging = aside.run(move || {
            let _ = begun.send(());
            held.recv()
        });
        // The scheduler gives up, as it does when a check takes too long.
        assert!(timeout(Duration::from_millis(1), hanging).await.is_err());
        begins.recv().unwrap();
        assert_eq!(aside.run(|| ()).await, Err(NotDone::Hangs));
        drop(release);
        while aside.run(|| ()).await.is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_panic_frees_the_place() {
        let aside = Aside::default();
        assert_eq!(aside.run(|| panic!("on purpose")).await, Err::<(), _>(NotDone::BrokenOff));
        assert_eq!(aside.run(|| 1).await, Ok(1));
    }
}
