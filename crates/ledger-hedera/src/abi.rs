//! Names for what the contract says: its errors and its events, from the compiled interface.
//!
//! Read from the artefact instead of generated, so that the errors of the libraries inside the
//! contract have names too, and a new error needs no new code.

use std::collections::HashMap;
use std::sync::OnceLock;

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{Panic, Revert, SolError as _};
use serde::Deserialize;

#[derive(Deserialize)]
struct Artefact {
    abi: Vec<Entry>,
    bytecode: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    #[serde(rename = "type")]
    kind: String,
    name: String,
}

struct Interface {
    errors: HashMap<[u8; 4], Entry>,
    events: HashMap<B256, String>,
    bytecode: String,
}

fn interface() -> &'static Interface {
    static INTERFACE: OnceLock<Interface> = OnceLock::new();
    INTERFACE.get_or_init(|| {
        let artefact: Artefact =
            serde_json::from_str(include_str!("../../../contracts/artifacts/HashbuzzEscrow.json"))
                .expect("the artefact is part of the source, and a test reads it");
        let mut errors = HashMap::new();
        let mut events = HashMap::new();
        for entry in artefact.abi {
            let hash = keccak256(entry.signature());
            match entry.kind.as_str() {
                "error" => {
                    errors.insert([hash[0], hash[1], hash[2], hash[3]], entry);
                }
                "event" => {
                    events.insert(hash, entry.name);
                }
                _ => {}
            }
        }
        Interface { errors, events, bytecode: artefact.bytecode }
    })
}

impl Entry {
    fn signature(&self) -> String {
        let kinds: Vec<&str> = self.inputs.iter().map(|input| input.kind.as_str()).collect();
        format!("{}({})", self.name, kinds.join(","))
    }
}

/// The creation code in hexadecimal, without `0x`.
pub(crate) fn bytecode() -> &'static str {
    interface().bytecode.trim_start_matches("0x")
}

/// The name of the event whose first topic this is.
pub(crate) fn event_name(topic: B256) -> Option<&'static str> {
    interface().events.get(&topic).map(String::as_str)
}

/// What a revert says, such as `InsufficientBalance(available 1, needed 2)`; the bytes in
/// hexadecimal when they are not the contract's.
pub(crate) fn describe_revert(data: &[u8]) -> String {
    if let Ok(revert) = Revert::abi_decode(data) {
        return format!("Error({})", revert.reason());
    }
    if let Ok(panic) = Panic::abi_decode(data) {
        return format!("Panic(0x{:02x})", panic.code);
    }
    let described = data
        .split_first_chunk::<4>()
        .and_then(|(selector, words)| Some((interface().errors.get(selector)?, words)))
        .and_then(|(error, words)| describe(error, words));
    described.unwrap_or_else(|| format!("0x{}", hex::encode(data)))
}

fn describe(error: &Entry, words: &[u8]) -> Option<String> {
    if error.inputs.is_empty() {
        return Some(error.name.clone());
    }
    if words.len() != error.inputs.len() * 32 {
        return None;
    }
    let arguments: Option<Vec<String>> = error
        .inputs
        .iter()
        .zip(words.chunks_exact(32))
        .map(|(input, word)| Some(format!("{} {}", input.name, argument(&input.kind, word)?)))
        .collect();
    Some(format!("{}({})", error.name, arguments?.join(", ")))
}

/// A word as its type is written; nothing for a type that is longer than a word.
fn argument(kind: &str, word: &[u8]) -> Option<String> {
    match kind {
        "address" => Some(format!("0x{}", hex::encode(Address::from_word(B256::from_slice(word))))),
        "bytes32" => Some(format!("0x{}", hex::encode(word))),
        "bool" => Some((word[31] != 0).to_string()),
        kind if kind.starts_with("uint") && !kind.contains('[') => {
            Some(U256::from_be_slice(word).to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::IHashbuzzEscrow as abi;

    #[test]
    fn a_revert_is_told_with_its_arguments() {
        let revert = abi::InsufficientBalance { available: U256::ONE, needed: U256::from(2) };
        assert_eq!(
            describe_revert(&revert.abi_encode()),
            "InsufficientBalance(available 1, needed 2)"
        );
        let revert = abi::WrongBatch { expected: 3, given: 5 };
        assert_eq!(describe_revert(&revert.abi_encode()), "WrongBatch(expected 3, given 5)");
        assert_eq!(describe_revert(&abi::NotSponsor {}.abi_encode()), "NotSponsor");
        let revert = abi::UnsupportedAsset { asset: Address::repeat_byte(0xab) };
        assert_eq!(
            describe_revert(&revert.abi_encode()),
            format!("UnsupportedAsset(asset 0x{})", "ab".repeat(20))
        );
    }

    #[test]
    fn reverts_of_the_language_and_of_strangers_are_told_too() {
        assert_eq!(describe_revert(&Revert::from("no").abi_encode()), "Error(no)");
        let panic = Panic { code: U256::from(0x11) };
        assert_eq!(describe_revert(&panic.abi_encode()), "Panic(0x11)");
        assert_eq!(describe_revert(&[0xde, 0xad, 0xbe, 0xef]), "0xdeadbeef");
        assert_eq!(describe_revert(&[]), "0x");
        // A known selector with arguments of the wrong length is not guessed at.
        let mut short = abi::WrongBatch { expected: 3, given: 5 }.abi_encode();
        short.pop();
        assert!(describe_revert(&short).starts_with("0x"));
    }

    #[test]
    fn the_compiled_contract_has_every_event_and_error_of_the_interface() {
        use alloy_sol_types::SolInterface as _;
        for topic in abi::IHashbuzzEscrowEvents::SELECTORS {
            assert!(event_name(B256::from(*topic)).is_some());
        }
        for selector in abi::IHashbuzzEscrowErrors::selectors() {
            assert!(interface().errors.contains_key(&selector), "{}", hex::encode(selector));
        }
        assert!(bytecode().len() > 1_000);
    }
}
