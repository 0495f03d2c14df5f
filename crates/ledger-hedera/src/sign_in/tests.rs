//! What wallets signed, made with their own libraries (`sdk-tests/wallet`), and what must not pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hashbuzz_ledger::{SignInError, WalletProof};
use hiero_sdk::PrivateKey;
use hiero_sdk_proto::services::signature_pair::Signature;
use hiero_sdk_proto::services::{Key, SignatureMap, SignaturePair, ThresholdKey, key};
use prost::Message as _;
use serde::Deserialize;

use super::keys::Tree;
use super::{key_of, proof};
use crate::mirror::AccountAnswer;

#[derive(Deserialize)]
struct Vector {
    name: String,
    key: Shown,
    text: String,
    signature_map: Option<String>,
    personal: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(rename = "_type")]
    kind: String,
    key: String,
}

impl Shown {
    fn tree(&self) -> Tree {
        Tree::read(&self.kind, &self.key).expect("a key that wallets sign with")
    }
}

impl Vector {
    fn proof(&self) -> WalletProof {
        match (&self.signature_map, &self.personal) {
            (Some(map), None) => WalletProof::SignatureMap(map.clone()),
            (None, Some(signature)) => WalletProof::Personal(signature.clone()),
            _ => panic!("{}: one of the two", self.name),
        }
    }
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../tests/vectors/wallet.json")).expect("vectors");
    assert_eq!(vectors.len(), 52);
    vectors
}

fn signed(key: &Tree, text: &str, proof: &WalletProof) -> Result<bool, SignInError> {
    Ok(key.signed(&proof::read(text, proof)?))
}

#[test]
fn what_wallets_sign_is_believed_and_nothing_else() {
    let vectors = vectors();
    for (n, vector) in vectors.iter().enumerate() {
        let (key, proof) = (vector.key.tree(), vector.proof());
        let name = &vector.name;
        assert_eq!(signed(&key, &vector.text, &proof), Ok(true), "{name}");
        // Another text, were it only one letter.
        let other = format!("{} ", vector.text);
        assert_ne!(signed(&key, &other, &proof), Ok(true), "{name}");
        // Another account's key, and another's signature of the same text.
        let stranger = &vectors[(n + 8) % vectors.len()];
        assert_ne!(signed(&stranger.key.tree(), &vector.text, &proof), Ok(true), "{name}");
        assert_ne!(signed(&key, &vector.text, &stranger.proof()), Ok(true), "{name}");
    }
}

#[test]
fn a_signature_or_its_owner_with_one_bit_changed_is_believed_by_nobody() {
    for vector in vectors().iter().step_by(5) {
        let key = vector.key.tree();
        let changed: Vec<WalletProof> = match vector.proof() {
            WalletProof::Personal(text) => {
                let bytes = hex::decode(&text[2..]).unwrap();
                changed(&bytes).map(|bytes| WalletProof::Personal(hex::encode(bytes))).collect()
            }
            WalletProof::SignatureMap(map) => {
                let map = SignatureMap::decode(&STANDARD.decode(map).unwrap()[..]).unwrap();
                let SignaturePair { pub_key_prefix, signature } = map.sig_pair[0].clone();
                let with = |pub_key_prefix: &[u8], signature| {
                    let pub_key_prefix = pub_key_prefix.to_vec();
                    let pair = SignaturePair { pub_key_prefix, signature };
                    encoded(SignatureMap { sig_pair: vec![pair] })
                };
                let (Some(Signature::Ed25519(bytes)) | Some(Signature::EcdsaSecp256k1(bytes))) =
                    &signature
                else {
                    panic!("{}: a signature of one of these", vector.name)
                };
                let prefixes = changed(&pub_key_prefix).map(|p| with(&p, signature.clone()));
                let signatures = changed(bytes).map(|bytes| {
                    let signature = match signature {
                        Some(Signature::Ed25519(_)) => Signature::Ed25519(bytes),
                        _ => Signature::EcdsaSecp256k1(bytes),
                    };
                    with(&pub_key_prefix, Some(signature))
                });
                prefixes.chain(signatures).collect()
            }
        };
        assert!(changed.len() >= 512, "{}", vector.name);
        for proof in changed {
            let outcome = signed(&key, &vector.text, &proof);
            assert_ne!(outcome, Ok(true), "{}: {proof:?}", vector.name);
        }
    }
}

