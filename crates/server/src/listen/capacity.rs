//! How many connections may be open: one more takes the place of the one that has been idle for longest.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;

/// So many more connections are let in to be told that there is no room, and to ask how we are: a probe that is refused
/// would have us restarted for being busy.
const SPARE: usize = 64;
/// The log hears of it no more often than this.
const EVERY: Duration = Duration::from_secs(10);

/// The connections that are open, where they are counted.
#[derive(Clone)]
pub(super) struct Capacity(Arc<Mutex<Open>>);

struct Open {
    most: usize,
    next: u64,
    /// Those that have a place …
    seats: HashMap<u64, (Arc<Clock>, CancellationToken)>,
    /// … and how many were let in without one. They make room for nobody.
    spare: usize,
    told: Option<Instant>,
}

/// A connection's place, until it is dropped.
pub(super) struct Seat {
    open: Capacity,
    id: u64,
    /// There was no place left: requests on it are turned away.
    pub(super) is_spare: bool,
    /// Another connection needs the place more.
    pub(super) leave: CancellationToken,
}

/// Put among a request's extensions where its connection is one too many.
#[derive(Clone)]
pub(crate) struct Spare;

impl Capacity {
    /// For so many connections; none for 0, which means any number.
    pub(super) fn new(most: u32) -> Option<Self> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let open = Open { most, next: 0, seats: HashMap::new(), spare: 0, told: None };
        (most > 0).then(|| Self(Arc::new(Mutex::new(open))))
    }

    /// A place for a connection; none if it has to be closed at once.
    pub(super) fn seat(&self, clock: &Arc<Clock>) -> Option<Seat> {
        let mut open = self.lock();
        let is_spare = open.seats.len() >= open.most && !open.make_room();
        let (id, leave) = (open.next, CancellationToken::new());
        open.next += 1;
        if is_spare {
            open.tell();
            if open.spare == SPARE {
                return None;
            }
            open.spare += 1;
        } else {
            open.seats.insert(id, (Arc::clone(clock), leave.clone()));
        }
        Some(Seat { open: self.clone(), id, is_spare, leave })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Asks the connection to leave that has been idle for longest. Its place counts as free from now on.
    fn make_room(&mut self) -> bool {
        let idle = self.seats.iter().filter_map(|(id, (clock, _))| Some((clock.idle_for()?, *id)));
        let longest = idle.max().and_then(|(_, id)| self.seats.remove(&id));
        longest.map(|(_, leave)| leave.cancel()).is_some()
    }

    fn tell(&mut self) {
        let now = Instant::now();
        if self.told.is_none_or(|told| now.duration_since(told) >= EVERY) {
            self.told = Some(now);
            tracing::warn!(open = self.seats.len(), most = self.most, "connections_full");
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        if self.is_spare {
            open.spare = open.spare.saturating_sub(1);
        } else {
            open.seats.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Version;
    use tokio::time::advance;

    use super::*;

    /// A connection that has answered a request.
    fn idle() -> Arc<Clock> {
        let clock = Clock::start();
        drop(clock.busy(Version::HTTP_11));
        clock
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_idle_makes_room() {
        let capacity = Capacity::new(3).unwrap();
        let (first, second, busy) = (idle(), idle(), Clock::start());
        let _request = busy.busy(Version::HTTP_11);
        let seats = [&first, &second, &busy].map(|clock| capacity.seat(clock).unwrap());
        advance(Duration::from_secs(1)).await;
        drop(first.busy(Version::HTTP_11));
        advance(Duration::from_secs(1)).await;
        let left = || seats.each_ref().map(|seat| seat.leave.is_cancelled());
        let fourth = capacity.seat(&Clock::start()).unwrap();
        assert!(!fourth.is_spare);
        assert_eq!(left(), [false, true, false]);
        let fifth = capacity.seat(&Clock::start()).unwrap();
        assert!(!fifth.is_spare);
        assert_eq!(left(), [true, true, false]);
        assert!(
            capacity.seat(&Clock::start()).unwrap().is_spare,
            "those that have sent nothing yet are not idle"
        );
        drop(seats);
        assert_eq!(capacity.lock().seats.len(), 2);
        assert!(!capacity.seat(&Clock::start()).unwrap().is_spare);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_spare_makes_no_room() {
        let capacity = Capacity::new(1).unwrap();
        let busy = Clock::start();
        let _request = busy.busy(Version::HTTP_11);
        let _seat = capacity.seat(&busy).unwrap();
        let _spare = capacity.seat(&idle()).unwrap();
        assert!(capacity.seat(&Clock::start()).unwrap().is_spare, "the one place is still taken");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_spare_is_bounded() {
        let capacity = Capacity::new(1).unwrap();
        let clock = Clock::start();
        let seats: Vec<Option<Seat>> = (0..SPARE + 2).map(|_| capacity.seat(&clock)).collect();
        let spare = seats.iter().flatten().filter(|seat| seat.is_spare).count();
        assert_eq!((spare, seats.last().map(Option::is_none)), (SPARE, Some(true)));
        drop(seats);
        assert!(!capacity.seat(&clock).unwrap().is_spare);
        assert!(Capacity::new(0).is_none());
    }
}
