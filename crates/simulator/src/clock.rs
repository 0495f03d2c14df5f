//! A clock that runs fast, as the engine and the features want it, and a broker that keeps up.

use std::sync::Arc;

use async_trait::async_trait;
use hashbuzz_outbox::{Backlog, Broker, BrokerError, Clock, Delivery, Publication, SystemClock};

pub use hashbuzz_crash::FastClock;

/// [`FastClock`] on this machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Fast(pub FastClock);

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> i64 {
        self.0.at(SystemClock.now())
    }

    async fn sleep_until(&self, until: i64) {
        let wait = self.0.machine_time(until.saturating_sub(self.now()));
        let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        SystemClock.sleep_until(SystemClock.now().saturating_add(wait)).await;
    }
}

/// A broker that lives in the machine's time, told delays that are over when the fast clock says.
pub struct Hurried {
    /// The broker.
    pub broker: Arc<dyn Broker>,
    /// The clock by which delays were meant.
    pub clock: FastClock,
}

#[async_trait]
impl Broker for Hurried {
    async fn publish(&self, publications: &[Publication]) -> Result<(), BrokerError> {
        let hurried = publications.iter().map(|publication| {
            let micros = i64::try_from(publication.delay.as_micros()).unwrap_or(i64::MAX);
            Publication { delay: self.clock.machine_time(micros), ..publication.clone() }
        });
        self.broker.publish(&hurried.collect::<Vec<_>>()).await
    }

    async fn receive(&self, room: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.broker.receive(room).await
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        self.broker.settle(deliveries).await
    }

    async fn remembers(&self) -> Result<bool, BrokerError> {
        self.broker.remembers().await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, BrokerError> {
        self.broker.backlog().await
    }

    async fn close(&self) {
        self.broker.close().await;
    }
}
