//! Publications, and waiting for them.

use std::time::Duration;

use hashbuzz_outbox::{Broker, Delivery, Publication, Queue};
use hashbuzz_outbox_bullmq::BullMq;

/// How long anything may take that should come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn publication(event: &str) -> Publication {
    Publication {
        event: event.into(),
        kind: "CAMPAIGN_CLOSED.v1".into(),
        queue: Queue::Social,
        attempt: 0,
        number: 1,
        delay: Duration::ZERO,
    }
}

/// Receives until there are `count`, riding out errors as the engine does.
pub(crate) async fn receive(broker: &BullMq, count: usize) -> Vec<Delivery> {
    let mut found = Vec::new();
    let waiting = async {
        while found.len() < count {
            found.extend(broker.receive(count - found.len()).await.unwrap_or_default());
        }
    };
    if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
        panic!("only {} of {count} came: {found:?}", found.len());
    }
    found
}

/// Publishes until it is taken, riding out errors as the engine does.
pub(crate) async fn publish(broker: &BullMq, publications: &[Publication]) {
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let trying = async {
        loop {
            pace.tick().await;
            match broker.publish(publications).await {
                Ok(()) => return,
                Err(error) => eprintln!("{error}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, trying).await.expect("published");
}

/// The events that deliveries name, in order.
pub(crate) fn events(deliveries: &[Delivery]) -> Vec<&str> {
    let mut events: Vec<_> = deliveries.iter().filter_map(|d| d.event.as_deref()).collect();
    events.sort_unstable();
    events
}

/// Whether something becomes true soon.
pub(crate) async fn soon(mut is_so: impl AsyncFnMut() -> bool) {
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    let waiting = async {
        while !is_so().await {
            pace.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it becomes so");
}
