//! The features of HashBuzz. It asks a social network and a ledger through their ports and names
//! neither of them.
//!
//! Three tables of contents list everything the system does: [`routes`] (what can be asked),
//! [`events`] (what happens, in order), [`timetable`] (what happens by the clock).

pub mod account;
pub mod audit;
pub mod budget;
pub mod campaign;
pub mod closing;
mod context;
mod effects;
pub mod engagement;
pub mod events;
pub mod http;
mod media;
mod migrations;
pub mod ops;
pub mod routes;
mod settings;
mod stored;
pub mod timetable;
pub mod treasury;
mod vault;

pub use context::{App, Parts};
pub use migrations::MIGRATIONS;
pub use settings::{Retention, Settings};
pub use vault::{Vault, VaultError};
