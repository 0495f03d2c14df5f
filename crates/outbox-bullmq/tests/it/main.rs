//! What BullMQ does for us, on Redis servers of the tests' own.

mod conformance;
mod connections;
mod jobs;
mod node;
mod outages;
mod proxy;
mod redis;
mod rig;
