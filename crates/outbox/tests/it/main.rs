//! What the outbox promises, on both databases.

mod claim;
mod effects;
mod endings;
mod engine;
mod enqueue;
mod leases;
mod world;
