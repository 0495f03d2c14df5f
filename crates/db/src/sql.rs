//! Running statements, on a database or inside a transaction, with the same three verbs.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, Value};

use crate::limit::within;
use crate::{Backend, Db, DbError, Tx};

/// Whatever runs statements. `$1`, `$2`, … are the values in order.
pub trait Sql: Send + Sync {
    /// Which database answers.
    fn backend(&self) -> Backend;

    /// Runs `sql` and says how many rows it changed.
    fn exec(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, DbError>> + Send;

    /// Runs `sql` and reads every row. Bound it with `LIMIT`.
    fn all<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, DbError>> + Send;

    /// Runs `sql` and reads the first row, if there is one.
    fn one<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, DbError>> + Send;

    /// Reads the one number that `sql` selects as `n`; 0 when there is no row or it is null.
    fn number(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<i64, DbError>> + Send {
        async move {
            let row: Option<Number> = self.one(sql, values).await?;
            Ok(row.and_then(|row| row.n).unwrap_or(0))
        }
    }
}

#[derive(FromQueryResult)]
struct Number {
    n: Option<i64>,
}

fn statement(backend: Backend, sql: &str, values: Vec<Value>) -> Statement {
    let backend = match backend {
        Backend::Sqlite => DbBackend::Sqlite,
        Backend::Postgres => DbBackend::Postgres,
    };
    Statement::from_sql_and_values(backend, sql, values)
}

fn read<T: FromQueryResult>(row: &QueryResult) -> Result<T, DbError> {
    Ok(T::from_query_result(row, "")?)
}

macro_rules! runs_statements {
    ($runner:ty, $field:ident) => {
        impl Sql for $runner {
            fn backend(&self) -> Backend {
                self.backend
            }

            async fn exec(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbError> {
                hashbuzz_crash::point!("db.write.before", sql);
                let statement = statement(self.backend, sql, values);
                let done = within("a statement", async {
                    Ok(self.$field.execute_raw(statement).await?.rows_affected())
                })
                .await?;
                hashbuzz_crash::point!("db.write.after", sql);
                Ok(done)
            }

            async fn all<T: FromQueryResult + Send>(
                &self,
                sql: &str,
                values: Vec<Value>,
            ) -> Result<Vec<T>, DbError> {
                hashbuzz_crash::point!("db.write.before", sql);
                let statement = statement(self.backend, sql, values);
                let rows =
                    within("a query", async { Ok(self.$field.query_all_raw(statement).await?) })
                        .await?;
                hashbuzz_crash::point!("db.write.after", sql);
                rows.iter().map(read).collect()
            }

            async fn one<T: FromQueryResult + Send>(
                &self,
                sql: &str,
                values: Vec<Value>,
            ) -> Result<Option<T>, DbError> {
                hashbuzz_crash::point!("db.write.before", sql);
                let statement = statement(self.backend, sql, values);
                let row =
                    within("a query", async { Ok(self.$field.query_one_raw(statement).await?) })
                        .await?;
                hashbuzz_crash::point!("db.write.after", sql);
                row.as_ref().map(read).transpose()
            }
        }
    };
}

runs_statements!(Db, pool);
runs_statements!(Tx, inner);
