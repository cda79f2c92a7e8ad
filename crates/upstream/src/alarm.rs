//! A deadline that moves often and passes seldom.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

/// Watches a deadline that is put off by whatever happens, such as the end of a silence.
///
/// The timer is set up when it is first waited for, and is moved only when it fires; until then a poll costs two
/// comparisons. So a busy stream costs no timer work.
#[derive(Default)]
pub struct Alarm {
    set: Option<(Pin<Box<Sleep>>, Waker)>,
}

impl Alarm {
    /// Ready once `due` has passed. From one poll to the next `due` may only grow.
    pub fn poll(&mut self, context: &mut Context<'_>, due: Instant) -> Poll<()> {
        let (timer, waker) =
            self.set.get_or_insert_with(|| (Box::pin(sleep_until(due)), Waker::noop().clone()));
        if !timer.is_elapsed() && waker.will_wake(context.waker()) {
            return Poll::Pending;
        }
        while timer.as_mut().poll(context).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
        context.waker().clone_into(waker);
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_is_put_off() {
        let begun = Instant::now();
        let mut alarm = Alarm::default();
        poll_fn(|context| {
            // The deadline stands at 5 s until 3 s have passed, and at 9 s from then on.
            let due = if begun.elapsed() < 3 * SECOND { begun + 5 * SECOND } else { begun + 9 * SECOND };
            alarm.poll(context, due)
        })
        .await;
        assert_eq!(begun.elapsed(), 9 * SECOND);
        poll_fn(|context| alarm.poll(context, begun + 9 * SECOND)).await;
        poll_fn(|context| alarm.poll(context, begun + 10 * SECOND)).await;
        assert_eq!(begun.elapsed(), 10 * SECOND, "it goes on with a later deadline");
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_is_woken() {
        let begun = Instant::now();
        let mut alarm = Alarm::default();
        let first = poll_fn(|context| Poll::Ready(alarm.poll(context, begun + SECOND)));
        assert!(tokio::task::unconstrained(first).await.is_pending());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { poll_fn(|context| alarm.poll(context, begun + SECOND)).await });
        tasks.join_next().await.unwrap().unwrap();
        assert_eq!(begun.elapsed(), SECOND);
    }
}
