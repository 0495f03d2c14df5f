//! Hedera through the official SDK, behind the ledger port.
//!
//! Limits: 6,144 bytes and 15 million gas a transaction; a transaction id is good for 180 s.
//! Pages: the mirror node's log, 100 entries, by consensus time and index.
//! Surprises (hiero-sdk 0.45, seen 2026-11): `to_bytes` writes a form that nodes refuse; the hash
//! that it reports after a re-submission is wrong; a lost answer ends in an error although the
//! transaction was applied; `Debug` of its private key prints the key. So the SDK builds and signs
//! here, and we send the signed bytes ourselves, name them ourselves, and never print a key.
//!
//! # Who is believed
//! A node's receipt is one node's word over an unauthenticated connection (the SDK's network has
//! no TLS on the nodes' ports): it can be forged on the way. What moves money in our books is
//! therefore what the mirror node says over TLS about exactly our bytes, told by their SHA-384.
//! The receipt is only the second witness: where the two contradict each other, nothing is decided
//! and a person is asked. Whoever controls the mirror node controls what we believe, so it is
//! asked over TLS (plain HTTP is for a loopback address only), and a deployment that does not
//! trust the public one names its own.

mod abi;
mod batch;
mod contract;
mod deploy;
mod events;
mod hedera;
mod key;
mod look_up;
mod mirror;
mod node;
mod precheck;
mod prepare;
mod read;
mod settings;
mod sign_in;
mod transaction_id;
mod wallet;

// The SDK's HTTP stack links OpenSSL. The feature `vendored`, set where we name the crate, builds
// it from source, so that nobody needs its headers or a matching library at run time.
use openssl as _;

pub use batch::max_batch;
pub use deploy::{Roles, deploy};
pub use hedera::Hedera;
pub use settings::{Known, Network, Settings, SetupError};
pub use wallet::{Wallet, WalletError};
