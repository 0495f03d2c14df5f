//! What the engine survives: trouble is made while working processes work, and afterwards everything
//! is counted. Nobody helps: the processes that suffered have to recover by themselves.
//!
//! Every event counts itself in a table in the transaction that finishes it, and stands in another
//! since the transaction that enqueued it: what is doubled, lost or stuck is a matter of counting.

mod servers;
mod trouble;
mod world;

use anyhow::ensure;
use serde::Serialize;
use serde_json::json;

use crate::facts;
use crate::machine::Machine;
use crate::place::Server;
use crate::settings::{ChaosArgs, Store};
use servers::Servers;
use trouble::Trouble;
use world::{Recovery, World};

/// How long a lease holds; nothing may take longer to recover.
const LEASE_SECONDS: f64 = 60.0;

/// What became of the work in one scenario.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    scenario: &'static str,
    /// How often trouble was made.
    troubles: u64,
    /// How long it went on.
    trouble_seconds: u64,
    /// Enqueued in committed transactions.
    enqueued: i64,
    /// Transactions of the producer that failed in the trouble.
    refused: u64,
    /// From the end of the trouble on.
    recovery: Recovery,
    /// Effects applied more than once.
    doubled: i64,
    /// Enqueued, and neither applied nor waiting.
    lost: i64,
    /// Still waiting when everything should be over, or given up.
    stuck: i64,
    /// Why the scenario could not be played to its end.
    error: Option<String>,
    ok: bool,
}

impl Outcome {
    fn failed(trouble: Trouble, error: &anyhow::Error) -> Self {
        let (scenario, error) = (trouble.name(), Some(format!("{error:#}")));
        Self { scenario, error, ..Self::default() }
    }

    fn judged(self) -> Self {
        let clean = self.doubled + self.lost + self.stuck == 0;
        let played = self.error.is_none() && self.enqueued > 0 && self.troubles > 0;
        let soon = self.recovery.seconds.is_some_and(|seconds| seconds <= LEASE_SECONDS);
        Self { ok: clean && soon && played, ..self }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(error) = &self.error {
            return write!(f, "{}: NOT OK: {error}", self.scenario);
        }
        let verdict = if self.ok { "ok" } else { "NOT OK" };
        let recovery =
            self.recovery.seconds.map_or("never".to_owned(), |seconds| format!("{seconds} s"));
        write!(
            f,
            "{}: {verdict}; {} times in {} s; recovered after {recovery}; {} events ({} \
             transactions refused), doubled {}, lost {}, stuck {}",
            self.scenario,
            self.troubles,
            self.trouble_seconds,
            self.enqueued,
            self.refused,
            self.doubled,
            self.lost,
            self.stuck
        )
    }
}

/// Runs the chosen scenarios and says whether the engine survived all of them.
pub(crate) async fn run(args: &ChaosArgs) -> anyhow::Result<bool> {
    let with_redis = args.setup.redis.is_some();
    let chosen = |trouble: &Trouble| {
        (with_redis || !trouble.needs_redis())
            && (args.only.is_empty()
                || args.only.iter().any(|part| trouble.name().contains(part.as_str())))
    };
    let scenarios: Vec<Trouble> = Trouble::ALL.into_iter().filter(chosen).collect();
    ensure!(!scenarios.is_empty(), "no scenario has {} in its name", args.only.join(" or "));
    let server = Server {
        url: args.postgres.clone(),
        folder: args.folder.clone(),
        store: Store::Postgres,
        setup: args.setup.clone(),
    };
    let servers = Servers::of(args);
    let (machine, facts) = (Machine::look(&args.folder)?, facts::of(&args.postgres).await?);
    let say = |line: String| {
        if !args.json {
            println!("{line}");
        }
    };
    say(format!("{machine}"));
    say(facts::in_words(&facts));
    let mut outcomes = Vec::new();
    for trouble in scenarios {
        let outcome = scenario(&server, &servers, trouble, args.seconds).await;
        let outcome = outcome.unwrap_or_else(|error| Outcome::failed(trouble, &error));
        say(format!("{outcome}"));
        outcomes.push(outcome);
    }
    let sum = |of: fn(&Outcome) -> i64| outcomes.iter().map(of).sum::<i64>();
    let slowest = outcomes.iter().filter_map(|one| one.recovery.seconds).fold(0.0, f64::max);
    let ok = outcomes.iter().all(|outcome| outcome.ok);
    let all = json!({
        "bench": "chaos",
        "dispatch": if with_redis { "bullmq" } else { "embedded" },
        "machine": machine,
        "server": facts,
        "doubled": sum(|one| one.doubled),
        "lost": sum(|one| one.lost),
        "stuck": sum(|one| one.stuck),
        "slowest_recovery_seconds": slowest,
        "lease_seconds": LEASE_SECONDS,
        "ok": ok,
        "scenarios": outcomes,
    });
    println!("{all}");
    Ok(ok)
}

async fn scenario(
    server: &Server,
    servers: &Servers,
    trouble: Trouble,
    seconds: u64,
) -> anyhow::Result<Outcome> {
    let mut world = World::start(server).await?;
    world.works().await?;
    let troubles = trouble.make(&mut world, servers, seconds).await?;
    let recovery = world.recovers().await?;
    let refused = world.produces_no_more().await?;
    let counted = world.count().await?;
    world.end().await?;
    let outcome = Outcome {
        scenario: trouble.name(),
        troubles,
        trouble_seconds: seconds,
        enqueued: counted.enqueued,
        refused,
        recovery,
        doubled: counted.doubled,
        lost: counted.lost,
        stuck: counted.stuck,
        ..Outcome::default()
    };
    Ok(outcome.judged())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovered(seconds: f64) -> Recovery {
        Recovery { seconds: Some(seconds), ..Recovery::default() }
    }

    fn outcome() -> Outcome {
        Outcome {
            scenario: "a test",
            troubles: 1,
            trouble_seconds: 1,
            enqueued: 10,
            refused: 0,
            recovery: recovered(59.9),
            doubled: 0,
            lost: 0,
            stuck: 0,
            ..Outcome::default()
        }
    }

    #[test]
    fn a_clean_and_quick_recovery_is_ok() {
        assert!(outcome().judged().ok);
    }

    #[test]
    fn whatever_is_doubled_lost_stuck_or_late_is_not() {
        for bad in [
            Outcome { doubled: 1, ..outcome() },
            Outcome { lost: 1, ..outcome() },
            Outcome { stuck: 1, ..outcome() },
            Outcome { recovery: recovered(60.1), ..outcome() },
            Outcome { recovery: Recovery::default(), ..outcome() },
        ] {
            assert!(!bad.judged().ok);
        }
    }

    #[test]
    fn a_scenario_in_which_nothing_happened_proves_nothing() {
        assert!(!Outcome { enqueued: 0, ..outcome() }.judged().ok);
        assert!(!Outcome { troubles: 0, ..outcome() }.judged().ok);
    }
}
