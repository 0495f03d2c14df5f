//! The network as one piece: the node's state, the queue to consensus, receipts and the mirror.
//!
//! Everything is behind one lock, and nothing happens between two requests. What is due by the
//! clock (transactions waiting for consensus, receipts to forget, news for the mirror) is caught up
//! with before each request is looked at, so a test that moves the clock sees the network it would
//! have seen by waiting.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hiero_sdk_proto::services::{ResponseCodeEnum as Code, Transaction};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use crate::Config;
use crate::clock::{Clock, micros};
use crate::counters::Counters;
use crate::entity::{Stamp, TREASURY, TxId};
use crate::faults::{Fault, Faults, On, Trouble};
use crate::fees::Schedule;
use crate::founders;
use crate::journal::{Entry, Journal, PortalKey};
use crate::keys::Pair;
use crate::mirror::History;
use crate::node::{self, Kind, Parsed};
use crate::record::{Created, Extra, Handled};
use crate::state::{Account, Draft, Short, State};
use crate::throttles::Throttles;

/// Seconds for which a receipt is kept after consensus.
const RECEIPT_SECONDS: i64 = 180;
/// Seconds for which an id is remembered after its valid start; then it has expired anyway.
const ID_SECONDS: i64 = 180;

/// The network, shared by the node's and the mirror's servers.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    network: Arc<Mutex<Network>>,
}

/// How a transaction fares at consensus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Plain,
    /// A copy of it arrives through another node.
    Twice,
    /// There is no gas left for it.
    Exhausted,
}

/// What the journal keeps of a transaction.
fn entry(tx: &Parsed, at: Stamp, way: Way) -> Entry {
    Entry::Transaction {
        at: at.0,
        transaction: hex::encode(&tx.bytes),
        copy: way == Way::Twice,
        exhausted: way == Way::Exhausted,
    }
}

/// Everything there is behind the servers.
pub(crate) struct Network {
    pub(crate) state: State,
    pub(crate) fees: Schedule,
    pub(crate) mirror: History,
    pub(crate) counters: Counters,
    pub(crate) faults: Faults,
    random: StdRng,
    now: Stamp,
    last: Stamp,
    mirror_lag: i64,
    known: HashMap<TxId, Option<Arc<Handled>>>,
    /// Ids by the moment until which they are remembered.
    forget: BTreeMap<(Stamp, TxId), ()>,
    waiting: BTreeMap<(Stamp, TxId), (Parsed, Way)>,
    unseen: VecDeque<Arc<Handled>>,
    journal: Option<Journal>,
    throttles: Throttles,
    /// For how long (in microseconds) the mirror shall not show a transaction that it has seen.
    gaps: HashMap<TxId, i64>,
    /// What the mirror has seen and does not show, by the moment when it will.
    hidden: BTreeMap<(Stamp, Stamp), Arc<Handled>>,
}

impl Shared {
    pub(crate) fn new(config: &Config) -> Self {
        let clock = config.clock.clone();
        let now = Stamp::from_micros(clock.now_micros());
        let state = State::genesis(now);
        let network = Network {
            mirror: History::new(state.clone(), now),
            state,
            fees: Schedule::shipped(),
            counters: Counters::default(),
            faults: Faults::default(),
            random: StdRng::seed_from_u64(config.seed),
            now,
            last: now,
            mirror_lag: micros(config.mirror_lag),
            throttles: Throttles::new(config.throttles),
            gaps: HashMap::new(),
            hidden: BTreeMap::new(),
            known: HashMap::new(),
            forget: BTreeMap::new(),
            waiting: BTreeMap::new(),
            unseen: VecDeque::new(),
            journal: None,
        };
        Self { clock, network: Arc::new(Mutex::new(network)) }
    }

    /// Goes on from a file, and keeps in it what happens from now on. Returns the accounts that
    /// were there from the beginning.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(crate) fn go_on_from(&self, path: &Path, seed: u64) -> io::Result<Vec<Value>> {
        let (journal, entries) = Journal::open(path)?;
        let mut network = self.network.lock().expect("the network is whole");
        // The portal must not hand out the same keys again.
        let past = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        network.random = StdRng::seed_from_u64(seed.wrapping_add(past));
        // The ledger begins when it began, not when it is read.
        if let Some(first) = entries.first() {
            let first = Stamp(first.at() - 1);
            network.state = State::genesis(first);
            network.mirror = History::new(network.state.clone(), first);
            network.last = first;
        }
        let mut founders = Vec::new();
        for entry in entries {
            founders.extend(network.repeat(entry)?);
        }
        network.journal = Some(journal);
        Ok(founders)
    }

    /// Looks at the network as it is now.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut Network) -> R) -> R {
        // After a defect of ours no answer can be trusted, so there are no more answers.
        let mut network = self.network.lock().expect("the network is whole");
        network.catch_up(self.clock.now_micros());
        look(&mut network)
    }

    /// The fault for a request, if the script has one.
    pub(crate) fn strike(&self, on: On, what: &str) -> Option<Fault> {
        self.with(|network| network.faults.strike(on, what, &mut network.random))
    }
}

