//! One connection.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, GenericClient, Statement};

use super::server::Server;
use crate::StoreError;

/// How long a statement, or all of a batch, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every connection begins with.
const SESSION: &str = "SET search_path TO ccproxy; SET statement_timeout TO '30s'; \
                       SET idle_in_transaction_session_timeout TO '60s'; \
                       SET plan_cache_mode TO force_custom_plan;";

/// So many statements of a connection are kept prepared.
const STATEMENTS: usize = 64;

/// A connection and the task that drives it.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) prepared: Prepared,
    task: JoinHandle<()>,
}

/// Statements that the server has read already. It plans them anew each time: what is asked for decides the plan.
#[derive(Default)]
pub(super) struct Prepared(HashMap<String, Statement>);

impl Prepared {
    /// A statement of ours.
    pub(super) async fn get(
        &mut self,
        client: &impl GenericClient,
        statement: &str,
    ) -> Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.0.get(statement) {
            return Ok(known.clone());
        }
        let text = statement.replace('?', "$");
        let prepared = client.prepare(&text).await?;
        if self.0.len() >= STATEMENTS {
            self.0.clear();
        }
        self.0.insert(statement.to_owned(), prepared.clone());
        Ok(prepared)
    }
}

/// Why something was not done.
pub(super) enum Failure {
    /// The connection is of no use any more.
    Link(String),
    /// The server said no.
    Server(String),
    Late,
}

impl Link {
    pub(super) async fn connect(server: &Server) -> Result<Self, StoreError> {
        let unreachable =
            |reason: String| StoreError::Unreachable { place: server.place().to_owned(), reason };
        let connect = async {
            let (client, connection) = server.config().connect(server.tls()?).await.map_err(|e| told(&e))?;
            // The error is told to whoever is waiting for the client.
            #[expect(clippy::disallowed_methods, reason = "the link owns it, and ends it when it is dropped")]
            let task = tokio::task::spawn(async move { drop(connection.await) });
            let link = Self { client, prepared: Prepared::default(), task };
            link.client.batch_execute(SESSION).await.map_err(|e| told(&e))?;
            Ok(link)
        };
        match timeout(server.patience(), connect).await {
            Ok(done) => done.map_err(unreachable),
            Err(_) => Err(unreachable("it does not answer".to_owned())),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is not done in time is given up, and its connection with it.
pub(super) async fn in_time<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Failure> {
    match timeout(PATIENCE, work).await {
        Ok(done) => done.map_err(|error| {
            let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
            match error.code() {
                Some(code) if !gone.contains(code) => Failure::Server(told(&error)),
                _ => Failure::Link(told(&error)),
            }
        }),
        Err(_) => Err(Failure::Late),
    }
}

impl Failure {
    pub(super) fn told(self, server: &Server) -> StoreError {
        let place = || server.place().to_owned();
        match self {
            Self::Link(reason) => StoreError::Unreachable { place: place(), reason },
            Self::Server(reason) => StoreError::Database(reason),
            Self::Late => StoreError::Unreachable { place: place(), reason: "it does not answer".to_owned() },
        }
    }
}

/// An error with its reasons, and without the details, which quote values.
fn told(error: &tokio_postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        return format!("{} ({})", server.message(), server.code().code());
    }
    let mut text = error.to_string();
    let mut reason = error.source();
    while let Some(error) = reason {
        text.push_str(&format!(": {error}"));
        reason = error.source();
    }
    text
}
