//! Many lives under random faults: posts, a second post, deletions and an upload whose answers are lost,
//! or money whose transactions are; servers that end, leases that are taken.
//! `cargo xtask bench lost-answers`, `cargo xtask bench lost-answers -- --of money`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::{Parser, ValueEnum};
use hashbuzz_testkit::{Lost, LostMoney, lost_answers, lost_money};
use serde_json::{Value, json};

/// Which lives.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "hashbuzz-lost-answers")]
struct Args {
    /// What is lost.
    #[arg(long, value_enum, default_value_t = Of::Posts)]
    of: Of,
    /// How many.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Lives at a time.
    #[arg(long, default_value_t = 2)]
    at_a_time: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Of {
    /// What X answers.
    Posts,
    /// What Hedera answers.
    Money,
}

/// A life of either kind.
trait Life: Send + 'static {
    fn live(seed: u64) -> impl Future<Output = Self> + Send;
    fn wrong(&self) -> &[String];
    fn sum(lives: &[Self]) -> Value
    where
        Self: Sized;
}

impl Life for Lost {
    async fn live(seed: u64) -> Self {
        lost_answers(seed).await
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }

    fn sum(lives: &[Self]) -> Value {
        let sum = |of: fn(&Self) -> usize| lives.iter().map(of).sum::<usize>();
        json!({
            "posts": sum(|life| life.posts),
            "deleted": sum(|life| life.deleted),
            "uploads": sum(|life| life.uploads),
            "requests_broken": lives.iter().map(|life| life.broken).sum::<u64>(),
            "servers_ended": sum(|life| life.restarts),
            "unknown_and_found_by_reading": sum(|life| life.found),
        })
    }
}

impl Life for LostMoney {
    async fn live(seed: u64) -> Self {
        lost_money(seed).await
    }

    fn wrong(&self) -> &[String] {
        &self.wrong
    }

    fn sum(lives: &[Self]) -> Value {
        let sum = |of: fn(&Self) -> usize| lives.iter().map(of).sum::<usize>();
        json!({
            "contract_calls": sum(|life| life.calls),
            "people_paid": sum(|life| life.paid),
            "entries_of_the_log": sum(|life| life.entries),
            "faults": lives.iter().map(|life| life.broken).sum::<u64>(),
            "servers_ended": sum(|life| life.restarts),
            "unknown_and_found_by_looking_up": sum(|life| life.found),
        })
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let args = Args::parse();
    let well = match args.of {
        Of::Posts => lives::<Lost>(args).await,
        Of::Money => lives::<LostMoney>(args).await,
    };
    if well { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// Lives them all, and says what came of it. True when nothing is wrong.
async fn lives<L: Life>(args: Args) -> bool {
    let next = Arc::new(AtomicU64::new(args.first));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.at_a_time {
        let next = Arc::clone(&next);
        let some = async move {
            let mut lives = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= args.first + args.seeds {
                    return lives;
                }
                let life = L::live(seed).await;
                for wrong in life.wrong() {
                    println!("seed {seed}: {wrong}");
                }
                lives.push(life);
            }
        };
        tasks.spawn(some);
    }
    let mut lives: Vec<L> = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(some) => lives.extend(some),
            Err(error) => println!("a life did not end: {error}"),
        }
    }
    let wrong = lives.iter().filter(|life| !life.wrong().is_empty()).count();
    let mut summary = L::sum(&lives);
    summary["lives"] = json!(lives.len());
    summary["lives_with_something_wrong"] = json!(wrong);
    println!("{summary}");
    wrong == 0 && u64::try_from(lives.len()).is_ok_and(|lived| lived == args.seeds)
}
