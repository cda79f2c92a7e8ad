//! What can go wrong with a store.

/// Why the store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file, or it may not be written.
    #[error(
        "the store {path} cannot be opened: {reason}; set store.url to a file that this user may write, or store.enabled = false"
    )]
    Open {
        /// Where it should be.
        path: String,
        /// The system's reason.
        reason: String,
    },
    /// The file is no database, or is damaged.
    #[error(
        "the store {path} is damaged or no database: {reason}; move it away and start again, or restore it from a backup"
    )]
    Damaged {
        /// Where it is.
        path: String,
        /// The database's reason.
        reason: String,
    },
    /// A newer program has written it.
    #[error(
        "the store has schema {found}, and this program knows {known} at most; run a newer ccproxy, or give this one another store.url"
    )]
    Newer {
        /// What is there.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// The URL says neither.
    #[error("expected a path, sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Url,
    /// This program was built without it.
    #[error(
        "this ccproxy was built without PostgreSQL; build it with the feature postgres, or give store.url a file"
    )]
    NoPostgres,
    /// The URL of PostgreSQL makes no sense. Nothing of it is quoted: it may hold a password.
    #[error("{0}")]
    PostgresUrl(&'static str),
    /// PostgreSQL does not answer, or does not let us in.
    #[error("PostgreSQL at {place} cannot be reached: {reason}")]
    Unreachable {
        /// Host and database.
        place: String,
        /// Why.
        reason: String,
    },
    /// The database did not do it. Messages of databases quote no values.
    #[error("the store failed: {0}")]
    Database(String),
    /// What was asked makes no sense.
    #[error("{0}")]
    Query(String),
    /// What is in it cannot be read.
    #[error("the store holds something that this program cannot read: {0}")]
    Content(String),
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Content(error.to_string())
    }
}
