//! The way to Redis: a time limit on every call, and a first look that says clearly what is wrong.
//!
//! The client underneath retries a first connection for half a minute and then reports that it gave
//! up. The first look goes through a connection of its own that retries nothing, so an operator reads
//! "connection refused" or "wrong password" within a moment.

use std::fmt;

use hashbuzz_outbox::BrokerError;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use crate::LIMIT;
use crate::settings::RedisSettings;

/// What a server says about itself. Empty where it does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its version, such as `7.0.15`.
    pub version: String,
    /// What it does when its memory is full; has to be `noeviction`, or jobs vanish.
    pub eviction: String,
    /// Whether it writes what it knows to a file as it goes.
    pub append_only: bool,
}

impl Facts {
    fn read(info: &str) -> Self {
        let value = |name: &str| {
            let mut lines = info.lines().filter_map(|line| line.trim().split_once(':'));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
        };
        Self {
            version: value("redis_version").unwrap_or_default(),
            eviction: value("maxmemory_policy").unwrap_or_default(),
            append_only: value("aof_enabled").is_some_and(|on| on == "1"),
        }
    }
}

/// Looks whether Redis is there, lets us in and is new enough, by a connection of its own.
///
/// # Errors
/// [`BrokerError`] that says where Redis was looked for and what happened there, within 5 s.
pub async fn examine(settings: &RedisSettings) -> Result<Facts, BrokerError> {
    let look = async {
        let mut connection = connect(settings).await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        // A server may forbid this to us; then it is taken as it is.
        let info: String =
            redis::cmd("INFO").query_async(&mut connection).await.unwrap_or_default();
        Ok::<_, redis::RedisError>(Facts::read(&info))
    };
    let facts = limited(settings, look).await?;
    if is_too_old(&facts.version) {
        return Err(BrokerError(format!(
            "Redis at {}: version {} is too old, 6.2 is needed",
            settings.place(),
            facts.version
        )));
    }
    Ok(facts)
}

async fn connect(settings: &RedisSettings) -> redis::RedisResult<MultiplexedConnection> {
    // The limit is ours alone, so that there is one message about it.
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    settings.client()?.get_multiplexed_async_connection_with_config(&config).await
}

/// Does `act` within the time limit, and says at which Redis it failed.
pub(crate) async fn limited<T, E: fmt::Display>(
    settings: &RedisSettings,
    act: impl Future<Output = Result<T, E>>,
) -> Result<T, BrokerError> {
    let what = match tokio::time::timeout(LIMIT, act).await {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    Err(BrokerError(format!("Redis at {}: {what}", settings.place())))
}

/// Before 6.2 the scripts of BullMQ do not run. A version that cannot be read is let through.
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => (major, minor) < (6, 2),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_are_read_from_what_the_server_says() {
        let info = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nmaxmemory_policy:allkeys-lru\r\n\
                    # Persistence\r\naof_enabled:1\r\n";

        let facts = Facts::read(info);

        assert_eq!((facts.version.as_str(), facts.eviction.as_str()), ("7.0.15", "allkeys-lru"));
        assert!(facts.append_only);
        assert_eq!(Facts::read(""), Facts::default());
    }

    #[test]
    fn an_old_server_is_refused_and_one_that_does_not_tell_is_not() {
        assert!(is_too_old("6.0.16"));
        assert!(is_too_old("5.0.7"));
        assert!(!is_too_old("6.2.0"));
        assert!(!is_too_old("8.0.1"));
        assert!(!is_too_old(""));
    }
}
