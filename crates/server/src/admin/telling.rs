//! Who is told what of our health, and through which door.

use std::sync::{Arc, Weak};

use ccproxy_config::{Details as Configured, Settings};
use ccproxy_health::Health;
use ccproxy_health_server::{Details, Guard, Names, Pages, PagesOptions, Sight, metrics};
use tokio_util::sync::CancellationToken;

use crate::app::Current;
use crate::metrics::Metrics;

/// The pages about our health, one set for each door: they differ in who may see and do what.
pub(crate) struct Doors {
    /// The port that serves clients. A balancer may stand in front of it on the same machine, so orders need the token,
    /// whatever the address.
    pub(crate) main: Pages,
    /// The management port: whoever can reach it on this machine runs the service, unless there is a token.
    pub(crate) management: Pages,
    /// The management socket: the file system has decided who may open it.
    pub(crate) socket: Pages,
}

impl Doors {
    pub(crate) fn new(
        settings: &Settings,
        health: &Health,
        current: &Weak<Current>,
        closing: &CancellationToken,
    ) -> Self {
        let mut registry = metrics::registry(health);
        registry.register_collector(Box::new(Metrics(Weak::clone(current))));
        let registry = Arc::new(registry);
        let pages = |details: Details, guard: Guard, names: Option<Names>| {
            let envoy_degraded = settings.health.envoy_degraded;
            let registry = Some(Arc::clone(&registry));
            Pages::new(health.clone(), PagesOptions { details, guard, names, envoy_degraded, registry })
        };
        let details = |loopback| match settings.health.details.resolve(loopback) {
            Configured::Auto | Configured::Always => Details::Always,
            Configured::Authorized => Details::Authorized,
            Configured::Status => Details::Status,
        };
        // Elsewhere a name that means the machine may well be the right one, and being there opens nothing.
        let named = |loopback: bool| loopback.then(|| names(current));
        let (main, management) = (settings.server.is_loopback(), settings.management.is_loopback());
        Self {
            main: pages(details(main), guard(current, false), named(main)).until(closing.clone()),
            management: pages(details(management), guard(current, management), named(management)),
            // No browser comes through a socket.
            socket: pages(Details::Always, Arc::new(|_| Sight { details: true, command: true }), None),
        }
    }
}

/// The names that the configuration in force gives us.
fn names(current: &Weak<Current>) -> Names {
    let current = Weak::clone(current);
    Arc::new(move |name| current.upgrade().is_some_and(|current| current.app().goes_by(name)))
}

/// A client's key shows details; the management token shows them and takes orders. Where there is no such token, whoever
/// can reach a `trusted` door may give them.
fn guard(current: &Weak<Current>, trusted: bool) -> Guard {
    let current = Weak::clone(current);
    Arc::new(move |headers| {
        let Some(app) = current.upgrade().map(|current| current.app()) else { return Sight::default() };
        let keys = &app.keys;
        let manager = keys.is_manager(headers);
        let client = || keys.are_required() && keys.check(headers).is_ok();
        Sight { details: manager || client(), command: manager || trusted && !keys.has_management() }
    })
}
