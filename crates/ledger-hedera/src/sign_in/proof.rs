//! What a wallet gave back, read and bounded before anything is verified.

use alloy_primitives::keccak256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbuzz_ledger::{SignInError, WalletProof};
use hiero_sdk_proto::services::signature_pair::Signature as Signed;
use hiero_sdk_proto::services::{SignatureMap, SignaturePair};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use prost::Message as _;

/// The most pairs that are looked at. A transaction of 6,144 bytes has room for about sixty.
const MOST_PAIRS: usize = 64;
/// The longest base64 that can hold them.
const LONGEST: usize = 16 << 10;

/// A signature over a text.
pub(super) enum Proof {
    /// By keys of the ledger.
    Pairs {
        /// The bytes that ED25519 keys signed.
        message: Vec<u8>,
        /// What ECDSA keys signed.
        digest: [u8; 32],
        pairs: Vec<Pair>,
    },
    /// By whoever has this key.
    Recovered(VerifyingKey),
}

/// One signature, and how the public key begins that made it.
pub(super) struct Pair {
    pub(super) prefix: Vec<u8>,
    pub(super) signature: Form,
}

pub(super) enum Form {
    Ed25519(ed25519_dalek::Signature),
    Ecdsa(Signature),
}

/// Reads a proof for `text`.
pub(super) fn read(text: &str, proof: &WalletProof) -> Result<Proof, SignInError> {
    if !text.is_ascii() {
        return Err(SignInError::Malformed("the text that was signed is not ASCII"));
    }
    match proof {
        WalletProof::SignatureMap(map) => pairs(text, map),
        WalletProof::Personal(signature) => recovered(text, signature),
    }
}

fn pairs(text: &str, map: &str) -> Result<Proof, SignInError> {
    const FORM: &str = "send the base64 text that hedera_signMessage gave back";
    if map.len() > LONGEST {
        return Err(SignInError::Malformed("it is longer than any that an account needs"));
    }
    let bytes = STANDARD.decode(map.trim()).map_err(|_| SignInError::Malformed(FORM))?;
    let map = SignatureMap::decode(bytes.as_slice()).map_err(|_| SignInError::Malformed(FORM))?;
    if map.sig_pair.is_empty() || map.sig_pair.len() > MOST_PAIRS {
        return Err(SignInError::Malformed("it has no signature in it, or more than 64"));
    }
    if is_ambiguous(&map.sig_pair) {
        return Err(SignInError::Malformed("it does not say which signature is whose"));
    }
    let message =
        [b"\x19Hedera Signed Message:\n", text.len().to_string().as_bytes(), text.as_bytes()]
            .concat();
    let digest = keccak256(&message).0;
    // A pair of another kind is nobody's signature here, and harms none of the others.
    let pairs = map.sig_pair.into_iter().filter_map(pair).collect();
    Ok(Proof::Pairs { message, digest, pairs })
}

/// Whether two pairs could be of the same key, which the network refuses as well. So no key is ever
/// held against more than one signature.
fn is_ambiguous(pairs: &[SignaturePair]) -> bool {
    let mut prefixes: Vec<&[u8]> =
        pairs.iter().map(|pair| pair.pub_key_prefix.as_slice()).collect();
    // What begins like another comes right after it, or after one that does.
    prefixes.sort_unstable();
    prefixes.windows(2).any(|two| two[1].starts_with(two[0]))
}

fn pair(SignaturePair { pub_key_prefix: prefix, signature }: SignaturePair) -> Option<Pair> {
    let signature = match signature? {
        Signed::Ed25519(bytes) => Form::Ed25519(ed25519_dalek::Signature::from_slice(&bytes).ok()?),
        Signed::EcdsaSecp256k1(bytes) => Form::Ecdsa(low(Signature::from_slice(&bytes).ok()?)?),
        _ => return None,
    };
    Some(Pair { prefix, signature })
}

fn recovered(text: &str, signature: &str) -> Result<Proof, SignInError> {
    const FORM: &str = "send the 65 bytes that personal_sign gave back, in hexadecimal";
    let malformed = SignInError::Malformed(FORM);
    let signature = signature.trim();
    let bytes = hex::decode(signature.strip_prefix("0x").unwrap_or(signature));
    let Some((signature, [v])) = bytes.as_ref().ok().and_then(|bytes| bytes.split_at_checked(64))
    else {
        return Err(malformed);
    };
    let recovery =
        RecoveryId::from_byte(v.checked_sub(27).unwrap_or(*v)).filter(|id| !id.is_x_reduced());
    let (Some(recovery), Some(signature)) =
        (recovery, Signature::from_slice(signature).ok().and_then(low))
    else {
        return Err(malformed);
    };
    let length = text.len().to_string();
    let message = [b"\x19Ethereum Signed Message:\n", length.as_bytes(), text.as_bytes()].concat();
    let digest = keccak256(&message).0;
    VerifyingKey::recover_from_prehash(&digest, &signature, recovery)
        .map(Proof::Recovered)
        .map_err(|_| malformed)
}

/// Of the two signatures that verify alike, the one that the EVM takes. <EIP-2>
fn low(signature: Signature) -> Option<Signature> {
    signature.normalize_s().is_none().then_some(signature)
}
