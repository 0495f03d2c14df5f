//! How the database server is set: figures of a server that may forget what it was told are not
//! comparable with those of one that may not.

use anyhow::Context as _;
use hashbuzz_db::{Db, FromQueryResult, Sql as _, values};
use serde_json::{Map, Value, json};

/// What decides how fast a server commits and cleans up.
const SETTINGS: [&str; 8] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "max_connections",
    "autovacuum",
];

#[derive(FromQueryResult)]
struct Text {
    text: String,
}

/// Version and settings of the PostgreSQL server at `url`.
pub(crate) async fn of(url: &str) -> anyhow::Result<Value> {
    let db = Db::open(url).await?;
    let mut facts = Map::new();
    facts.insert("version".into(), json!(shown(&db, "server_version").await?));
    for setting in SETTINGS {
        facts.insert(setting.into(), json!(shown(&db, setting).await?));
    }
    db.close().await?;
    Ok(facts.into())
}

async fn shown(db: &Db, setting: &str) -> anyhow::Result<String> {
    let sql = "SELECT current_setting($1) AS text";
    let row: Option<Text> = db.one(sql, values![setting]).await?;
    Ok(row.with_context(|| format!("the server does not know {setting}"))?.text)
}

/// For people.
pub(crate) fn in_words(facts: &Value) -> String {
    let value = |name: &str| facts[name].as_str().unwrap_or_default().to_owned();
    let settings: Vec<String> =
        SETTINGS.iter().map(|setting| format!("{setting}={}", value(setting))).collect();
    format!("  PostgreSQL {}: {}", value("version"), settings.join(", "))
}
