//! What tests share: a scripted upstream with faults, a proxy that makes trouble, a running application, the plugin
//! conformance suite.

pub mod app;
pub mod chaos;
pub mod conformance;
#[cfg(unix)]
pub mod lab;
pub mod proxy;
pub mod upstream;

pub use app::TestApp;
pub use chaos::ChaosProxy;
pub use proxy::ConnectProxy;
pub use upstream::ScriptedUpstream;
