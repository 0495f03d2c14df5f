//! What sponsors have, and what is promised of it.

mod balance;
