//! Both halves behind the port.

use std::fmt;

use async_trait::async_trait;
use hashbuzz_outbox::{Backlog, Broker, BrokerError, Delivery, Publication};

use crate::consumer::Consumer;
use crate::publisher::Publisher;
use crate::settings::RedisSettings;

/// BullMQ on Redis as the engine's broker.
pub struct BullMq {
    settings: RedisSettings,
    publisher: Publisher,
    consumer: Consumer,
}

impl BullMq {
    /// A broker that connects when it is first used, so that a program starts although Redis is
    /// away. [`crate::examine`] looks at once.
    pub fn new(settings: RedisSettings) -> Self {
        let publisher = Publisher::new(settings.clone());
        let consumer = Consumer::new(settings.clone());
        Self { settings, publisher, consumer }
    }
}

impl fmt::Debug for BullMq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BullMq").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[async_trait]
impl Broker for BullMq {
    async fn publish(&self, publications: &[Publication]) -> Result<(), BrokerError> {
        self.publisher.publish(publications).await
    }

    async fn receive(&self, room: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.consumer.receive(room).await
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), BrokerError> {
        self.consumer.settle(deliveries).await
    }

    async fn remembers(&self) -> Result<bool, BrokerError> {
        self.publisher.remembers().await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, BrokerError> {
        self.publisher.backlog().await
    }

    async fn close(&self) {
        tokio::join!(self.consumer.close(), self.publisher.close());
    }
}
