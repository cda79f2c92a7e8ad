//! Where a store is, and what it keeps.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::StoreError;
#[cfg(feature = "postgres")]
use crate::postgres::Server;

/// Where the store is, and what it keeps.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is.
    pub kind: Kind,
    /// What it keeps.
    pub kept: Kept,
}

/// Where a store is. `Debug` shows no password.
#[derive(Debug, Clone)]
pub enum Kind {
    /// In a file.
    Sqlite(PathBuf),
    /// In PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(Box<Server>),
}

/// What is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How long records, the sums of hours and the history of health are kept.
    pub records: Duration,
    /// How long the sums of days are kept.
    pub usage: Duration,
    /// How large the store may be, in bytes; the oldest records go first.
    pub size: u64,
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
        }
    }
}

/// From a path, `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
impl FromStr for Kind {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            #[cfg(feature = "postgres")]
            return Server::of_url(text).map(Box::new).map(Self::Postgres);
            #[cfg(not(feature = "postgres"))]
            return Err(StoreError::NoPostgres);
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(StoreError::Url);
        }
        Ok(Self::Sqlite(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_is_is_read_and_no_password_shown() {
        let check = |text: &str, expect: &str| {
            let told =
                text.parse::<Kind>().map_or_else(|error| error.to_string(), |kind| format!("{kind:?}"));
            assert!(told.contains(expect), "{told}");
            assert!(!told.contains("hush"), "{told}");
        };
        check("/var/lib/a.db", "Sqlite(\"/var/lib/a.db\")");
        check("sqlite:a.db", "Sqlite(\"a.db\")");
        check("", "expected a path");
        check("mysql://me:hush@db/ccproxy", "expected a path");
        #[cfg(feature = "postgres")]
        {
            check("postgres://me:hush@db.example/ccproxy", "Postgres(Server(db.example/ccproxy))");
            check("postgresql://me:hush@%2Frun%2Fpg/a?sslmode=disable", "Postgres(Server(/run/pg/a))");
            check("postgres://me:hush@db/a?sslmode=always", "disable, prefer, require or verify-full");
            check("postgres://me:hush@db/a?sslrootcert=x&sslmode=require", "goes with sslmode=verify-full");
            check("postgres://me:hush@db/a?colour=hush", "a parameter that is not known");
            check("postgres://me:hush@", "no host");
        }
        #[cfg(not(feature = "postgres"))]
        check("postgres://me:hush@db/a", "without PostgreSQL");
    }
}
