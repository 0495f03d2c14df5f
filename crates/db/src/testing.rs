//! A database of a test's own: a file in a temporary folder, or a new database on the server that
//! `cargo xtask test` starts.
//!
//! Tests are written once, as functions that take a [`TestDb`], and run on both by
//! [`on_both_databases`](crate::on_both_databases). Without the server the tests about PostgreSQL
//! fail and say what to do: a test that skips itself in silence proves nothing.

use tempfile::TempDir;
use uuid::Uuid;

use crate::{Db, DbError, Sql as _, values};

/// Where `cargo xtask test` says that its server is.
pub const POSTGRES: &str = "HASHBUZZ_TEST_POSTGRES";

/// An empty database that is removed when this is dropped.
pub struct TestDb {
    url: String,
    home: Home,
}

enum Home {
    Folder { _kept: TempDir },
    Server { url: String, name: String },
}

impl TestDb {
    /// A new SQLite file.
    ///
    /// # Panics
    /// When there is no room for one.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, home: Home::Folder { _kept: folder } }
    }

    /// A new database on the server of `cargo xtask test`.
    ///
    /// # Panics
    /// When there is no such server.
    pub async fn postgres() -> Self {
        let Ok(server) = std::env::var(POSTGRES) else {
            panic!(
                "tests about PostgreSQL need a server in {POSTGRES}: run `cargo xtask test`, which \
                 starts a private one (arguments are passed on, such as `-p hashbuzz-db`)"
            )
        };
        let name = format!("test_{}", Uuid::new_v4().simple());
        command(&server, &format!("CREATE DATABASE {name} TEMPLATE template0"))
            .await
            .expect("the test server makes databases");
        let place = server.rsplit_once('/').expect("the address ends in a database's name").0;
        Self { url: format!("{place}/{name}"), home: Home::Server { url: server, name } }
    }

    /// Where it is, for [`Db::open`].
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it once more, with connections of its own, as another process would.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Db {
        Db::open(&self.url).await.expect("the test's database can be opened")
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Home::Server { url, name } = &self.home else { return };
        let (url, sql) = (url.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // A destructor cannot wait inside the test's runtime, so it brings its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.is_ok_and(|runtime| runtime.block_on(command(&url, &sql)).is_ok())
        });
        if !dropped.join().unwrap_or(false) {
            tracing::warn!(database = name, "a test's database could not be removed");
        }
    }
}

async fn command(url: &str, sql: &str) -> Result<(), DbError> {
    let db = Db::open(url).await?;
    let outcome = db.exec(sql, values![]).await;
    db.close().await?;
    outcome.map(drop)
}

/// Runs each `async fn name(place: TestDb)` as two tests, `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDb::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::testing::TestDb::postgres().await).await;
            })+
        }
    };
}
