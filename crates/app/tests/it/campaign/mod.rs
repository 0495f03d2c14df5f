//! From a draft to a campaign that runs, or is undone.

mod commands;
mod drafts;
mod foreign;
mod publish;
mod stalled;
