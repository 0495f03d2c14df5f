//! Linking profiles, and accesses that end.

mod renewal;
mod sign_in;
