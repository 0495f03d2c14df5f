//! Media: the pictures and videos that people hand to us, and their way to the network.
//!
//! Owns `media`, `media_use`, `media_upload`; the bytes are in the media store. Events in: none of
//! its own. A campaign names media in its draft ([`choose`], [`attach`]), and
//! `CAMPAIGN_PUBLISH_MEDIA` asks for one call after the other ([`next_call`]) until the network has
//! all of them; [`shown`] are then its ids of them, for the post.
//!
//! A medium never changes once it is here, and is deleted only while no campaign names it: what a
//! reviewer saw is what is posted. One that cannot be uploaded stops the publication; it is never
//! left out.

mod choose;
pub(crate) mod http;
mod medium;
mod store;
mod upload;
mod view;

pub(crate) use choose::choose;
pub(crate) use medium::Medium;
pub(crate) use store::attach;
pub(crate) use upload::{Progress, Work, next_call, shown, spoil};
pub(crate) use view::{MediumView, views};