impl Network {
    pub(crate) fn now(&self) -> Stamp {
        self.now
    }

    /// Takes a transaction in, unless one of the checks refuses it.
    pub(crate) fn submit(&mut self, transaction: &Transaction, fault: Option<&Fault>) -> Code {
        self.counters.submitted();
        let code = match Parsed::read(transaction).and_then(|tx| self.check(&tx).map(|()| tx)) {
            Ok(tx) if !self.throttles.admit(tx.kind, self.now) => Code::Busy,
            Ok(tx) => {
                self.accept(tx, fault);
                Code::Ok
            }
            Err(code) => code,
        };
        self.counters.prechecked(code);
        code
    }

    /// The checks before consensus.
    ///
    /// # Errors
    /// The code with which the transaction is refused.
    pub(crate) fn check(&self, tx: &Parsed) -> Result<(), Code> {
        let known = self.known.contains_key(&tx.id);
        node::check(tx, &self.state, &self.fees, self.now, known)
    }

    /// Takes in a transaction that passed the checks.
    pub(crate) fn accept(&mut self, tx: Parsed, fault: Option<&Fault>) {
        let fault = fault.map(|fault| (fault.kind, fault.ms));
        let way = match fault {
            Some((Trouble::Duplicate, _)) => Way::Twice,
            Some((Trouble::GasExhausted, _)) => Way::Exhausted,
            _ => Way::Plain,
        };
        let delay = match fault {
            Some((Trouble::ConsensusDelayMs, ms)) => Duration::from_millis(ms),
            _ => Duration::ZERO,
        };
        if let Some((Trouble::MirrorGapMs, ms)) = fault {
            self.gaps.insert(tx.id, micros(Duration::from_millis(ms)));
        }
        self.known.insert(tx.id, None);
        self.forget.insert((tx.id.start.plus_seconds(ID_SECONDS), tx.id), ());
        let due = Stamp(self.now.0.saturating_add(Stamp::from_micros(micros(delay)).0));
        if due <= self.now {
            self.handle(&tx, due, way);
        } else {
            self.waiting.insert((due, tx.id), (tx, way));
        }
    }

    /// How far the mirror is behind from now on. What it has seen it does not forget.
    pub(crate) fn set_mirror_lag(&mut self, lag: Duration) {
        self.mirror_lag = micros(lag);
    }

    /// What is known of a transaction: not at all, accepted only, or handled.
    pub(crate) fn outcome(&self, id: &TxId) -> Option<Option<&Handled>> {
        self.known.get(id).map(|handled| handled.as_deref())
    }

    /// The transactions that an account paid for and that are still remembered, oldest first.
    pub(crate) fn recent_of(&self, payer: i64) -> impl Iterator<Item = &Handled> {
        let mut recent: Vec<&Handled> = self.known.values().flatten().map(AsRef::as_ref).collect();
        recent.retain(|handled| handled.id.payer == payer);
        recent.sort_by_key(|handled| handled.at);
        recent.into_iter()
    }

    /// Opens an account from the treasury, as the portal of a test network does.
    ///
    /// # Errors
    /// [`Short`] when the treasury has less than `balance`.
    pub(crate) fn open_account(
        &mut self,
        balance: i64,
        founder: bool,
        make: impl FnOnce(&mut StdRng) -> Pair,
    ) -> Result<(Account, Pair), Short> {
        let pair = make(&mut self.random);
        let at = self.next_stamp(self.now);
        let account = self.portal(balance, &pair, at)?;
        let private = pair.private_raw.clone();
        let key = PortalKey { ecdsa: pair.alias.is_some(), private };
        self.keep(&Entry::Account { at: at.0, balance, key, founder });
        Ok((account, pair))
    }

    fn portal(&mut self, balance: i64, pair: &Pair, at: Stamp) -> Result<Account, Short> {
        let mut draft = Draft::new(&self.state);
        let num = draft.next_num();
        let mut account = Account { key: Some(pair.public.clone()), ..Account::new(num, at) };
        account.address = pair.alias.unwrap_or(account.address);
        draft.put_account(account.clone());
        draft.pay(TREASURY, num, balance)?;
        account.balance = balance;
        let handled = Handled {
            at,
            id: TxId { payer: TREASURY, start: at, scheduled: false },
            kind: Kind::CryptoCreate,
            code: Code::Success,
            memo: "portal".to_owned(),
            fee: 0,
            max_fee: 0,
            duration: 120,
            hash: [0; 48],
            transfers: draft.transfers(),
            token_transfers: Vec::new(),
            nft_transfers: Vec::new(),
            associations: Vec::new(),
            extra: Extra::default(),
            entity: Some(num),
            created: Created::Account(num),
            run: None,
            delta: draft.finish(),
        };
        self.commit(handled);
        Ok(account)
    }

