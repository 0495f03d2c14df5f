//! The kinds of trouble, each made again and again until its time is over.

use std::time::{Duration, Instant};

use anyhow::ensure;
use hashbuzz_db::{Db, Sql as _, values};
use hashbuzz_outbox::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use super::servers::{Servers, Stop};
use super::world::World;

/// How long a restarted server is down.
const DOWN: Duration = Duration::from_secs(2);
/// What the processes get in between to pull themselves together: not enough.
const BETWEEN: Duration = Duration::from_secs(3);
/// Between two blows that take no time themselves.
const BLOWS: Duration = Duration::from_millis(500);
/// More connections than a server of default settings takes.
const MANY: usize = 120;

/// What is broken.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    PostgresStoppedFast,
    PostgresStoppedImmediately,
    ConnectionsKilled,
    ConnectionsTaken,
    WorkersKilled,
    SnapshotHeld,
    RedisFlushed,
    RedisRestarted,
    RedisAbsent,
}

impl Trouble {
    pub(super) const ALL: [Self; 9] = [
        Self::PostgresStoppedFast,
        Self::PostgresStoppedImmediately,
        Self::ConnectionsKilled,
        Self::ConnectionsTaken,
        Self::WorkersKilled,
        Self::SnapshotHeld,
        Self::RedisFlushed,
        Self::RedisRestarted,
        Self::RedisAbsent,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PostgresStoppedFast => "postgres-stopped-fast",
            Self::PostgresStoppedImmediately => "postgres-stopped-immediately",
            Self::ConnectionsKilled => "connections-killed",
            Self::ConnectionsTaken => "connections-taken",
            Self::WorkersKilled => "workers-killed",
            Self::SnapshotHeld => "snapshot-held",
            Self::RedisFlushed => "redis-flushed",
            Self::RedisRestarted => "redis-restarted",
            Self::RedisAbsent => "redis-absent",
        }
    }

    pub(super) const fn needs_redis(self) -> bool {
        matches!(self, Self::RedisFlushed | Self::RedisRestarted | Self::RedisAbsent)
    }

    /// Makes it for `seconds`; says how often.
    pub(super) async fn make(
        self,
        world: &mut World,
        servers: &Servers,
        seconds: u64,
    ) -> anyhow::Result<u64> {
        let (end, whole) = (Instant::now() + Duration::from_secs(seconds), seconds);
        let mut times = 0;
        if matches!(self, Self::ConnectionsTaken) {
            return take_connections(world, servers, end).await;
        }
        while times == 0 || Instant::now() < end {
            match self {
                Self::PostgresStoppedFast => servers.restart_postgres(Stop::Fast, DOWN).await?,
                Self::PostgresStoppedImmediately => {
                    servers.restart_postgres(Stop::Immediate, DOWN).await?;
                }
                Self::ConnectionsKilled => kill_connections(world, servers).await?,
                Self::WorkersKilled => world.kill_a_worker(times).await?,
                Self::SnapshotHeld => {
                    let snapshot = world.place.snapshot().await?;
                    SystemClock.sleep(Duration::from_secs(whole)).await;
                    snapshot.release().await?;
                }
                Self::RedisFlushed => servers.flush_redis().await?,
                Self::RedisRestarted => servers.restart_redis(DOWN).await?,
                Self::RedisAbsent => servers.restart_redis(Duration::from_secs(whole)).await?,
                Self::ConnectionsTaken => {}
            }
            times += 1;
            if Instant::now() < end {
                SystemClock.sleep(self.pause()).await;
            }
        }
        Ok(times)
    }

    const fn pause(self) -> Duration {
        match self {
            Self::ConnectionsKilled | Self::RedisFlushed => BLOWS,
            _ => BETWEEN,
        }
    }
}

/// Ends every connection to the database that the processes work on.
async fn kill_connections(world: &World, servers: &Servers) -> anyhow::Result<()> {
    let db = Db::open(&servers.postgres).await?;
    let killed = terminate(&db, world).await?;
    db.close().await?;
    ensure!(killed > 0, "there was no connection to kill");
    Ok(())
}

async fn terminate(db: &Db, world: &World) -> anyhow::Result<i64> {
    let sql = "SELECT COUNT(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
               WHERE datname = $1";
    Ok(db.number(sql, values![world.place.name()]).await?)
}

/// Takes every connection that the server has, again and again ends those that others have got
/// meanwhile and takes them too. Says how often nobody else had any.
async fn take_connections(world: &World, servers: &Servers, end: Instant) -> anyhow::Result<u64> {
    let own = Db::open(&servers.postgres).await?;
    let (mut taken, mut alone) = (Vec::new(), 0);
    while Instant::now() < end {
        terminate(&own, world).await?;
        taken.extend(take(servers, MANY - taken.len().min(MANY)).await);
        let others = "SELECT COUNT(*) AS n FROM pg_stat_activity WHERE datname = $1";
        alone += u64::from(own.number(others, values![world.place.name()]).await? == 0);
        SystemClock.sleep(BLOWS / 5).await;
    }
    ensure!(alone > 0, "with {} connections taken, others still had some", taken.len());
    for db in taken {
        db.close().await?;
    }
    own.close().await?;
    Ok(alone)
}

/// As many as there are, up to `most`.
async fn take(servers: &Servers, most: usize) -> Vec<Db> {
    let mut tasks = JoinSet::new();
    for _ in 0..most {
        let url = servers.postgres.clone();
        tasks.spawn(async move {
            let opened = tokio::time::timeout(Duration::from_secs(1), Db::open(&url)).await;
            opened.ok()?.ok()
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}
