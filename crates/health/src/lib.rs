//! Health: checks, a pure state machine, one writer and an immutable snapshot that every watcher reads.
//!
//! A check never runs inside a probe. Checks and real traffic produce [`Outcome`]s; a pure [step](state::step) with
//! hysteresis turns outcomes into [`State`]s; one writer publishes a [`Snapshot`]; [`report`] renders answers from it
//! as `application/health+json`, [`text`] as Kubernetes does, [`Health::samples`] as numbers. This crate knows no HTTP
//! server and no LLM.
//!
//! ```
//! use std::sync::Arc;
//! use ccproxy_health::{check_fn, report, Builder, Identity, Outcome, Scope, Spec, Status, View};
//! use tokio_util::{sync::CancellationToken, task::TaskTracker};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = Builder::new(Identity::new("1.2.3", "my-service", "My Service"));
//! builder.gate("config loaded");
//! let disk = Spec::new("disk")?.critical(true);
//! let reporter = builder.check(Scope::Core, disk, check_fn(|| async { Outcome::pass() }));
//! let part = builder.container().part("worker");
//! let health = builder.build();
//!
//! let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
//! health.start(&tasks, stop.clone());
//! assert_eq!(report::ready(&health, View::Full, &[]).http_status(), 503);
//!
//! health.open_gate("config loaded");
//! part.started();
//! reporter.report(Outcome::pass()); // real traffic knows before any check does
//! while report::ready(&health, View::Full, &[]).status != Status::Pass {
//!     tokio::task::yield_now().await;
//! }
//!
//! health.drain();
//! assert_eq!(report::ready(&health, View::Full, &[]).http_status(), 503);
//! assert_eq!(report::live(&health, View::Full).http_status(), 200);
//! stop.cancel();
//! tasks.close();
//! tasks.wait().await;
//! # Ok(())
//! # }
//! ```
//!
//! It takes no HTTP to use it. A server of any protocol asks for the verdict, which costs the same whatever there is to
//! watch, or waits for a change and acts on it:
//!
//! ```
//! use ccproxy_health::{Builder, Health, Identity, Outcome, Phase, Scope, Spec, Status, View, report};
//! use tokio_util::{sync::CancellationToken, task::TaskTracker};
//!
//! /// What a queue consumer does next: no readiness, no new work.
//! fn may_take_work(health: &Health) -> bool {
//!     report::ready(health, View::StatusOnly, &[]).ok
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = Builder::new(Identity::new("1.2.3", "consumer", "A consumer of a queue"));
//! builder.container().essential("queue").started();
//! let broker = builder.passive(Scope::Core, Spec::new("broker")?.critical(true));
//! let health = builder.build();
//! let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
//! health.start(&tasks, stop.clone());
//! assert!(may_take_work(&health));
//!
//! let mut changes = health.changes();
//! broker.report(Outcome::fail("connection refused")); // a message could not be fetched
//! changes.changed().await?;
//! assert!(!may_take_work(&health));
//! assert_eq!(health.samples().first().map(|sample| sample.status), Some(Status::Fail));
//!
//! let shutdown = health.phase_changed();
//! health.drain();
//! assert_eq!(shutdown.await, Phase::Draining);
//! # stop.cancel();
//! # tasks.close();
//! # tasks.wait().await;
//! # Ok(())
//! # }
//! ```

pub mod aggregate;
mod beat;
mod check;
mod container;
mod events;
mod health;
mod lifecycle;
mod links;
mod passive;
mod registration;
mod registry;
pub mod report;
mod sample;
mod scheduler;
mod scrub;
mod snapshot;
mod spec;
pub mod state;
#[cfg(test)]
mod testing;
pub mod text;
mod writer;

pub use beat::Heart;
pub use check::{Check, Observed, Outcome, Status, Value, check_fn};
pub use container::{Container, ContainerReport, OPERATIONAL, Part};
pub use events::{REMEMBERED, Transition};
pub use futures_util::future::BoxFuture;
pub use health::Health;
pub use lifecycle::Phase;
pub use links::LinkError;
pub use passive::Reporter;
pub use registration::Registration;
pub use registry::{Builder, Identity};
pub use report::{Answer, Cache, Profile, View};
pub use sample::Sample;
pub use scrub::scrub;
pub use snapshot::{Reading, Runs, Seen, Snapshot, Standing};
pub use spec::{ComponentType, MAX_NAME, Scope, Spec, SpecError};
pub use state::State;
