//! Whether an account signed a text: the whole key is asked for, as the network would.
//!
//! A wallet of Hedera signs `\x19Hedera Signed Message:\n`, the text's length and the text, and gives
//! back pairs of a key's beginning and a signature. <HIP-820> Each simple key of the account (alone,
//! in a list, in a threshold, nested) has signed when a pair that may be its own verifies; nothing
//! that came with the signature is believed about whose it is. A wallet of the EVM signs by EIP-191;
//! the account's present key has to be the one that is recovered, so that an address whose key was
//! changed signs nobody in.

mod keys;
mod proof;

use hashbuzz_domain::AccountId;
use hashbuzz_ledger::{Chain, SignInError, WalletProof};

use crate::hedera::Hedera;
use crate::mirror::AccountAnswer;
use keys::Tree;

/// By its CAIP-2 name. <namespaces.chainagnostic.org, hedera, 2026-08>
pub(crate) const fn chain(id: u64) -> Chain {
    let name = match id {
        295 => "hedera:mainnet",
        296 => "hedera:testnet",
        297 => "hedera:previewnet",
        _ => "hedera:devnet",
    };
    Chain { id, name, ledger: "Hedera" }
}

impl Hedera {
    pub(crate) async fn verify_signed_in(
        &self,
        account: AccountId,
        text: &str,
        proof: &WalletProof,
    ) -> Result<(), SignInError> {
        let proof = proof::read(text, proof)?;
        let no = |problem| SignInError::NoSigner { account, problem };
        let known = self.mirror.account(account).await?.ok_or(no("there is no such account"))?;
        let tree = key_of(&known).map_err(no)?;
        if tree.signed(&proof) { Ok(()) } else { Err(SignInError::NotSigned(account)) }
    }
}

/// The account's key, where somebody could sign with it.
fn key_of(account: &AccountAnswer) -> Result<Tree, &'static str> {
    if account.deleted.unwrap_or(false) {
        return Err("it was deleted");
    }
    let Some(key) = &account.key else {
        return Err("it has no key yet: make any transaction with it first");
    };
    Tree::read(&key.kind, &key.key).ok_or("its key is none that a wallet signs with")
}

#[cfg(test)]
mod tests;
