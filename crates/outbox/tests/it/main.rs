//! What the outbox promises, on both databases.

mod claim;
mod effects;
mod endings;
mod engine;
mod enqueue;
mod leases;
mod operator;
mod operator_acts;
mod operator_effects;
mod operator_engine;
mod operator_letters;
mod world;
