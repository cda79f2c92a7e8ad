//! Checks of the process and the machine it runs on, for any server.
//!
//! | name | looks at | warns | fails |
//! |---|---|---|---|
//! | `file_descriptors` | open ones against the soft limit | from 80 % | from 95 %, or when none is free |
//! | `memory` | what the kernel would kill for, against the tightest cgroup limit | from 85 % | from 95 % |
//! | `disk`, one for each directory | room and inodes | below 10 % free | below 2 % or 16 MiB free; read-only; missing |
//! | `clock` | the wall clock against the time since boot | for 5 min after a jump | never |
//! | `event_loop` | how late tasks get their turn | from 250 ms | never: stalls are liveness' business |
//! | `certificate`, where [`certificate()`] is asked for one | until when it is good | in the last tenth of its time, at most 14 days | when it has expired |
//!
//! What needs `/proc` is there on Linux only. A check reads files of the kernel and nothing else on the runtime's
//! thread; what may hang is done beside it, see [`Aside`].
//!
//! ```
//! use ccproxy_health::{Builder, Identity, Scope};
//! use ccproxy_health_system::{Lags, Options, checks};
//!
//! let mut builder = Builder::new(Identity::new("1.2.3", "my-service", "My Service"));
//! let lags = Lags::default();
//! for (spec, check) in checks(&Options { disk: vec!["/var/lib/my-service".into()] }, &lags)? {
//!     builder.check(Scope::Core, spec, check);
//! }
//! let health = builder.build();
//! lags.of(health.clone()); // kept as long as the service runs
//! # Ok::<(), ccproxy_health::SpecError>(())
//! ```

mod aside;
mod certificate;
#[cfg(target_os = "linux")]
mod cgroup;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(unix)]
mod disk;
mod event_loop;
#[cfg(target_os = "linux")]
mod file_descriptors;
mod measure;
#[cfg(target_os = "linux")]
mod memory;

use std::path::PathBuf;
use std::sync::Arc;

use ccproxy_health::{Check, Spec, SpecError};

pub use aside::{Aside, NotDone};
pub use certificate::{Certificate, certificate};
pub use event_loop::Lags;

/// A component and what looks at it.
pub type Watched = (Spec, Arc<dyn Check>);

/// What to look at beyond what every process has.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Directories that are written to. Their paths are told to nobody.
    pub disk: Vec<PathBuf>,
}

/// All checks that this system allows, none of them critical. They look at once, and without jitter where nothing is
/// shared.
///
/// # Errors
/// None of the names here is refused; the type is that of [`Spec::new`].
pub fn checks(options: &Options, lags: &Lags) -> Result<Vec<Watched>, SpecError> {
    let mut checks = vec![event_loop::check(lags)?];
    #[cfg(target_os = "linux")]
    checks.extend([file_descriptors::check()?, memory::check()?, clock::check()?]);
    #[cfg(unix)]
    checks.extend(disk::checks(&options.disk)?);
    #[cfg(not(unix))]
    let _ = options;
    Ok(checks)
}

/// What the process holds of the machine's memory, in bytes; none where the system does not tell.
#[must_use]
pub fn resident_bytes() -> Option<u64> {
    #[cfg(target_os = "linux")]
    return memory::resident_bytes();
    #[cfg(not(target_os = "linux"))]
    return None;
}
