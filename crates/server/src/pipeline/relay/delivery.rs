//! A relay in the hands of its client; without it, the rest may be read all the same.

use std::pin::Pin;

use http_body_util::BodyExt;
use tokio::runtime::Handle;

use super::{Relay, Watch};

/// A relay that is being delivered.
pub(crate) struct Delivery(Option<Box<Relay>>);

impl From<Relay> for Delivery {
    fn from(relay: Relay) -> Self {
        Self(Some(Box::new(relay)))
    }
}

impl Delivery {
    pub(crate) fn relay(&self) -> Option<&Relay> {
        self.0.as_deref()
    }

    pub(crate) fn relay_mut(&mut self) -> Option<Pin<&mut Relay>> {
        self.0.as_deref_mut().map(Pin::new)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let Some(relay) = self.0.take() else { return };
        let over = matches!(&relay.watch, Watch::Stream(stream) if stream.is_over());
        if relay.finished || over {
            return;
        }
        let (Some(presence), Ok(runtime)) = (relay.exchange.presence(), Handle::try_current()) else {
            return;
        };
        presence.leave();
        let leftovers = relay.exchange.app().leftovers.clone();
        // On the thread that has the provider's connection.
        leftovers.spawn_on(read_on(relay), &runtime);
    }
}

/// Reads the rest for nobody, for what it says of usage and so that its connection can be used again. What is too long or
/// too large is dropped, which cancels the call.
async fn read_on(mut relay: Box<Relay>) {
    let Some(presence) = relay.exchange.presence() else { return };
    let limits = &relay.exchange.app().limits.disconnect;
    let (time, mut room) = (limits.time, limits.size.bytes());
    let read = async {
        while let Some(Ok(frame)) = relay.frame().await {
            let length = frame.data_ref().map_or(0, bytes::Bytes::len) as u64;
            let Some(rest) = room.checked_sub(length) else { return };
            room = rest;
        }
    };
    tokio::select! {
        () = read => {}
        () = presence.overdue(time) => {}
    }
}
