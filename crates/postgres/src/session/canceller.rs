//! Cancelling the running statement of a session from another thread, over a connection of its own.
//!
//! The server never says whether there was something to cancel.

use std::time::Duration;

use segue_model::Failure;

use super::open::Connector;
use super::socket::{Overheard, Socket};
use super::{PostgresError, runtime};
use crate::connect::Endpoint;

/// How long a request to cancel may take when the target says nothing about time.
const CANCEL_TIME_MAX: Duration = Duration::from_secs(10);

/// Cancels whatever statement its session is running.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: tokio_postgres::CancelToken,
    pub(super) endpoint: Endpoint,
    pub(super) connector: Connector,
}

impl Canceller {
    /// Asks the server to cancel the statement that the session runs now; that statement then fails with
    /// [`Failure::Cancelled`]. Nothing happens when the session is idle. Blocks for at most 10 s.
    ///
    /// # Errors
    /// [`Failure::ConnectionLost`] when the request could not be sent; the statement runs on.
    pub fn cancel(&self) -> Result<(), PostgresError> {
        let asked = runtime()?.block_on(async {
            tokio::time::timeout(CANCEL_TIME_MAX, async {
                let socket = Socket::open(&self.endpoint).await.map_err(|cause| {
                    PostgresError::ours(
                        Failure::ConnectionLost,
                        "the request to cancel did not reach the server",
                    )
                    .because(cause)
                })?;
                self.token
                    .cancel_query_raw(Overheard::deaf(socket), self.connector.clone())
                    .await
                    .map_err(|cause| PostgresError::from_driver(cause, ""))
            })
            .await
        });
        asked.unwrap_or_else(|_| {
            Err(PostgresError::ours(
                Failure::ConnectionLost,
                "the request to cancel did not reach the server within 10 s",
            ))
        })
    }
}

impl std::fmt::Debug for Canceller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Canceller").finish_non_exhaustive()
    }
}
