//! Records of exchanges, what they used, and the history of health: in an embedded SQLite, or in PostgreSQL for many replicas.
//!
//! Whatever is asked for again and again (usage over time, by model, by key) is not counted out of the records but kept
//! as [rollups](rollup), which are written in the same transaction as the records they sum up. What those cannot tell is counted
//! out of [measures], which are a tenth of the records.

mod condition;
mod cover;
mod database;
mod dimensions;
mod error;
mod figures;
mod find;
mod histogram;
mod keep;
mod kind;
mod measures;
mod numbers;
mod packed;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
mod rollup;
mod rows;
mod schema;
mod sqlite;
mod step;
mod store;
mod transition;
mod usage;

pub use error::StoreError;
pub use figures::{Faults, Figures, Percentiles, Spent, TokenSums};
pub use kind::{Kept, Kind, Options};
#[cfg(feature = "postgres")]
pub use postgres::Server;
pub use query::{Bucket, Dimension, Filter, RequestPage, RequestQuery, UsageQuery, UsageReport, UsageRow};
pub use store::Store;
pub use transition::Transition;
