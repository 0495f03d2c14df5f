//! A thousand campaigns, followed to their close within X's documented limits.
//!
//! Everything is the product's: its engine, its clients over sockets, its budget; X and Hedera are the
//! stand-ins, and the time is a number that moves when nothing is due. Printed are the plan, what was
//! asked, what it cost, and whether anybody was missed. `cargo xtask bench tracking`.

mod crowd;
mod report;

use std::time::Instant;

use clap::Parser;
use hashbuzz_app::Settings;
use hashbuzz_domain::Span;
use hashbuzz_testkit::{Campaigner, HBAR, Reading, World};
use serde_json::{Value, json};

use report::Report;

/// What is followed.
#[derive(Clone, Copy, Debug, Parser)]
#[command(name = "hashbuzz-tracking")]
struct Args {
    /// Campaigns that run at the same time.
    #[arg(long, default_value_t = 1_000)]
    campaigns: usize,
    /// People who take part in each.
    #[arg(long, default_value_t = 200)]
    participants: usize,
    /// People among whom they are: five times as many, unless it is said. X bills a profile once a
    /// day, so what lists of people cost depends on it.
    #[arg(long)]
    crowd: Option<usize>,
    /// Brands among which the campaigns are divided.
    #[arg(long, default_value_t = 20)]
    brands: usize,
    /// Hours that each runs.
    #[arg(long, default_value_t = 24)]
    hours: u32,
    /// Each post counted alone, each kind in a list of its own.
    #[arg(long)]
    apart: bool,
    /// Decides who does what when.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// One line of JSON and nothing else.
    #[arg(long)]
    json: bool,
}

impl Args {
    fn crowd(self) -> usize {
        self.crowd.unwrap_or(self.participants * 5).max(self.participants)
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let args = Args::parse();
    let began = Instant::now();
    let report = follow(args).await;
    if args.json {
        println!("{}", report.json());
    } else {
        report.print();
        println!("this run took {} s", began.elapsed().as_secs());
    }
    if report.is_well() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

async fn follow(args: Args) -> Report {
    let reading = Reading { as_app: true, together: !args.apart, turns: 4_000_000 };
    let settings = Settings { review: false, ..Settings::default() };
    let world = World::of(settings, reading).await;
    let brands = brands(&world, args).await;
    let people = world.crowd(args.crowd()).await;
    let mut ids = Vec::new();
    for number in 0..args.campaigns {
        let brand = &brands[number % brands.len()];
        ids.push(publish(&world, brand, number, args).await);
    }
    let told = told(&brands[0], &ids[0]).await;
    for id in &ids {
        world.work_until(id, "Running").await;
    }
    let running = world.x_counted().await;
    let mut acts = crowd::Acts::new(args.seed);
    for id in &ids {
        let posts = world.posts(id).await;
        acts.on(&world, &posts, &people, args.participants, args.hours);
    }
    world.acts(acts.all()).await;
    let ends = ends(&brands[(ids.len() - 1) % brands.len()], &ids[ids.len() - 1]).await;
    let end = world.now() + Span::from_secs(args.hours * 3_600).micros();
    world.work_for(Span::from_micros(ends.unwrap_or(end) - world.now())).await;
    for id in &ids {
        world.work_until(id, "Claimable").await;
    }
    let finished_after = world.now() - ends.unwrap_or(end);
    let seen = acts.compare(&world).await;
    let counted = world.x_counted().await;
    world.leave();
    Report { args, told, running, counted, seen, finished_after }
}

async fn brands(world: &World, args: Args) -> Vec<Campaigner> {
    let each = u64::try_from(args.campaigns.div_ceil(args.brands)).expect("a count");
    let mut brands = Vec::new();
    for _ in 0..args.brands {
        brands.push(world.campaigner(each * 2 * HBAR).await);
    }
    brands
}

async fn publish(world: &World, brand: &Campaigner, number: usize, args: Args) -> String {
    let draft = json!({
        "name": "Summer", "text": format!("Flavour number {number} is here"), "kind": "awareness",
        "budget": "1", "duration_seconds": args.hours * 3_600, "claim_window_seconds": 3_600,
        "rates": { "like": "0.001", "repost": "0.001", "quote": "0.001", "reply": "0.001" },
    });
    let id = world.draft(brand, &draft).await;
    for command in ["submit", "publish"] {
        let (status, body) = brand.api.command(&id, command).await;
        assert!([200, 202].contains(&status), "{body}");
    }
    id
}

/// What the owner of one campaign was told before they published it.
async fn told(brand: &Campaigner, id: &str) -> Value {
    brand.api.campaign(id).await["network"].clone()
}

/// When a campaign ends, in microseconds.
async fn ends(brand: &Campaigner, id: &str) -> Option<i64> {
    let view = brand.api.campaign(id).await;
    let at: jiff::Timestamp = view["closes_at"].as_str()?.parse().ok()?;
    Some(at.as_microsecond())
}
