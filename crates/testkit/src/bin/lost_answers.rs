//! Many lives under random faults: posts, a second post, deletions and an upload whose answers are lost,
//! servers that end, leases that are taken. `cargo xtask bench lost-answers`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use hashbuzz_testkit::{Lost, lost_answers};
use serde_json::json;

/// Which lives.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "hashbuzz-lost-answers")]
struct Args {
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

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let args = Args::parse();
    let next = Arc::new(AtomicU64::new(args.first));
    let mut tasks = Vec::new();
    for _ in 0..args.at_a_time {
        let next = Arc::clone(&next);
        tasks.push(tokio::spawn(async move {
            let mut lives = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= args.first + args.seeds {
                    return lives;
                }
                let lost = lost_answers(seed).await;
                for wrong in &lost.wrong {
                    println!("seed {seed}: {wrong}");
                }
                lives.push(lost);
            }
        }));
    }
    let mut lives: Vec<Lost> = Vec::new();
    for task in tasks {
        match task.await {
            Ok(some) => lives.extend(some),
            Err(error) => println!("a life did not end: {error}"),
        }
    }
    let sum = |of: fn(&Lost) -> usize| lives.iter().map(of).sum::<usize>();
    let wrong = lives.iter().filter(|life| !life.wrong.is_empty()).count();
    let summary = json!({
        "lives": lives.len(),
        "posts": sum(|life| life.posts),
        "deleted": sum(|life| life.deleted),
        "uploads": sum(|life| life.uploads),
        "requests_broken": lives.iter().map(|life| life.broken).sum::<u64>(),
        "servers_ended": sum(|life| life.restarts),
        "unknown_and_found_by_reading": sum(|life| life.found),
        "lives_with_something_wrong": wrong,
    });
    println!("{summary}");
    let all = u64::try_from(lives.len()).is_ok_and(|lived| lived == args.seeds);
    if all && wrong == 0 {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
