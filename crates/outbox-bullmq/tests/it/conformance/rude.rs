//! BullMQ as it is on a bad day.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hashbuzz_outbox::{
    Backlog, Broker, BrokerError, Clock as _, Delivery, Publication, SystemClock,
};
use hashbuzz_outbox_bullmq::BullMq;

use super::rig::Rig;

/// BullMQ with bad manners.
pub(super) struct Rude {
    broker: BullMq,
    manners: Manners,
}

#[derive(Default)]
pub(super) struct Manners {
    /// How long it takes to say that it has published.
    pub(super) publishes_in: Duration,
    /// How long it takes until it settles.
    pub(super) settles_after: Duration,
    /// It settles, and says that it could not.
    pub(super) denies_settling: bool,
    /// So often it refuses to publish.
    pub(super) refuses: AtomicUsize,
    /// So often it cannot say what it has.
    pub(super) miscounts: AtomicUsize,
}

/// Whether there is one left of `times`, and there is one less then.
fn once_more(times: &AtomicUsize) -> bool {
    let one_less = |left: usize| left.checked_sub(1);
    times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
}

impl Rude {
    pub(super) fn new(rig: &Rig, manners: Manners) -> Arc<Self> {
        let broker = BullMq::new(rig.redis.as_ref().expect("Redis").settings());
        Arc::new(Self { broker, manners })
    }
}

#[async_trait]
impl Broker for Rude {
    async fn publish(&self, publications: &[Publication]) -> Result<(), BrokerError> {
        if once_more(&self.manners.refuses) {
            return Err(BrokerError("not now".into()));
        }
        self.broker.publish(publications).await?;
        SystemClock.sleep(self.manners.publishes_in).await;
        Ok(())
    }

    async fn receive(&self, room: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.broker.receive(room).await
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        SystemClock.sleep(self.manners.settles_after).await;
        self.broker.settle(deliveries).await?;
        if self.manners.denies_settling {
            return Err(BrokerError("nothing is heard".into()));
        }
        Ok(())
    }

    async fn remembers(&self) -> Result<bool, BrokerError> {
        self.broker.remembers().await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, BrokerError> {
        if once_more(&self.manners.miscounts) {
            return Err(BrokerError("not now".into()));
        }
        self.broker.backlog().await
    }

    async fn close(&self) {
        self.broker.close().await;
    }
}
