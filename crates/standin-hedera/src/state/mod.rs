//! What the ledger knows: accounts (contracts are accounts with code), files, tokens, topics and
//! storage.
//!
//! A transaction never changes [`State`] directly. It writes into a [`Draft`], whose changes become
//! a [`Delta`]: applied to the node's state at once and to the mirror's state when the mirror's lag
//! has passed. There is one balance per account, shared by native transfers and by the EVM.

mod draft;
mod schedule;
mod token;
mod topic;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hiero_sdk_proto::services::{Key, KeyList};
use revm::bytecode::Bytecode;
use revm::primitives::{Address, U256};

use crate::entity::{COLLECTOR, FIRST_USER, LAST_SYSTEM, NODE, Stamp, TREASURY, long_zero_num};

pub(crate) use draft::{Draft, NftTransfer, Short, TokenTransfer};
pub(crate) use schedule::Schedule;
pub(crate) use token::{Airdrop, Holding, Keys, Nft, Token};
pub(crate) use topic::Topic;

/// Every tinybar there is: 50 billion HBAR.
pub(crate) const SUPPLY: i64 = 5_000_000_000_000_000_000;

/// An account or a contract.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) num: i64,
    /// Nobody can sign for an account without a key.
    pub(crate) key: Option<Key>,
    /// Tinybars, never negative.
    pub(crate) balance: i64,
    /// The only address at which the EVM finds this account: its alias if it has one, else its
    /// long-zero address.
    pub(crate) address: Address,
    pub(crate) memo: String,
    pub(crate) receiver_sig_required: bool,
    pub(crate) max_associations: i32,
    pub(crate) created: Stamp,
    /// Seconds.
    pub(crate) auto_renew: i64,
    pub(crate) expires: Stamp,
    pub(crate) auto_renew_account: Option<i64>,
    pub(crate) contract: Option<Contract>,
    pub(crate) deleted: bool,
    /// The public key (a serialised `Key`) by which the account was first named, if it was.
    pub(crate) alias_key: Option<Vec<u8>>,
    pub(crate) allowances: Allowances,
    pub(crate) stake: Stake,
}

/// What an account lets others spend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowances {
    /// Tinybars, by spender.
    pub(crate) hbar: BTreeMap<i64, i64>,
    /// Amounts, by token and spender.
    pub(crate) tokens: BTreeMap<(i64, i64), i64>,
    /// Tokens of which a spender may take every piece: (token, spender).
    pub(crate) all_pieces: BTreeSet<(i64, i64)>,
}

/// With whom an account stakes. There are no rewards here.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stake {
    pub(crate) account: Option<i64>,
    pub(crate) node: Option<i64>,
    pub(crate) declines_reward: bool,
}

/// What makes an account a contract.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contract {
    pub(crate) code: Bytecode,
    /// Counts the contracts that this one created.
    pub(crate) nonce: u64,
    pub(crate) init_code: Vec<u8>,
    pub(crate) file: Option<i64>,
}

/// A file: where bytecode waits that is too long for one transaction.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) keys: KeyList,
    pub(crate) contents: Vec<u8>,
    pub(crate) memo: String,
    pub(crate) expires: Stamp,
    pub(crate) deleted: bool,
}

/// What one transaction changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delta {
    accounts: BTreeMap<i64, Account>,
    files: BTreeMap<i64, File>,
    storage: HashMap<(Address, U256), U256>,
    tokens: BTreeMap<i64, Token>,
    /// By account and token; none when an account gave up its association.
    holdings: BTreeMap<(i64, i64), Option<Holding>>,
    /// By token and serial number; none when a piece was destroyed.
    nfts: BTreeMap<(i64, i64), Option<Nft>>,
    topics: BTreeMap<i64, Topic>,
    schedules: BTreeMap<i64, Schedule>,
    /// With their amounts; none when an airdrop was claimed or cancelled.
    airdrops: BTreeMap<Airdrop, Option<i64>>,
    next_num: Option<i64>,
}

/// The ledger at one moment.
#[derive(Clone, Debug)]
pub(crate) struct State {
    accounts: BTreeMap<i64, Account>,
    addresses: HashMap<Address, i64>,
    files: BTreeMap<i64, File>,
    storage: HashMap<(Address, U256), U256>,
    tokens: BTreeMap<i64, Token>,
    holdings: BTreeMap<(i64, i64), Holding>,
    nfts: BTreeMap<(i64, i64), Nft>,
    topics: BTreeMap<i64, Topic>,
    schedules: BTreeMap<i64, Schedule>,
    airdrops: BTreeMap<Airdrop, i64>,
    next_num: i64,
}

