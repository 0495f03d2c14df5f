//! Signatures and keys.
//!
//! A transaction carries a list of (public key prefix, signature). A key asked for is satisfied
//! when a pair's prefix fits it and the signature over the body bytes verifies: ED25519 over the
//! bytes, ECDSA (secp256k1) over their keccak-256. Lists need all members, thresholds some.

use ed25519_dalek::Verifier;
use hiero_sdk_proto::services::{
    Key, SignatureMap, SignaturePair, key::Key as Kind, signature_pair::Signature,
};
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use prost::Message;
use rand::RngCore;
use revm::primitives::{Address, keccak256};

const ED25519_PRIVATE: &str = "302e020100300506032b657004220420";
const ED25519_PUBLIC: &str = "302a300506032b6570032100";
const ECDSA_PRIVATE: &str = "3030020100300706052b8104000a04220420";
const ECDSA_PUBLIC: &str = "302d300706052b8104000a032200";
/// The public key of the treasury on every local network. The private key is published, so whoever
/// wants to may act for the treasury.
const TREASURY_PUBLIC: &str = "0aa8e21064c61eab86e2a9c164565b4e7a9a4146106e0a6cd03a8c395a110e92";
/// Nested key lists deeper than this are refused, as the network does.
const MAX_DEPTH: usize = 15;

/// The signatures of one transaction, with what they sign.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signatures {
    body: Vec<u8>,
    digest: [u8; 32],
    pairs: Vec<SignaturePair>,
    /// Keys that have signed before, elsewhere.
    granted: Vec<Key>,
}

impl Signatures {
    pub(crate) fn new(body: Vec<u8>, map: SignatureMap) -> Self {
        let digest = keccak256(&body).0;
        Self { body, digest, pairs: map.sig_pair, granted: Vec::new() }
    }

    /// Signatures that were given before.
    pub(crate) fn granted(granted: Vec<Key>) -> Self {
        Self { granted, ..Self::default() }
    }

    /// The single keys that have signed and are named in full.
    pub(crate) fn signers(&self) -> Vec<Key> {
        let named = self.pairs.iter().map(|pair| Key {
            key: Some(match pair.signature {
                Some(Signature::EcdsaSecp256k1(_)) => {
                    Kind::EcdsaSecp256k1(pair.pub_key_prefix.clone())
                }
                _ => Kind::Ed25519(pair.pub_key_prefix.clone()),
            }),
        });
        named.filter(|key| self.satisfy(key)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// True when one prefix is the beginning of another: then it is unclear who signed.
    pub(crate) fn are_ambiguous(&self) -> bool {
        self.pairs.iter().enumerate().any(|(i, a)| {
            let others = self.pairs.iter().enumerate().filter(|(j, _)| *j != i);
            others.into_iter().any(|(_, b)| b.pub_key_prefix.starts_with(&a.pub_key_prefix))
        })
    }

    /// Has this key signed?
    pub(crate) fn satisfy(&self, key: &Key) -> bool {
        self.satisfy_within(key, MAX_DEPTH)
    }

    fn satisfy_within(&self, key: &Key, depth: usize) -> bool {
        if depth == 0 {
            return false;
        }
        if self.granted.contains(key) {
            return true;
        }
        match &key.key {
            Some(Kind::Ed25519(public)) => self.ed25519(public),
            Some(Kind::EcdsaSecp256k1(public)) => self.ecdsa(public),
            Some(Kind::KeyList(list)) => {
                !list.keys.is_empty()
                    && list.keys.iter().all(|key| self.satisfy_within(key, depth - 1))
            }
            Some(Kind::ThresholdKey(threshold)) => {
                let keys = threshold.keys.as_ref().map(|list| list.keys.as_slice());
                let signed = keys
                    .unwrap_or_default()
                    .iter()
                    .filter(|key| self.satisfy_within(key, depth - 1))
                    .count();
                threshold.threshold > 0
                    && u32::try_from(signed).is_ok_and(|signed| signed >= threshold.threshold)
            }
            _ => false,
        }
    }

    /// Has the ECDSA key behind this EVM address signed?
    pub(crate) fn satisfy_address(&self, address: &Address) -> bool {
        self.key_behind(address).is_some()
    }

    /// The ECDSA key behind this EVM address, if it has signed.
    pub(crate) fn key_behind(&self, address: &Address) -> Option<Key> {
        let pair = self.pairs.iter().find(|pair| {
            ecdsa_address(&pair.pub_key_prefix) == Some(*address)
                && self.ecdsa(&pair.pub_key_prefix)
        })?;
        Some(Key { key: Some(Kind::EcdsaSecp256k1(pair.pub_key_prefix.clone())) })
    }

    fn matching<'a>(&'a self, public: &'a [u8]) -> impl Iterator<Item = &'a Signature> {
        self.pairs
            .iter()
            .filter(move |pair| public.starts_with(&pair.pub_key_prefix))
            .filter_map(|pair| pair.signature.as_ref())
    }

    fn ed25519(&self, public: &[u8]) -> bool {
        let Ok(bytes) = <&[u8; 32]>::try_from(public) else { return false };
        let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(bytes) else { return false };
        self.matching(public).any(|signature| match signature {
            Signature::Ed25519(bytes) => ed25519_dalek::Signature::from_slice(bytes)
                .is_ok_and(|signature| key.verify(&self.body, &signature).is_ok()),
            _ => false,
        })
    }

    fn ecdsa(&self, public: &[u8]) -> bool {
        let Ok(key) = k256::ecdsa::VerifyingKey::from_sec1_bytes(public) else { return false };
        self.matching(public).any(|signature| match signature {
            Signature::EcdsaSecp256k1(bytes) => k256::ecdsa::Signature::from_slice(bytes)
                .is_ok_and(|signature| key.verify_prehash(&self.digest, &signature).is_ok()),
            _ => false,
        })
    }
}

/// Can anybody ever sign for this key? Unusable ones are refused when an account is created.
pub(crate) fn is_usable(key: &Key) -> bool {
    match &key.key {
        Some(Kind::Ed25519(public)) => <&[u8; 32]>::try_from(public.as_slice())
            .is_ok_and(|bytes| ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok()),
        Some(Kind::EcdsaSecp256k1(public)) => {
            public.len() == 33 && k256::ecdsa::VerifyingKey::from_sec1_bytes(public).is_ok()
        }
        Some(Kind::KeyList(list)) => !list.keys.is_empty() && list.keys.iter().all(is_usable),
        Some(Kind::ThresholdKey(threshold)) => threshold.keys.as_ref().is_some_and(|list| {
            let members = u32::try_from(list.keys.len()).unwrap_or(u32::MAX);
            (1..=members).contains(&threshold.threshold) && list.keys.iter().all(is_usable)
        }),
        Some(Kind::ContractId(_) | Kind::DelegatableContractId(_)) => true,
        _ => false,
    }
}

/// Is it a single public key?
pub(crate) fn is_primitive(key: &Key) -> bool {
    matches!(key.key, Some(Kind::Ed25519(_) | Kind::EcdsaSecp256k1(_)))
}

/// The EVM address that belongs to a key; only single ECDSA keys have one.
pub(crate) fn address_of(key: &Key) -> Option<Address> {
    match &key.key {
        Some(Kind::EcdsaSecp256k1(public)) => ecdsa_address(public),
        _ => None,
    }
}

/// The EVM address of a compressed ECDSA key.
pub(crate) fn ecdsa_address(public: &[u8]) -> Option<Address> {
    let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(public).ok()?;
    let point = key.to_encoded_point(false);
    Some(Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..]))
}