/// The bytes, once with each of their bits changed.
fn changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len() * 8).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

/// Signs as a wallet does, with whatever the test says.
fn map(text: &str, keys: &[(&PrivateKey, usize)]) -> WalletProof {
    let message = format!("\u{19}Hedera Signed Message:\n{}{text}", text.len());
    let pairs = keys.iter().map(|(key, prefix)| {
        let bytes = key.sign(message.as_bytes());
        let signature = if key.is_ed25519() {
            Signature::Ed25519(bytes)
        } else {
            Signature::EcdsaSecp256k1(bytes)
        };
        let pub_key_prefix = key.public_key().to_bytes_raw()[..*prefix].to_vec();
        SignaturePair { pub_key_prefix, signature: Some(signature) }
    });
    encoded(SignatureMap { sig_pair: pairs.collect() })
}

fn encoded(map: SignatureMap) -> WalletProof {
    WalletProof::SignatureMap(STANDARD.encode(map.encode_to_vec()))
}

fn simple(key: &PrivateKey) -> Key {
    let raw = key.public_key().to_bytes_raw();
    let kind = if key.is_ed25519() { key::Key::Ed25519 } else { key::Key::EcdsaSecp256k1 };
    Key { key: Some(kind(raw)) }
}

fn some_of(threshold: u32, keys: Vec<Key>) -> Key {
    let keys = Some(hiero_sdk_proto::services::KeyList { keys });
    Key { key: Some(key::Key::ThresholdKey(ThresholdKey { threshold, keys })) }
}

fn read(key: &Key) -> Option<Tree> {
    Tree::read("ProtobufEncoded", &hex::encode(key.encode_to_vec()))
}

#[test]
fn a_threshold_needs_as_many_different_keys_as_it_says() {
    let keys: Vec<PrivateKey> = (0..3).map(|_| PrivateKey::generate_ed25519()).collect();
    let two = read(&some_of(2, keys.iter().map(simple).collect())).unwrap();
    let by = |signers: &[usize]| {
        let signers: Vec<_> = signers.iter().map(|n| (&keys[*n], 32)).collect();
        signed(&two, "text", &map("text", &signers))
    };
    assert_eq!(by(&[0]), Ok(false));
    assert_eq!(by(&[0, 2]), Ok(true));
    assert_eq!(by(&[0, 1, 2]), Ok(true));
    // The same signature twice is one signature, and is refused besides.
    assert!(matches!(by(&[1, 1]), Err(SignInError::Malformed(_))));
}

#[test]
fn one_signature_in_two_lists_counts_in_both_and_a_contract_never_signs() {
    let key = PrivateKey::generate_ecdsa();
    let contract = Key { key: Some(key::Key::ContractId(Default::default())) };
    let one = [(&key, 33)];
    let both = some_of(2, vec![some_of(1, vec![simple(&key)]), some_of(1, vec![simple(&key)])]);
    assert_eq!(signed(&read(&both).unwrap(), "t", &map("t", &one)), Ok(true));
    let either = some_of(1, vec![contract.clone(), simple(&key)]);
    assert_eq!(signed(&read(&either).unwrap(), "t", &map("t", &one)), Ok(true));
    assert!(read(&some_of(2, vec![contract.clone(), simple(&key)])).is_none());
    assert!(read(&contract).is_none());
    assert!(read(&some_of(0, vec![simple(&key)])).is_none(), "of nobody, nobody signs");
    let list = hiero_sdk_proto::services::KeyList::default();
    assert!(read(&Key { key: Some(key::Key::KeyList(list)) }).is_none());
}

#[test]
fn a_prefix_may_be_short_and_may_not_be_somebody_else_s() {
    let (key, other) = (PrivateKey::generate_ed25519(), PrivateKey::generate_ed25519());
    let tree = read(&simple(&key)).unwrap();
    for length in [0, 1, 31, 32] {
        assert_eq!(signed(&tree, "t", &map("t", &[(&key, length)])), Ok(true), "{length}");
    }
    // A pair that says to be of the account's key and was signed by another.
    let message = b"\x19Hedera Signed Message:\n1t";
    let forged = SignaturePair {
        pub_key_prefix: key.public_key().to_bytes_raw(),
        signature: Some(Signature::Ed25519(other.sign(message))),
    };
    let proof = encoded(SignatureMap { sig_pair: vec![forged] });
    assert_eq!(signed(&tree, "t", &proof), Ok(false));
    // Two pairs that could both be of it.
    let proof = map("t", &[(&other, 0), (&key, 32)]);
    assert!(matches!(signed(&tree, "t", &proof), Err(SignInError::Malformed(_))));
}

