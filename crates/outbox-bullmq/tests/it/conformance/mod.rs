//! What the engine promises, however its events are dispatched: one set of behaviours, run on
//! dispatch embedded in both databases and on BullMQ.
//!
//! In real time, because Redis lives in it: waits are fractions of a second where the engine lets
//! them be.

mod behaviours;
mod outages;
mod relays;
mod rig;
mod rude;

/// Runs each `async fn name(rig: Rig)` once for each way to dispatch.
macro_rules! however_dispatched {
    ($($name:ident),+ $(,)?) => {
        mod embedded_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = hashbuzz_db::testing::TestDb::sqlite();
                super::$name(crate::conformance::rig::Rig::embedded(place).await).await;
            })+
        }
        mod embedded_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = hashbuzz_db::testing::TestDb::postgres().await;
                super::$name(crate::conformance::rig::Rig::embedded(place).await).await;
            })+
        }
        mod bullmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::conformance::rig::Rig::bullmq().await).await;
            })+
        }
    };
}
use however_dispatched;
