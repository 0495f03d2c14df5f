//! The off-chain half of a payout: packed entries, the Merkle tree, the signed binding.
//!
//! Written from the interface's description and not from the product's code, so that the two check
//! each other through the contract.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolValue, eip712_domain, sol};
use k256::ecdsa::SigningKey;

use crate::chain::CHAIN_ID;

/// Packs one entry of a batch: account, amount, index.
pub fn entry(account: Address, amount: u64, index: u32) -> B256 {
    let mut packed = [0; 32];
    packed[..20].copy_from_slice(account.as_slice());
    packed[20..28].copy_from_slice(&amount.to_be_bytes());
    packed[28..].copy_from_slice(&index.to_be_bytes());
    B256::from(packed)
}

/// A line of an allocation as it is committed.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Its index.
    pub index: u32,
    /// The salted digest of its profile.
    pub profile: B256,
    /// What it is owed.
    pub amount: u128,
}

/// The allocation of one campaign in one contract.
#[derive(Clone, Debug)]
pub struct Allocation {
    lines: Vec<Line>,
    /// Leaves first, the root alone at the end. A node without a neighbour moves up as it is.
    levels: Vec<Vec<B256>>,
}

impl Allocation {
    /// Hashes `lines`.
    pub fn new(escrow: Address, id: B256, lines: Vec<Line>) -> Self {
        let leaves = lines
            .iter()
            .map(|line| {
                let chain = U256::from(CHAIN_ID);
                let content = (chain, escrow, id, line.index, line.profile, line.amount);
                keccak256(keccak256(content.abi_encode()))
            })
            .collect();
        let mut levels: Vec<Vec<B256>> = vec![leaves];
        while let Some(last) = levels.last().filter(|level| level.len() > 1) {
            let next = last.chunks(2).map(parent).collect();
            levels.push(next);
        }
        Self { lines, levels }
    }

    /// The committed lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What the lines add up to.
    pub fn total(&self) -> u128 {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// The root; zero for no lines.
    pub fn root(&self) -> B256 {
        self.levels.last().and_then(|level| level.first()).copied().unwrap_or_default()
    }

    /// The proof of the line at `position`.
    pub fn proof(&self, position: usize) -> Vec<B256> {
        let mut proof = Vec::new();
        for (depth, level) in self.levels.iter().enumerate() {
            if let Some(sibling) = level.get((position >> depth) ^ 1) {
                proof.push(*sibling);
            }
        }
        proof
    }
}

fn parent(pair: &[B256]) -> B256 {
    match pair {
        [a, b] => keccak256([a.min(b).as_slice(), a.max(b).as_slice()].concat()),
        rest => rest[0],
    }
}

sol! {
    struct Binding {
        bytes32 id;
        uint32 index;
        address account;
    }
}

/// A key that signs bindings.
#[derive(Clone)]
pub struct Binder(SigningKey);

impl Binder {
    /// A key for a name.
    ///
    /// # Panics
    /// Never: a hash is a key but for one in 2^128.
    pub fn named(name: &str) -> Self {
        let seed = keccak256(name);
        Self(SigningKey::from_slice(seed.as_slice()).expect("a hash is a valid key"))
    }

    /// The key's address.
    pub fn address(&self) -> Address {
        let point = self.0.verifying_key().to_encoded_point(false);
        Address::from_raw_public_key(&point.as_bytes()[1..])
    }

    /// Signs that line `index` of campaign `id` is `account`'s.
    ///
    /// # Panics
    /// Never: signing a hash does not fail.
    pub fn bind(&self, escrow: Address, id: B256, index: u32, account: Address) -> Bytes {
        use alloy_sol_types::SolStruct;
        let domain = eip712_domain! {
            name: "HashbuzzEscrow",
            version: "1",
            chain_id: CHAIN_ID,
            verifying_contract: escrow,
        };
        let hash = Binding { id, index, account }.eip712_signing_hash(&domain);
        let (signature, recovery) =
            self.0.sign_prehash_recoverable(hash.as_slice()).expect("a hash can be signed");
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + recovery.to_byte());
        bytes.into()
    }
}
