//! The listener, the pipeline from request to relayed answer, and the pages about ourselves.
//!
//! An [`Application`] is built from the configuration without any I/O; [`Application::bind`] takes the port,
//! [`Bound::run`] serves until it is told to drain.

mod admin;
mod admission;
mod app;
mod archive;
mod auth;
mod body;
mod error;
mod limits;
mod listen;
mod metrics;
mod middleware;
mod origin;
mod pipeline;
mod recorder;
mod request_id;
mod respond;
mod routes;
mod shutdown;
mod socket;
mod stored;
mod trace;
mod visit;

pub use admin::api::usage::told as stored_usage;
pub use admin::openapi::openapi;
pub use app::build::BuildOptions;
pub use app::reload::{Prepared, ReloadOrder, ReloadOutcome, Reloaded, Reloader};
pub use app::{Application, InstanceInfo, Stats};
pub use archive::options as store_options;
pub use auth::read as read_token;
pub use listen::{BindError, Bound, Inherited, TakeoverError};
pub use metrics::metrics_md;
pub use shutdown::End;
