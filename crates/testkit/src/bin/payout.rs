//! Ten thousand people are paid by one campaign, over sockets, against the Hedera stand-in.
//!
//! Printed are the transactions that it took, what they cost by the fee schedule, how long it took by
//! the network's clock and on this machine, and whether everybody has what they earned and the books
//! are equal. `cargo xtask bench payout`.

use std::time::Instant;

use clap::Parser;
use hashbuzz_app::Settings;
use hashbuzz_ledger::Prices;
use hashbuzz_testkit::{Campaigner, HBAR, Participant, Reading, World};
use serde_json::{Value, json};

/// What is paid.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "hashbuzz-payout")]
struct Args {
    /// How many people.
    #[arg(long, default_value_t = 10_000)]
    recipients: usize,
    /// One line of JSON and nothing else.
    #[arg(long)]
    json: bool,
}

/// What each of them earns, in tinybars: 0.05 HBAR.
const EARNED: u64 = 5_000_000;
const PAY: &str = "payBatch(bytes32,uint32,bytes32[])";

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let args = Args::parse();
    let report = pay(args).await;
    if args.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    let well = report["wrong"].as_array().is_some_and(Vec::is_empty);
    if well { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

async fn pay(args: Args) -> Value {
    let reading = Reading { as_app: true, together: true, turns: 4_000_000 };
    let settings = Settings { review: false, ..Settings::default() };
    let world = World::of(settings, reading).await;
    let people = world.participants(args.recipients).await;
    let count = u64::try_from(args.recipients).unwrap_or(u64::MAX);
    let budget = EARNED * count;
    let brand = world.campaigner(2 * budget).await;
    let id = publish(&world, &brand, budget).await;
    world.work_until(&id, "Running").await;
    engage(&world, &people, &world.posts(&id).await[0]).await;
    world.work_until(&id, "Settling").await;
    let (began, wall) = (world.now(), Instant::now());
    let fees_before = operator_balance(&world).await;
    world.work_until(&id, "Claimable").await;
    let (by_the_clock, here) = (world.now() - began, wall.elapsed());
    let fees = fees_before - operator_balance(&world).await;
    let mut wrong = Vec::new();
    for person in &people {
        let has = world.received(person).await;
        if has != EARNED {
            wrong.push(format!("{} has {has}", person.handle()));
        }
    }
    world.end_of_money(&mut wrong).await;
    let transactions = world.counted().await.succeeded(PAY);
    let prices = world.app().ledger.prices().await.expect("the ledger has prices");
    world.leave();
    wrong.truncate(20);
    json!({
        "recipients": args.recipients,
        "transactions": transactions,
        "fees_tinybar": fees,
        "fees_usd": dollars(&prices, fees),
        "usd_per_1000_recipients": dollars(&prices, fees * 1_000 / count.max(1)),
        "seconds_by_the_network_s_clock": by_the_clock / 1_000_000,
        "seconds_here": here.as_secs_f32(),
        "wrong": wrong,
    })
}

async fn publish(world: &World, brand: &Campaigner, budget: u64) -> String {
    let hbar = |units: u64| format!("{}.{:08}", units / HBAR, units % HBAR);
    let draft = json!({
        "name": "Many", "text": "A new flavour is here", "kind": "awareness",
        "budget": hbar(budget), "rates": { "reply": hbar(EARNED) },
        "duration_seconds": 3_600, "claim_window_seconds": 3_600,
    });
    let id = world.draft(brand, &draft).await;
    for command in ["submit", "publish"] {
        let (status, body) = brand.api.command(&id, command).await;
        assert!([200, 202].contains(&status), "{body}");
    }
    id
}

/// Everybody replies within the first half of the hour.
async fn engage(world: &World, people: &[Participant], post: &str) {
    let step = 1_800 * 1_000_000 / i64::try_from(people.len().max(1)).unwrap_or(1);
    let mut at = world.now();
    let mut acts = Vec::with_capacity(people.len());
    for (n, person) in people.iter().enumerate() {
        at += step;
        let text = format!("Here is what number {n} thinks of it");
        acts.push(json!({
            "at": at, "user": person.profile, "kind": "reply", "post": post, "text": text,
        }));
    }
    world.acts(&acts).await;
}

async fn operator_balance(world: &World) -> u64 {
    world.app().ledger.operator_balance().await.expect("the ledger knows the operator")
}

fn dollars(prices: &Prices, tinybar: u64) -> String {
    let micros = prices.usd_micros(tinybar).expect("a HBAR is worth something");
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
