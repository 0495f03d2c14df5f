//! How many jobs a second go through Redis: published, received, settled.
//!
//! `cargo run --release -p hashbuzz-outbox-bullmq --example throughput -- redis://host:6379 [jobs]
//! [room]`. The server must be one of your own: jobs are left in it when this is stopped early. The
//! last line is a JSON object with the figures.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hashbuzz_outbox::{Broker, BrokerError, Publication, Queue};
use hashbuzz_outbox_bullmq::{BullMq, RedisSettings};

const CHUNK: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("which Redis? for example redis://127.0.0.1:6379")?;
    let jobs: usize = args.next().map_or(Ok(100_000), |jobs| jobs.parse())?;
    let room: usize = args.next().map_or(Ok(256), |room| room.parse())?;
    let settings = || {
        let settings = RedisSettings::new(url.clone().into())?;
        settings.prefix(&format!("throughput-{}", std::process::id()))
    };
    let (relay, worker) = (Arc::new(BullMq::new(settings()?)), BullMq::new(settings()?));
    let idle = idle(&relay, &worker).await?;

    let ahead = Arc::new(tokio::sync::Semaphore::new(20 * CHUNK));
    let publishing = tokio::spawn(publish(Arc::clone(&relay), jobs, Arc::clone(&ahead)));
    let began = Instant::now();
    let mut done = 0;
    while done < jobs {
        let deliveries = worker.receive(room).await?;
        worker.settle(&deliveries).await?;
        done += deliveries.len();
        ahead.add_permits(deliveries.len());
    }
    let took = began.elapsed();
    let published = publishing.await??;
    worker.close().await;
    relay.close().await;

    let rate = |took: Duration| jobs as u128 * 1_000 / took.as_millis().max(1);
    println!(
        "{{\"jobs\":{jobs},\"room\":{room},\"jobs_per_second\":{},\"published_per_second\":{},\
         \"idle_pickup_p50_us\":{},\"idle_pickup_max_us\":{}}}",
        rate(took),
        rate(published),
        idle[idle.len() / 2].as_micros(),
        idle[idle.len() - 1].as_micros()
    );
    Ok(())
}

async fn publish(
    relay: Arc<BullMq>,
    jobs: usize,
    ahead: Arc<tokio::sync::Semaphore>,
) -> Result<Duration, BrokerError> {
    let began = Instant::now();
    for first in (0..jobs).step_by(CHUNK) {
        let last = jobs.min(first + CHUNK);
        let room = u32::try_from(last - first).unwrap_or(u32::MAX);
        ahead.acquire_many(room).await.map_err(|e| BrokerError(e.to_string()))?.forget();
        let chunk: Vec<Publication> = (first..last).map(publication).collect();
        relay.publish(&chunk).await?;
    }
    Ok(began.elapsed())
}

/// How long single jobs take from the relay to the worker while nothing else happens, sorted.
async fn idle(relay: &BullMq, worker: &BullMq) -> Result<Vec<Duration>, BrokerError> {
    let mut took = Vec::new();
    // Connects, which is not what is measured.
    while worker.receive(1).await.is_err() {}
    for number in 0..200 {
        relay.publish(&[publication(1_000_000_000 + number)]).await?;
        let began = Instant::now();
        let deliveries = loop {
            let deliveries = worker.receive(16).await?;
            if !deliveries.is_empty() {
                break deliveries;
            }
        };
        took.push(began.elapsed());
        worker.settle(&deliveries).await?;
    }
    took.sort_unstable();
    Ok(took)
}

fn publication(number: usize) -> Publication {
    Publication {
        event: format!("018f3c1e-7b1a-7c3d-9e2f-{number:012}"),
        kind: "CAMPAIGN_COLLECT_ENGAGEMENT.v1".into(),
        queue: Queue::ALL[number % Queue::ALL.len()],
        attempt: 0,
        number: 1,
        delay: Duration::ZERO,
    }
}