impl State {
    /// The ledger before the first transaction: the treasury owns everything. It has the published
    /// key of a local network; nobody has the key of another system account.
    pub(crate) fn genesis(at: Stamp) -> Self {
        let mut state = Self {
            accounts: BTreeMap::new(),
            addresses: HashMap::new(),
            files: BTreeMap::new(),
            storage: HashMap::new(),
            tokens: BTreeMap::new(),
            holdings: BTreeMap::new(),
            nfts: BTreeMap::new(),
            topics: BTreeMap::new(),
            schedules: BTreeMap::new(),
            airdrops: BTreeMap::new(),
            next_num: FIRST_USER,
        };
        for num in [TREASURY, NODE, COLLECTOR] {
            let balance = if num == TREASURY { SUPPLY } else { 0 };
            let key = (num == TREASURY).then(crate::keys::of_treasury);
            state.insert(Account { key, balance, ..Account::new(num, at) });
        }
        state
    }

    pub(crate) fn account(&self, num: i64) -> Option<&Account> {
        self.accounts.get(&num)
    }

    pub(crate) fn accounts(&self) -> impl DoubleEndedIterator<Item = &Account> {
        self.accounts.values()
    }

    /// The account that the EVM finds at this address.
    pub(crate) fn at(&self, address: &Address) -> Option<&Account> {
        self.addresses.get(address).and_then(|num| self.accounts.get(num))
    }

    /// The account that an API call means by this address: also a long-zero address of an account
    /// that has an alias, which inside the EVM is nobody.
    pub(crate) fn meant_by(&self, address: &Address) -> Option<&Account> {
        self.at(address).or_else(|| self.account(long_zero_num(address)?))
    }

    /// Takes over what a transaction changed.
    pub(crate) fn apply(&mut self, delta: &Delta) {
        for account in delta.accounts.values() {
            self.insert(account.clone());
        }
        for (num, file) in &delta.files {
            self.files.insert(*num, file.clone());
        }
        for (slot, value) in &delta.storage {
            if value.is_zero() {
                self.storage.remove(slot);
            } else {
                self.storage.insert(*slot, *value);
            }
        }
        self.tokens.extend(delta.tokens.iter().map(|(num, token)| (*num, token.clone())));
        let schedules = delta.schedules.iter();
        self.schedules.extend(schedules.map(|(num, schedule)| (*num, schedule.clone())));
        self.topics.extend(delta.topics.iter().map(|(num, topic)| (*num, topic.clone())));
        replace(&mut self.holdings, &delta.holdings);
        replace(&mut self.nfts, &delta.nfts);
        replace(&mut self.airdrops, &delta.airdrops);
        self.next_num = delta.next_num.unwrap_or(self.next_num);
    }

    pub(crate) fn token(&self, num: i64) -> Option<&Token> {
        self.tokens.get(&num)
    }

    pub(crate) fn tokens(&self) -> impl DoubleEndedIterator<Item = &Token> {
        self.tokens.values()
    }

    pub(crate) fn schedule(&self, num: i64) -> Option<&Schedule> {
        self.schedules.get(&num)
    }

    pub(crate) fn topic(&self, num: i64) -> Option<&Topic> {
        self.topics.get(&num)
    }

    pub(crate) fn holding(&self, account: i64, token: i64) -> Option<&Holding> {
        self.holdings.get(&(account, token))
    }

    /// The associations of an account, by token.
    pub(crate) fn holdings_of(
        &self,
        account: i64,
    ) -> impl DoubleEndedIterator<Item = (i64, &Holding)> {
        let range = self.holdings.range((account, 0)..=(account, i64::MAX));
        range.map(|((_, token), holding)| (*token, holding))
    }

    /// The accounts that are associated with a token.
    pub(crate) fn holders_of(&self, token: i64) -> impl Iterator<Item = (i64, &Holding)> {
        let all = self.holdings.iter().filter(move |((_, held), _)| *held == token);
        all.map(|((account, _), holding)| (*account, holding))
    }

    /// The sum of all balances, in tinybars. It is [`SUPPLY`], always.
    pub(crate) fn total(&self) -> i128 {
        self.accounts().map(|account| i128::from(account.balance)).sum()
    }

    fn insert(&mut self, account: Account) {
        self.addresses.insert(account.address, account.num);
        self.accounts.insert(account.num, account);
    }
}

impl Account {
    /// An account with nothing, at its long-zero address.
    pub(crate) fn new(num: i64, created: Stamp) -> Self {
        Self {
            num,
            key: None,
            balance: 0,
            address: crate::entity::long_zero(num),
            memo: String::new(),
            receiver_sig_required: false,
            max_associations: 0,
            created,
            auto_renew: 7_776_000,
            expires: created.plus_seconds(7_776_000),
            auto_renew_account: None,
            contract: None,
            deleted: false,
            alias_key: None,
            allowances: Allowances::default(),
            stake: Stake::default(),
        }
    }

    /// True when the account is known by another address than its number.
    pub(crate) fn has_alias(&self) -> bool {
        self.address != crate::entity::long_zero(self.num)
    }

    pub(crate) fn is_system(&self) -> bool {
        self.num <= LAST_SYSTEM
    }
}

/// Takes over what is new and what is gone.
fn replace<K: Ord + Copy, V: Clone>(table: &mut BTreeMap<K, V>, changes: &BTreeMap<K, Option<V>>) {
    for (key, change) in changes {
        match change {
            Some(value) => table.insert(*key, value.clone()),
            None => table.remove(key),
        };
    }
}
