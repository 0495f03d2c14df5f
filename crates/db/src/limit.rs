//! A time limit on every call. The server has its own (`statement_timeout`), but one that does not
//! answer at all cannot keep it: a loop that waits for ever looks like one that has nothing to do.

use std::time::Duration;

use crate::DbError;

/// Longer than any limit that the database keeps itself, so that its clearer error comes first.
const LIMIT: Duration = Duration::from_secs(15);

/// What `call` says, or [`DbError::Slow`].
pub(crate) async fn within<T>(
    what: &'static str,
    call: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(outcome) => outcome,
        Err(_) => Err(DbError::Slow { what, seconds: LIMIT.as_secs() }),
    }
}