    /// Does again what the journal tells. Returns the account, when it was there from the
    /// beginning.
    ///
    /// # Errors
    /// When the journal is not one of this network's.
    fn repeat(&mut self, entry: Entry) -> io::Result<Option<Value>> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "it is no state of a network");
        match entry {
            Entry::Account { at, balance, key, founder } => {
                let pair = Pair::read(key.ecdsa, &key.private).ok_or_else(wrong)?;
                let at = self.next_stamp(Stamp(at));
                let account = self.portal(balance, &pair, at).map_err(|_| wrong())?;
                Ok(founder.then(|| founders::shown(&account, &pair)))
            }
            Entry::Transaction { at, transaction, copy, exhausted } => {
                let signed_transaction_bytes = hex::decode(transaction).map_err(|_| wrong())?;
                let transaction = Transaction { signed_transaction_bytes, ..Default::default() };
                let tx = Parsed::read(&transaction).map_err(|_| wrong())?;
                match (copy, exhausted) {
                    (true, _) => self.copy_at(&tx, Stamp(at)),
                    (false, true) => self.exhausted_at(&tx, Stamp(at)),
                    (false, false) => self.handle_at(&tx, Stamp(at)),
                }
                Ok(None)
            }
        }
    }

    /// Writes an entry into the journal, if there is one.
    ///
    /// # Panics
    /// When it cannot be written: a network that forgets is worse than none.
    fn keep(&mut self, entry: &Entry) {
        if let Some(journal) = &mut self.journal {
            journal.add(entry).expect("the state can be kept");
        }
    }

    /// Brings everything to the present.
    fn catch_up(&mut self, now_micros: i64) {
        self.now = Stamp::from_micros(now_micros).max(self.now);
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= self.now
        {
            let ((due, _), (tx, way)) = entry.remove_entry();
            self.handle(&tx, due, way);
        }
        while let Some(entry) = self.forget.first_entry()
            && entry.key().0 < self.now
        {
            let ((_, id), ()) = entry.remove_entry();
            self.known.remove(&id);
        }
        // Strictly before the present: whatever consensus does next is later than the watermark.
        let watermark = Stamp(self.now.0.saturating_sub(self.mirror_lag.saturating_mul(1_000)) - 1);
        while self.unseen.front().is_some_and(|handled| handled.at <= watermark) {
            let handled = self.unseen.pop_front().expect("the front was just seen");
            self.mirror.take(&handled);
            match self.gaps.remove(&handled.id) {
                None => self.mirror.show(handled),
                Some(gap) => {
                    let until = Stamp(self.now.0.saturating_add(gap.saturating_mul(1_000)));
                    self.hidden.insert((until, handled.at), handled);
                }
            }
        }
        while let Some(entry) = self.hidden.first_entry()
            && entry.key().0 <= self.now
        {
            self.mirror.show(entry.remove());
        }
        self.mirror.see_until(watermark);
    }

    fn handle(&mut self, tx: &Parsed, due: Stamp, way: Way) {
        match way {
            Way::Plain => self.handle_at(tx, due),
            Way::Twice => {
                self.handle_at(tx, due);
                self.copy_at(tx, due);
            }
            Way::Exhausted => self.exhausted_at(tx, due),
        }
    }

    fn handle_at(&mut self, tx: &Parsed, due: Stamp) {
        let (at, triggered) = self.carry_out(tx, due);
        let schedule = triggered.and_then(|num| self.state.schedule(num));
        if let Some(tx) = schedule.and_then(node::scheduled) {
            self.carry_out(&tx, at);
        }
        self.keep(&entry(tx, at, Way::Plain));
    }

    fn exhausted_at(&mut self, tx: &Parsed, due: Stamp) {
        let at = self.next_stamp(due);
        let handled = node::handle_exhausted(tx, &self.state, &self.fees, at);
        self.remember(tx, at, handled);
        self.keep(&entry(tx, at, Way::Exhausted));
    }

    /// Carries a transaction out. Returns when, and the schedule that is due because of it.
    fn carry_out(&mut self, tx: &Parsed, due: Stamp) -> (Stamp, Option<i64>) {
        let at = self.next_stamp(due);
        let handled = node::handle(tx, &self.state, &self.fees, at);
        let triggered = handled.extra.due;
        self.remember(tx, at, handled);
        (at, triggered)
    }

    /// What became of a transaction; its receipt is there for a while.
    fn remember(&mut self, tx: &Parsed, at: Stamp, handled: Handled) {
        let handled = self.commit(handled);
        self.known.insert(tx.id, Some(handled));
        self.forget.remove(&(tx.id.start.plus_seconds(ID_SECONDS), tx.id));
        self.forget.insert((at.plus_seconds(RECEIPT_SECONDS), tx.id), ());
    }

    fn copy_at(&mut self, tx: &Parsed, due: Stamp) {
        let at = self.next_stamp(due);
        self.commit(node::handle_copy(tx, &self.state, &self.fees, at));
        self.keep(&entry(tx, at, Way::Twice));
    }

    /// Consensus time never stands still.
    fn next_stamp(&mut self, due: Stamp) -> Stamp {
        self.last = due.max(Stamp(self.last.0 + 1));
        self.last
    }

    fn commit(&mut self, handled: Handled) -> Arc<Handled> {
        self.state.apply(&handled.delta);
        self.counters.handled(&handled);
        let handled = Arc::new(handled);
        self.unseen.push_back(Arc::clone(&handled));
        handled
    }
}
