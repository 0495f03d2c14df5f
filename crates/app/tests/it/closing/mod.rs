//! The end of a campaign: who is paid what, and what goes back.

mod life;
mod scaled;
