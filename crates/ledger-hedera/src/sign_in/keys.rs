//! An account's key: one, all of a list, or some of a list, to any depth that the network takes.

use hiero_sdk_proto::services::Key;
use hiero_sdk_proto::services::key::Key as Kind;
use k256::ecdsa::VerifyingKey;
use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use prost::Message as _;

use super::proof::{Form, Pair, Proof};

/// Lists within lists. <hiero consensus node, 15 levels, 2026-08>
const DEEPEST: usize = 15;
/// Simple keys in one key. A transaction that sets a key has 6,144 bytes, so there are none with more.
const MOST: usize = 200;

/// A key, with everything in it readable.
#[derive(Debug)]
pub(super) enum Tree {
    Ed25519(ed25519_dalek::VerifyingKey),
    Ecdsa(VerifyingKey),
    /// So many of these.
    Some(usize, Vec<Tree>),
    /// A contract, or a kind that wallets do not sign with: it counts as not signed.
    Nobody,
}

impl Tree {
    /// From what the mirror node says. `None` when nobody could sign with any of it.
    pub(super) fn read(kind: &str, key: &str) -> Option<Self> {
        let bytes = hex::decode(key.strip_prefix("0x").unwrap_or(key)).ok()?;
        let key = match kind {
            "ED25519" => Kind::Ed25519(bytes),
            "ECDSA_SECP256K1" => Kind::EcdsaSecp256k1(bytes),
            "ProtobufEncoded" => Key::decode(bytes.as_slice()).ok()?.key?,
            _ => return None,
        };
        let mut room = MOST;
        let tree = Self::of(&Key { key: Some(key) }, DEEPEST, &mut room)?;
        tree.is_possible().then_some(tree)
    }

    /// `None` when it is deeper or larger than any that the network takes.
    fn of(key: &Key, depth: usize, room: &mut usize) -> Option<Self> {
        *room = room.checked_sub(1)?;
        let list = |keys: &[Key], room: &mut usize| {
            let depth = depth.checked_sub(1)?;
            keys.iter().map(|key| Self::of(key, depth, room)).collect::<Option<Vec<Self>>>()
        };
        Some(match &key.key {
            Some(Kind::Ed25519(bytes)) => <&[u8; 32]>::try_from(bytes.as_slice())
                .ok()
                .and_then(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).ok())
                .map_or(Self::Nobody, Self::Ed25519),
            Some(Kind::EcdsaSecp256k1(bytes)) => {
                VerifyingKey::from_sec1_bytes(bytes).map_or(Self::Nobody, Self::Ecdsa)
            }
            Some(Kind::KeyList(keys)) => {
                let keys = list(&keys.keys, room)?;
                Self::Some(keys.len(), keys)
            }
            Some(Kind::ThresholdKey(threshold)) => {
                let keys = threshold.keys.as_ref().map(|list| list.keys.as_slice());
                let keys = list(keys.unwrap_or_default(), room)?;
                Self::Some(usize::try_from(threshold.threshold).ok()?, keys)
            }
            _ => Self::Nobody,
        })
    }

    /// Whether enough keys are such that somebody could sign.
    fn is_possible(&self) -> bool {
        match self {
            Self::Ed25519(_) | Self::Ecdsa(_) => true,
            Self::Some(needed, keys) => enough(*needed, keys, |key| key.is_possible()),
            Self::Nobody => false,
        }
    }

    /// Whether it signed.
    pub(super) fn signed(&self, proof: &Proof) -> bool {
        match (self, proof) {
            (Self::Ecdsa(key), Proof::Recovered(signer)) => key == signer,
            (Self::Ed25519(_) | Self::Some(..) | Self::Nobody, Proof::Recovered(_)) => false,
            (Self::Ed25519(key), Proof::Pairs { message, pairs, .. }) => own(pairs, key.as_bytes())
                .any(|form| match form {
                    Form::Ed25519(signature) => key.verify_strict(message, signature).is_ok(),
                    Form::Ecdsa(_) => false,
                }),
            (Self::Ecdsa(key), Proof::Pairs { digest, pairs, .. }) => {
                let public = key.to_encoded_point(true);
                own(pairs, public.as_bytes()).any(|form| match form {
                    Form::Ecdsa(signature) => key.verify_prehash(digest, signature).is_ok(),
                    Form::Ed25519(_) => false,
                })
            }
            (Self::Some(needed, keys), _) => enough(*needed, keys, |key| key.signed(proof)),
            (Self::Nobody, _) => false,
        }
    }
}

/// Signatures that may be of this key.
fn own<'a>(pairs: &'a [Pair], public: &[u8]) -> impl Iterator<Item = &'a Form> {
    pairs.iter().filter(|pair| public.starts_with(&pair.prefix)).map(|pair| &pair.signature)
}

/// Of nobody, nobody signs: an empty list is no key.
fn enough(needed: usize, keys: &[Tree], holds: impl FnMut(&&Tree) -> bool) -> bool {
    needed > 0 && keys.iter().filter(holds).take(needed).count() == needed
}
