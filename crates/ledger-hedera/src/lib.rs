//! Hedera through the official SDK, behind the ledger port.