/// The key of the treasury.
pub(crate) fn of_treasury() -> Key {
    let public = hex::decode(TREASURY_PUBLIC).expect("it is written here");
    Key { key: Some(Kind::Ed25519(public)) }
}

/// How the mirror shows a key: its kind and hexadecimal text.
pub(crate) fn shown(key: &Key) -> (&'static str, String) {
    match &key.key {
        Some(Kind::Ed25519(public)) => ("ED25519", hex::encode(public)),
        Some(Kind::EcdsaSecp256k1(public)) => ("ECDSA_SECP256K1", hex::encode(public)),
        _ => ("ProtobufEncoded", hex::encode(key.encode_to_vec())),
    }
}

/// A key pair that the portal hands out.
pub(crate) struct Pair {
    pub(crate) public: Key,
    /// The alias that the portal gives the account; ED25519 keys have none.
    pub(crate) alias: Option<Address>,
    pub(crate) private_der: String,
    pub(crate) private_raw: String,
    pub(crate) public_der: String,
    pub(crate) public_raw: String,
}

impl Pair {
    pub(crate) fn ed25519(random: &mut impl RngCore) -> Self {
        let mut seed = [0; 32];
        random.fill_bytes(&mut seed);
        Self::of_ed25519(&seed)
    }

    pub(crate) fn ecdsa(random: &mut impl RngCore) -> Self {
        loop {
            let mut scalar = [0; 32];
            random.fill_bytes(&mut scalar);
            if let Some(pair) = Self::of_ecdsa(&scalar) {
                return pair;
            }
        }
    }

    /// The pair of a private key in hexadecimal, if it is one.
    pub(crate) fn read(ecdsa: bool, private: &str) -> Option<Self> {
        let bytes = <[u8; 32]>::try_from(hex::decode(private).ok()?).ok()?;
        if ecdsa { Self::of_ecdsa(&bytes) } else { Some(Self::of_ed25519(&bytes)) }
    }

    fn of_ed25519(seed: &[u8; 32]) -> Self {
        let public = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let key = Key { key: Some(Kind::Ed25519(public.to_vec())) };
        Self::shown(key, None, (ED25519_PRIVATE, seed), (ED25519_PUBLIC, &public))
    }

    fn of_ecdsa(scalar: &[u8; 32]) -> Option<Self> {
        let secret = k256::ecdsa::SigningKey::from_slice(scalar).ok()?;
        let public = secret.verifying_key().to_encoded_point(true).as_bytes().to_vec();
        let alias = ecdsa_address(&public);
        let key = Key { key: Some(Kind::EcdsaSecp256k1(public.clone())) };
        Some(Self::shown(key, alias, (ECDSA_PRIVATE, scalar), (ECDSA_PUBLIC, &public)))
    }

    fn shown(
        public: Key,
        alias: Option<Address>,
        (private_prefix, private): (&str, &[u8]),
        (public_prefix, point): (&str, &[u8]),
    ) -> Self {
        let (private_raw, public_raw) = (hex::encode(private), hex::encode(point));
        Self {
            public,
            alias,
            private_der: format!("{private_prefix}{private_raw}"),
            public_der: format!("{public_prefix}{public_raw}"),
            private_raw,
            public_raw,
        }
    }
}
