//! Pictures and videos: checked by their bytes, kept by their digest, read in pieces.
//!
//! Nothing that a client says of a medium is believed, neither its name nor its type: the first
//! bytes say how it is written ([`format_of`]), and a reader of that format says the rest
//! ([`check`]). What cannot be read to its end is refused here, in words for whoever sent it, and
//! not hours later by a network. Every reader works under limits that are set before it begins: a
//! picture of a few kilobytes can claim to have a billion pixels.
//!
//! What is kept has its SHA-256 as its name ([`MediaStore`]): it cannot be changed under a campaign
//! that a reviewer has seen, and the same picture is kept once. A video is never in memory as a
//! whole, neither on its way in nor on its way out.

mod animation;
mod check;
mod limits;
mod picture;
mod refusal;
#[cfg(feature = "samples")]
pub mod samples;
mod store;
mod video;

pub use check::{check, format_of};
pub use limits::Limits;
pub use refusal::Refusal;
pub use store::{Digest, KeepError, Kept, MediaStore, StoreError};
