use std::sync::mpsc;

use ccproxy_health::Status;
use ccproxy_plugin_api::HookError;
use jiff::Timestamp;

use super::*;

/// Takes what it is given as `answer` says.
struct Follower<F>(Wants, F);

impl<F: Fn(&[Event]) -> Result<(), HookError> + Send + Sync + 'static> Hook for Follower<F> {
    fn wants(&self) -> Wants {
        self.0
    }

    fn take(&self, events: &[Event]) -> Result<(), HookError> {
        (self.1)(events)
    }
}

fn follower(
    wants: Wants,
    take: impl Fn(&[Event]) -> Result<(), HookError> + Send + Sync + 'static,
) -> (String, Arc<dyn Hook>) {
    ("follower".to_owned(), Arc::new(Follower(wants, take)))
}

fn visit(probe: bool) -> Visit {
    Visit {
        id: None,
        began: Timestamp::UNIX_EPOCH,
        client: None,
        key: None,
        method: "GET".to_owned(),
        path: "/".to_owned(),
        version: "HTTP/1.1".to_owned(),
        user_agent: None,
        status: 200,
        bytes: 0,
        duration: Duration::ZERO.into(),
        probe,
    }
}

const VISITS: Wants = Wants { exchanges: false, visits: true, probes: false, messages: false, traces: false };

async fn finish(recorder: &Recorder) {
    recorder.finish(Instant::now() + Duration::from_secs(10)).await;
}

#[tokio::test]
async fn everything_that_is_wanted_is_taken_before_the_end() {
    let (told, taken) = mpsc::channel();
    let take = move |events: &[Event]| {
        told.send(events.len()).unwrap();
        Ok(())
    };
    let recorder = Recorder::new(vec![follower(VISITS, take)]);
    recorder.start().unwrap();
    (0..10_000).for_each(|n| recorder.visit(visit(n & 1 == 0)));
    finish(&recorder).await;
    assert_eq!(taken.try_iter().sum::<usize>(), 5_000, "no probes");
    assert_eq!(recorder.lanes().next().unwrap().dropped, 0);
}

#[tokio::test]
async fn a_stalled_follower_costs_a_bounded_queue_and_is_told_of() {
    let (go, wait) = mpsc::channel::<()>();
    let (held, wait) = (AtomicBool::new(true), Mutex::new(wait));
    let (told, taken) = mpsc::channel();
    let stalled = move |events: &[Event]| {
        if held.swap(false, Ordering::Relaxed) {
            wait.lock().unwrap().recv().unwrap();
        }
        told.send(events.len()).unwrap();
        Ok(())
    };
    let recorder = Arc::new(Recorder::new(vec![follower(VISITS, stalled)]));
    let check = recorder.check().unwrap().unwrap().1;
    recorder.start().unwrap();
    assert_eq!(check.run().await.status, Status::Pass);
    (0..lane::CAPACITY + 1000).for_each(|_| recorder.visit(visit(false)));
    let info = recorder.lanes().next().unwrap();
    assert_eq!((info.queued, info.dropped), (lane::CAPACITY, 1000));
    assert_eq!(check.run().await.status, Status::Warn);
    go.send(()).unwrap();
    finish(&recorder).await;
    assert_eq!(taken.try_iter().sum::<usize>(), lane::CAPACITY);
    assert_eq!(check.run().await.status, Status::Pass, "nothing more was dropped");
}

#[tokio::test]
async fn a_follower_that_fails_gets_the_same_events_again() {
    let (told, taken) = mpsc::channel();
    let failures = AtomicU64::new(2);
    let take = move |events: &[Event]| {
        if failures.load(Ordering::Relaxed) > 0 {
            failures.fetch_sub(1, Ordering::Relaxed);
            return Err(HookError::again("not now"));
        }
        told.send(events.len()).unwrap();
        Ok(())
    };
    let recorder = Recorder::new(vec![follower(VISITS, take)]);
    recorder.visit(visit(false));
    recorder.start().unwrap();
    assert_eq!(taken.recv().unwrap(), 1);
    finish(&recorder).await;
    let info = recorder.lanes().next().unwrap();
    assert_eq!((info.dropped, info.failing), (0, false));
}

#[tokio::test]
async fn a_follower_that_panics_or_gives_up_loses_its_own_events_only() {
    let take = |events: &[Event]| match events.len() {
        1 => panic!("on purpose"),
        _ => Err(HookError::lost("no")),
    };
    let (told, taken) = mpsc::channel();
    let other = move |events: &[Event]| {
        told.send(events.len()).unwrap();
        Ok(())
    };
    let recorder = Recorder::new(vec![follower(VISITS, take), follower(VISITS, other)]);
    recorder.visit(visit(false));
    recorder.start().unwrap();
    assert_eq!(taken.recv().unwrap(), 1);
    (0..2).for_each(|_| recorder.visit(visit(false)));
    finish(&recorder).await;
    assert_eq!(taken.try_iter().sum::<usize>(), 2);
    let dropped: Vec<u64> = recorder.lanes().map(|lane| lane.dropped).collect();
    assert_eq!(dropped, [3, 0]);
}

#[tokio::test]
async fn whoever_never_comes_round_does_not_hold_up_the_end() {
    let recorder = Recorder::new(vec![follower(VISITS, |_| Err(HookError::again("never")))]);
    recorder.visit(visit(false));
    recorder.start().unwrap();
    finish(&recorder).await;
    assert_eq!(recorder.lanes().next().unwrap().dropped, 1);
}
