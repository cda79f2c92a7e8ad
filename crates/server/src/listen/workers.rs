//! The threads that serve: one runtime each, so that a connection, its requests and the connections to providers that
//! they use never wake another thread. One runtime over all threads costs about a quarter more CPU a request.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ccproxy_health::Heart;
use futures_util::FutureExt;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// All threads that serve.
pub(super) struct Workers {
    workers: Vec<Worker>,
    stop: CancellationToken,
}

struct Worker {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    thread: thread::JoinHandle<()>,
}

impl Workers {
    /// Starts a thread for each heart.
    pub(super) fn start(hearts: &[Heart]) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let workers = hearts.iter().enumerate().map(|(i, heart)| Worker::start(i, heart, &stop));
        Ok(Self { workers: workers.collect::<io::Result<_>>()?, stop })
    }

    /// Runs a connection on the thread that has the fewest.
    pub(super) fn spawn<F>(&self, tasks: &TaskTracker, connection: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let load = |worker: &&Worker| worker.connections.load(Ordering::Relaxed);
        let Some(worker) = self.workers.iter().min_by_key(load) else {
            return;
        };
        let open = Open::new(&worker.connections);
        // An async block that awaits what it was given has room for it twice.
        tasks.spawn_on(connection.map(move |()| drop(open)), &worker.runtime);
    }

    /// Ends the threads and waits for them. What they still run is dropped.
    pub(super) fn stop(mut self) {
        self.stop.cancel();
        for worker in std::mem::take(&mut self.workers) {
            if worker.thread.join().is_err() {
                tracing::error!("worker_panicked");
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Worker {
    fn start(index: usize, heart: &Heart, stop: &CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let beating = heart.clone().beat_until(stop.clone());
        let thread = thread::Builder::new()
            .name(format!("worker-{index}"))
            .spawn(move || runtime.block_on(beating))?;
        Ok(Self { runtime: handle, connections: Arc::default(), thread })
    }
}

/// Counts a connection for as long as it is there.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
