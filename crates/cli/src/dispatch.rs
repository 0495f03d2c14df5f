//! How due events reach workers: what the settings say, checked before anything starts.
//!
//! *Embedded*, workers claim from the database, and there is nothing to set. Through BullMQ there
//! are more processes than one, which SQLite does not allow, and a Redis, which has to be named. A
//! Redis that is named counts the network's windows either way.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use hashbuzz_outbox::Queue;
use hashbuzz_outbox_bullmq::{BullMq, RedisSettings};
use secrecy::SecretString;
use serde::Deserialize;

use crate::settings::Settings;

/// Who brings due events to workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Dispatch {
    /// Workers claim from the database.
    #[default]
    Embedded,
    /// A relay publishes to BullMQ on Redis.
    BullMq,
}

impl TryFrom<String> for Dispatch {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "embedded" => Ok(Self::Embedded),
            "bullmq" => Ok(Self::BullMq),
            _ => Err(format!("dispatch is \"embedded\" or \"bullmq\", not \"{name}\"")),
        }
    }
}

/// Where Redis is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redis {
    /// `redis://…` or `rediss://…`. A secret as a whole: it carries the password.
    pub(crate) url: Option<SecretString>,
    /// A file with the certificate of a private authority.
    pub(crate) root_certificate: Option<PathBuf>,
    /// The first part of every key.
    pub(crate) prefix: Option<String>,
}

/// The Redis of a deployment, where it names one; it has to when it dispatches through BullMQ.
///
/// # Errors
/// Settings that do not go together, and those of Redis that cannot be right.
pub(crate) fn redis(settings: &Settings) -> anyhow::Result<Option<RedisSettings>> {
    let dispatches = settings.dispatch == Dispatch::BullMq;
    if dispatches && is_sqlite(settings) {
        bail!(
            "dispatch = \"bullmq\" needs PostgreSQL: workers in other processes read the database, \
             and an SQLite file has one process; set database_url = \"postgres://…\", or \
             dispatch = \"embedded\""
        );
    }
    let given = &settings.redis;
    let Some(url) = given.url.clone() else {
        if !dispatches {
            return Ok(None);
        }
        bail!(
            "dispatch = \"bullmq\" needs redis.url: write url = \"redis://host:6379\" under \
             [redis], or set HASHBUZZ__REDIS__URL"
        );
    };
    let mut redis = RedisSettings::new(url).context("redis.url")?;
    if let Some(file) = &given.root_certificate {
        redis = redis.root_certificate(file).context("redis.root_certificate")?;
    }
    if let Some(prefix) = &given.prefix {
        redis = redis.prefix(prefix).context("redis.prefix")?;
    }
    Ok(Some(redis))
}

/// The broker of a process that takes jobs of `queues`, where there is one. It connects when it is
/// first used, so that a process starts although Redis is away.
///
/// # Errors
/// As [`redis`].
pub(crate) fn broker(settings: &Settings, queues: &[Queue]) -> anyhow::Result<Option<Arc<BullMq>>> {
    let redis = redis(settings)?.filter(|_| settings.dispatch == Dispatch::BullMq);
    Ok(redis.map(|redis| Arc::new(BullMq::new(redis.queues(queues)))))
}

/// Whether the database has one process at most.
pub(crate) fn is_sqlite(settings: &Settings) -> bool {
    settings.database_url.starts_with("sqlite:")
}
