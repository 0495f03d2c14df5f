//! The commitment to an allocation: a Merkle tree whose root the escrow contract keeps.
//!
//! Leaf and tree are those of OpenZeppelin's `StandardMerkleTree` over `(uint256 chain, address
//! contract, bytes32 campaign, uint32 index, bytes32 profile, uint128 amount)` with its default
//! options, and its `MerkleProof.verify` accepts the proofs; so anybody can check a root with a
//! stock library. In words: leaves are hashed twice, so that no inner node can pass for one; they
//! are sorted by their hash and laid, last first, at the end of an array of 2n − 1 nodes in which
//! node i is the hash of nodes 2i + 1 and 2i + 2, smaller one first.
//!
//! Only lines that are paid are leaves. Profiles go in as salted digests: the chain is public, and
//! who took part in what need not be.

use sha3::{Digest as _, Keccak256};

use super::Allocation;
use crate::{CampaignId, EvmAddress, ProfileId};

/// A hash, or a node of the tree.
pub type Hash = [u8; 32];

/// What the empty allocation commits to.
pub const EMPTY_ROOT: Hash = [0; 32];

/// Where a tree's leaves are valid: they mean nothing on another chain, contract or campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The chain id.
    pub chain: u64,
    /// The escrow contract.
    pub contract: EvmAddress,
    /// The campaign.
    pub campaign: CampaignId,
}

impl Scope {
    /// The hash of one line. `profile` is its [`profile_digest`], `amount` is in units.
    pub fn leaf(&self, index: u32, profile: &Hash, amount: u64) -> Hash {
        let mut words = [[0; 32]; 6];
        words[0][24..].copy_from_slice(&self.chain.to_be_bytes());
        words[1][12..].copy_from_slice(&self.contract.0);
        words[2] = self.campaign.contract_key();
        words[3][28..].copy_from_slice(&index.to_be_bytes());
        words[4] = *profile;
        words[5][24..].copy_from_slice(&amount.to_be_bytes());
        keccak(&[&keccak(&[words.as_flattened()])])
    }

    /// The tree of `allocation`; a line's index is its position in it.
    pub fn tree(&self, allocation: &Allocation, salt: &[u8; 32]) -> Tree {
        let paid = allocation.lines.iter().filter_map(|line| Some((line.index?, line)));
        let leaves: Vec<_> = paid
            .map(|(index, line)| {
                self.leaf(index, &profile_digest(salt, &line.profile), line.amount)
            })
            .collect();
        Tree::new(&leaves)
    }
}

/// What stands for a profile on chain: keccak256(salt ‖ id).
pub fn profile_digest(salt: &[u8; 32], profile: &ProfileId) -> Hash {
    keccak(&[salt, profile.as_str().as_bytes()])
}

/// A tree of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The root first; empty when there are no leaves.
    nodes: Vec<Hash>,
    /// Where in `nodes` the leaf at each position is.
    places: Vec<usize>,
}

impl Tree {
    /// The tree of these leaves. Their order decides only by which position [`Tree::proof`] finds
    /// them; the root depends on the set.
    pub fn new(leaves: &[Hash]) -> Self {
        let mut order: Vec<usize> = (0..leaves.len()).collect();
        order.sort_by_key(|position| leaves[*position]);
        let size = (2 * leaves.len()).saturating_sub(1);
        let mut tree = Self { nodes: vec![EMPTY_ROOT; size], places: vec![0; leaves.len()] };
        for (rank, position) in order.into_iter().enumerate() {
            let place = size - 1 - rank;
            tree.nodes[place] = leaves[position];
            tree.places[position] = place;
        }
        for i in (0..size - leaves.len()).rev() {
            tree.nodes[i] = parent(&tree.nodes[2 * i + 1], &tree.nodes[2 * i + 2]);
        }
        tree
    }

    /// What the contract keeps; [`EMPTY_ROOT`] when there are no leaves.
    pub fn root(&self) -> Hash {
        self.nodes.first().copied().unwrap_or(EMPTY_ROOT)
    }

    /// The siblings on the way from the leaf at `position` to the root; none when there is no such
    /// leaf.
    pub fn proof(&self, position: usize) -> Option<Vec<Hash>> {
        let mut place = *self.places.get(position)?;
        let mut proof = Vec::new();
        while place > 0 {
            let sibling = if place % 2 == 1 { place + 1 } else { place - 1 };
            proof.push(self.nodes[sibling]);
            place = (place - 1) / 2;
        }
        Some(proof)
    }
}

/// Whether `proof` leads from `leaf` to `root`: what the contract computes.
pub fn verify(root: &Hash, leaf: Hash, proof: &[Hash]) -> bool {
    proof.iter().fold(leaf, |node, sibling| parent(&node, sibling)) == *root
}

fn parent(a: &Hash, b: &Hash) -> Hash {
    if a <= b { keccak(&[a, b]) } else { keccak(&[b, a]) }
}

fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