#[test]
fn a_signature_of_the_bare_text_or_of_a_transaction_is_none() {
    let key = PrivateKey::generate_ed25519();
    let tree = read(&simple(&key)).unwrap();
    let pair = SignaturePair {
        pub_key_prefix: Vec::new(),
        signature: Some(Signature::Ed25519(key.sign(b"text"))),
    };
    let proof = encoded(SignatureMap { sig_pair: vec![pair] });
    assert_eq!(signed(&tree, "text", &proof), Ok(false));
}

#[test]
fn the_high_twin_of_an_ecdsa_signature_is_refused() {
    // <SEC 2, the order of secp256k1>
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let vectors = vectors();
    let vector = vectors.iter().find(|vector| vector.personal.is_some()).unwrap();
    let bytes = hex::decode(&vector.personal.as_ref().unwrap()[2..]).unwrap();
    let number = |bytes: &[u8]| alloy_primitives::U256::from_be_slice(bytes);
    let s = number(&hex::decode(ORDER).unwrap()) - number(&bytes[32..64]);
    let mut twin = bytes.clone();
    twin[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    twin[64] ^= 7; // 27 and 28, one for the other
    let key = vector.key.tree();
    let outcome = signed(&key, &vector.text, &WalletProof::Personal(hex::encode(twin)));
    assert!(matches!(outcome, Err(SignInError::Malformed(_))), "{outcome:?}");
}

#[test]
fn what_is_no_signature_says_what_to_send() {
    let key = read(&simple(&PrivateKey::generate_ed25519())).unwrap();
    let many = vec![SignaturePair::default(); 65];
    let too_many = STANDARD.encode(SignatureMap { sig_pair: many }.encode_to_vec());
    let texts = ["", "%", "AAAA", "not base64", too_many.as_str(), &"A".repeat(20_000)];
    for text in texts {
        for proof in [
            WalletProof::SignatureMap(text.to_owned()),
            WalletProof::Personal(text.to_owned()),
            WalletProof::Personal(format!("0x{}", "00".repeat(65))),
            WalletProof::Personal(format!("0x{}05", "11".repeat(64))),
        ] {
            let outcome = signed(&key, "text", &proof);
            assert!(matches!(outcome, Err(SignInError::Malformed(_))), "{proof:?}: {outcome:?}");
        }
    }
    let unsafe_text = signed(&key, "t\u{e4}xt", &WalletProof::Personal(String::new()));
    assert!(matches!(unsafe_text, Err(SignInError::Malformed(_))));
}

#[test]
fn keys_without_end_are_refused() {
    let deep = |levels: usize| {
        let key = simple(&PrivateKey::generate_ed25519());
        read(&(0..levels).fold(key, |key, _| some_of(1, vec![key])))
    };
    assert!(deep(15).is_some());
    assert!(deep(16).is_none());
    let wide = |keys: usize| {
        let key = simple(&PrivateKey::generate_ed25519());
        read(&some_of(1, vec![key; keys]))
    };
    assert!(wide(199).is_some());
    assert!(wide(200).is_none());
}

#[test]
fn accounts_that_nobody_can_sign_for_say_why() {
    let account = |json: &str| serde_json::from_str::<AccountAnswer>(json).unwrap();
    let why = |json: &str| key_of(&account(json)).unwrap_err();
    let key = r#"{"_type":"ED25519","key":"22c54883e98bd7d90d8a5b3bcca714c04cc8e45ed6b5a4f4e7f53abde0a876f8"}"#;
    assert!(key_of(&account(&format!(r#"{{"key":{key}}}"#))).is_ok());
    assert_eq!(why(&format!(r#"{{"deleted":true,"key":{key}}}"#)), "it was deleted");
    assert!(why(r#"{"key":null}"#).contains("no key yet"));
    let contract = r#"{"key":{"_type":"ProtobufEncoded","key":"0a0318e807"}}"#;
    assert!(why(contract).contains("none that a wallet signs with"));
}
