//! What the mirror has seen so far.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha384};

use crate::entity::{Stamp, TxId, parse_address, parse_num};
use crate::record::Handled;
use crate::state::{Account, State};

/// The mirror's copy of the ledger and its past.
pub(crate) struct History {
    pub(super) state: State,
    rows: BTreeMap<Stamp, Arc<Handled>>,
    by_id: HashMap<TxId, Vec<Stamp>>,
    watermark: Stamp,
    first_block: u64,
}

impl History {
    pub(crate) fn new(genesis: State, at: Stamp) -> Self {
        Self {
            state: genesis,
            rows: BTreeMap::new(),
            by_id: HashMap::new(),
            watermark: at,
            first_block: at.block(),
        }
    }

    /// Takes in what the next transaction changed.
    pub(crate) fn take(&mut self, handled: &Handled) {
        self.state.apply(&handled.delta);
    }

    /// Shows a transaction whose changes were taken in.
    pub(crate) fn show(&mut self, handled: Arc<Handled>) {
        self.by_id.entry(handled.id).or_default().push(handled.at);
        self.rows.insert(handled.at, handled);
    }

    /// Everything up to this moment has been taken in.
    pub(crate) fn see_until(&mut self, watermark: Stamp) {
        self.watermark = self.watermark.max(watermark);
    }

    /// The newest consensus time that the mirror knows everything about.
    pub(super) fn watermark(&self) -> Stamp {
        self.watermark
    }

    /// The transactions from one moment to another (both included), oldest first.
    pub(super) fn between(
        &self,
        from: Stamp,
        to: Stamp,
    ) -> impl DoubleEndedIterator<Item = &Handled> {
        let range = (from <= to).then(|| self.rows.range(from..=to));
        range.into_iter().flatten().map(|(_, handled)| handled.as_ref())
    }

    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Handled> {
        self.rows.values().map(AsRef::as_ref)
    }

    /// A transaction and its copies, oldest first.
    pub(super) fn by_id(&self, id: &TxId) -> impl Iterator<Item = &Handled> {
        let stamps = self.by_id.get(id).map(Vec::as_slice).unwrap_or_default();
        stamps.iter().filter_map(|at| self.rows.get(at)).map(AsRef::as_ref)
    }

    /// The first and the newest block, by number.
    pub(super) fn blocks(&self) -> std::ops::RangeInclusive<u64> {
        self.first_block..=self.watermark.block()
    }

    /// The transactions of a block, in order.
    pub(super) fn in_block(&self, number: u64) -> impl DoubleEndedIterator<Item = &Handled> {
        let span = Stamp::span_of_block(number);
        span.into_iter().flat_map(|(from, to)| self.between(from, to))
    }

    /// The place of a transaction in its block.
    pub(super) fn index_in_block(&self, handled: &Handled) -> usize {
        self.in_block(handled.at.block()).take_while(|other| other.at < handled.at).count()
    }

    /// The account that a path names: by number, by `0.0.number` or by address. `None` when the
    /// name is malformed, `Some(None)` when there is no such account.
    pub(super) fn account(&self, name: &str) -> Option<Option<&Account>> {
        let address = name.strip_prefix("0.0.").unwrap_or(name);
        if address.len() >= 40 {
            return parse_address(address).map(|address| self.state.meant_by(&address));
        }
        parse_num(name).map(|num| self.state.account(num))
    }
}

/// The hash of a block; it depends on nothing but its number.
pub(super) fn block_hash(number: u64) -> String {
    super::hex0x(Sha384::digest(number.to_be_bytes()))
}
