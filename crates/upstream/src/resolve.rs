//! Names to addresses, by the system's resolver, which blocks a thread for as long as it likes.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use futures_util::future::{BoxFuture, FutureExt, Shared};
use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::Instant;
use tower::Service;

/// The name has no address.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the name does not resolve: {0}")]
pub(crate) struct Unresolved(io::ErrorKind);

type Found = Result<Vec<SocketAddr>, Unresolved>;
type Lookup = Shared<BoxFuture<'static, Found>>;

/// After so long without an answer the system is asked anew.
const PATIENCE: Duration = Duration::from_secs(30);

/// The resolver of one endpoint. Whoever asks while the system is being asked waits for the same answer: a name server
/// that never answers costs a thread now and then, not one for each attempt to connect.
#[derive(Clone, Default)]
pub(crate) struct Resolver {
    running: Arc<Mutex<Option<Running>>>,
}

/// A question that the system has not answered yet.
struct Running {
    name: Name,
    begun: Instant,
    lookup: Lookup,
}

impl Running {
    fn answers(&self, name: &Name) -> bool {
        self.name == *name && self.begun.elapsed() < PATIENCE
    }
}

impl Resolver {
    fn look_up(&self, name: Name) -> Lookup {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = running.as_ref().filter(|running| running.answers(&name)) {
            return running.lookup.clone();
        }
        let begun = Instant::now();
        let (host, slot) = (name.clone(), Arc::clone(&self.running));
        let asked = tokio::task::spawn_blocking(move || {
            let found = (host.as_str(), 0).to_socket_addrs().map(Iterator::collect);
            // Only answers that are under way are shared; how long one is good, the system knows.
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.take_if(|running| running.name == host && running.begun == begun);
            found.map_err(|error| Unresolved(error.kind()))
        });
        let lookup =
            asked.map(|found| found.unwrap_or(Err(Unresolved(io::ErrorKind::Interrupted)))).boxed().shared();
        *running = Some(Running { name, begun, lookup: lookup.clone() });
        lookup
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Unresolved;
    type Future = BoxFuture<'static, Result<Self::Response, Unresolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unresolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        self.look_up(name).map(|found| found.map(Vec::into_iter)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names() {
        let mut resolver = Resolver::default();
        let found = resolver.call("localhost".parse().unwrap()).await.unwrap();
        assert!(found.into_iter().any(|address| address.ip().is_loopback()));
        assert!(resolver.call("no-such-name.invalid".parse().unwrap()).await.is_err());
        assert!(resolver.running.lock().unwrap().is_none(), "what is over is not kept");
    }

    #[tokio::test]
    async fn one_question_at_a_time() {
        let resolver = Resolver::default();
        let (asked, answer) = tokio::sync::oneshot::channel();
        let name: Name = "example.test".parse().unwrap();
        let found: Vec<SocketAddr> = vec!["192.0.2.1:0".parse().unwrap()];
        let slow = answer.map(|found| found.unwrap()).boxed().shared();
        let running = Running { name: name.clone(), begun: Instant::now(), lookup: slow };
        *resolver.running.lock().unwrap() = Some(running);
        let two = [resolver.clone().call(name.clone()), resolver.clone().call(name)];
        asked.send(Ok(found.clone())).unwrap();
        for one in futures_util::future::join_all(two).await {
            assert!(one.unwrap().eq(found.clone()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_never_comes_is_given_up() {
        let resolver = Resolver::default();
        let name: Name = "localhost".parse().unwrap();
        let lookup = std::future::pending().boxed().shared();
        *resolver.running.lock().unwrap() =
            Some(Running { name: name.clone(), begun: Instant::now(), lookup });
        let waiting = tokio::time::timeout(PATIENCE, resolver.clone().call(name.clone()));
        assert!(waiting.await.is_err());
        assert!(resolver.clone().call(name).await.is_ok(), "the system is asked anew");
    }
}
