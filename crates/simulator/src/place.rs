//! Where one life keeps what it knows: a database of its own, and of Redis a number of its own.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use hashbuzz_db::{Db, Sql as _, values};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Which databases a matrix uses.
#[derive(Clone, Debug)]
pub enum Store {
    /// A file for each life.
    Sqlite,
    /// A database for each life, on the server at this address, whose user may create them.
    Postgres(String),
}

/// How events reach workers.
#[derive(Clone, Debug)]
pub enum Dispatch {
    /// Workers claim from the database.
    Embedded,
    /// By BullMQ on the Redis at `redis://:PASSWORD@HOST:PORT`.
    BullMq(String),
}

/// The place of one life.
#[derive(Debug)]
pub struct Place {
    /// For `Db::open` and for the settings.
    pub database_url: String,
    server: Option<(String, String)>,
    redis: Option<String>,
}

impl Place {
    /// Makes an empty one; lives that run side by side have different lanes, from 0 to 15.
    ///
    /// # Errors
    /// When the database server or Redis refuses.
    pub async fn make(
        store: &Store,
        dispatch: &Dispatch,
        lane: usize,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let redis = match dispatch {
            Dispatch::Embedded => None,
            Dispatch::BullMq(url) => {
                flush(url, lane).await.context("Redis")?;
                Some(format!("{url}/{lane}"))
            }
        };
        let (database_url, server) = match store {
            Store::Sqlite => (format!("sqlite:{}", folder.join("life.db").display()), None),
            Store::Postgres(url) => {
                let name = format!("life_{}", Uuid::new_v4().simple());
                command(url, &format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
                let place = url.rsplit_once('/').context("the address ends in a name")?.0;
                (format!("{place}/{name}"), Some((url.clone(), name)))
            }
        };
        Ok(Self { database_url, server, redis })
    }

    /// Lines of the settings file.
    #[must_use]
    pub fn dispatch_settings(&self) -> String {
        match &self.redis {
            None => String::new(),
            Some(url) => format!("dispatch = \"bullmq\"\n\n[redis]\nurl = \"{url}\"\n"),
        }
    }

    /// Removes what is not in the folder.
    ///
    /// # Errors
    /// When the database server refuses.
    pub async fn remove(self) -> anyhow::Result<()> {
        let Some((url, name)) = self.server else { return Ok(()) };
        command(&url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }
}

async fn command(url: &str, sql: &str) -> anyhow::Result<()> {
    let db = Db::open(url).await?;
    let outcome = db.exec(sql, values![]).await;
    db.close().await?;
    outcome?;
    Ok(())
}

/// Empties one of Redis's databases. Three commands need no client.
async fn flush(url: &str, number: usize) -> anyhow::Result<()> {
    let rest = url.strip_prefix("redis://:").context("redis://:PASSWORD@HOST:PORT")?;
    let (password, address) = rest.split_once('@').context("redis://:PASSWORD@HOST:PORT")?;
    let mut stream = TcpStream::connect(address).await?;
    for line in [format!("AUTH {password}"), format!("SELECT {number}"), "FLUSHDB".to_owned()] {
        stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        let mut answer = [0; 256];
        let length = stream.read(&mut answer).await?;
        ensure!(length > 0, "it hangs up");
        if !answer.starts_with(b"+OK") {
            bail!("{}", String::from_utf8_lossy(&answer[..length]).trim());
        }
    }
    Ok(())
}
