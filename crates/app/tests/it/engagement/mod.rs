//! What counts as engagement.

mod withdrawn;
