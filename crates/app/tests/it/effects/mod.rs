//! Answers that are lost, refused or late, workers that die: what was asked happens once.

mod breaks;
mod ledger;
mod life;
mod lost;
mod network_errors;
mod repeats;
mod restart;
mod social;
mod threads;
