//! Ids that embed their creation time, as X's do.
//!
//! Milliseconds since 2010-11-04T01:42:54.657Z in the high bits, 22 bits below: ten of a machine,
//! twelve of a sequence. A clock that stands still may overflow the sequence into the machine's
//! bits; ids stay unique and in the order of creation.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

const EPOCH_MILLIS: i64 = 1_288_834_974_657;
const LOW_BITS: u32 = 22;
const SEQUENCE_BITS: u32 = 12;

/// Hands out ids.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snowflakes {
    machine: u64,
    next: HashMap<u64, u64>,
}

impl Snowflakes {
    pub(crate) fn new(machine: u64) -> Self {
        Self { machine: machine % (1 << 9), next: HashMap::new() }
    }

    /// An id for something created at `micros` since the epoch.
    pub(crate) fn id(&mut self, micros: i64) -> u64 {
        let first = floor(micros);
        let low = self.next.entry(first).or_insert(self.machine << SEQUENCE_BITS);
        let id = first | *low;
        *low += 1;
        id
    }
}

/// The lowest id of anything created at `micros` since the epoch.
pub(crate) fn floor(micros: i64) -> u64 {
    (micros.div_euclid(1000) - EPOCH_MILLIS).max(0).unsigned_abs() << LOW_BITS
}

/// When the thing with this id was created, in microseconds since the epoch.
pub(crate) fn created_at(id: u64) -> i64 {
    let millis = i64::try_from(id >> LOW_BITS).unwrap_or(i64::MAX / 2000);
    (millis + EPOCH_MILLIS) * 1000
}
