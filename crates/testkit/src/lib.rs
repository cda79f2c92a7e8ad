//! What tests share: a scripted upstream with faults, a running application, the plugin conformance suite.

pub mod app;
pub mod conformance;
#[cfg(unix)]
pub mod lab;
pub mod proxy;
pub mod upstream;

pub use app::TestApp;
pub use proxy::ConnectProxy;
pub use upstream::ScriptedUpstream;
