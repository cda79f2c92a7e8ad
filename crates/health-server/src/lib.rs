//! Tells the health of a server in every language that watchers speak.
//!
//! [`Pages`] answers over HTTP, whatever server carries it; [`grpc`] speaks `grpc.health.v1`, [`agent`] HAProxy's
//! agent-check, [`systemd`] the notify protocol, [`metrics`] Prometheus. A [`Listener`] is a thread with a runtime of
//! its own that goes on answering while everything else is blocked.
//!
//! Any server can carry the pages. Here is one of axum's, with a health of its own:
//!
//! ```
//! use axum::{Router, routing::get};
//! use ccproxy_health::{Builder, Identity, Outcome, Scope, Spec, check_fn};
//! use ccproxy_health_server::{Details, Pages, PagesOptions, metrics};
//! use tokio_util::{sync::CancellationToken, task::TaskTracker};
//! use tower::ServiceExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = Builder::new(Identity::new("1.2.3", "shop", "The shop"));
//! builder.gate("listener bound");
//! builder.check(Scope::Core, Spec::new("database")?, check_fn(|| async { Outcome::pass() }));
//! builder.container().part("orders").started();
//! let health = builder.build();
//! let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
//! health.start(&tasks, stop.clone());
//!
//! let registry = Some(metrics::registry(&health).into());
//! let options = PagesOptions { details: Details::Always, registry, ..PagesOptions::default() };
//! let pages = Pages::new(health.clone(), options);
//! let app = Router::new().route("/orders", get(|| async { "none" })).fallback_service(pages);
//! # let status = async |app: &Router, path: &str| {
//! #     let request = http::Request::get(path).body(axum::body::Body::empty())?;
//! #     Ok::<_, Box<dyn std::error::Error>>(app.clone().oneshot(request).await?.status().as_u16())
//! # };
//! assert_eq!(status(&app, "/health/live").await?, 200);
//! assert_eq!(status(&app, "/health/ready").await?, 503);
//!
//! health.open_gate("listener bound");
//! assert_eq!(status(&app, "/health/ready").await?, 200);
//! assert_eq!(status(&app, "/metrics").await?, 200);
//! assert_eq!(status(&app, "/orders").await?, 200);
//! assert_eq!(status(&app, "/nothing").await?, 404);
//! # stop.cancel();
//! # tasks.close();
//! # tasks.wait().await;
//! # Ok(())
//! # }
//! ```

pub mod agent;
mod body;
pub mod grpc;
mod listener;
pub mod metrics;
mod pages;
pub mod site;
pub mod systemd;
pub mod tcp;
pub mod unix;

pub use body::Body;
pub use listener::{Given, Handler, Listener, ListenerError, Listening};
pub use pages::{Details, Guard, Names, Page, Pages, PagesOptions, Sight};
