//! The bytecode that `contracts/build.mjs` wrote.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;

/// The escrow as it is deployed.
pub const ESCROW: &str = "HashbuzzEscrow";

/// The creation code of the escrow, of a recipient or of a broken copy, by its contract's name.
///
/// # Panics
/// When the artefact is not there or not an artefact: a broken checkout.
pub fn creation_code(name: &str) -> Bytes {
    let path = match name {
        ESCROW => format!("artifacts/{name}.json"),
        _ => format!("artifacts/test/{name}.json"),
    };
    let artefact = read(&path);
    let code = artefact["bytecode"].as_str().expect("it has bytecode");
    code.parse().expect("bytecode is hexadecimal")
}

/// Bytes of the escrow's runtime code.
///
/// # Panics
/// As [`creation_code`].
pub fn runtime_size() -> usize {
    let artefact = read("artifacts/HashbuzzEscrow.json");
    let code = artefact["deployedBytecode"].as_str().expect("it has runtime code");
    code.parse::<Bytes>().expect("it is hexadecimal").len()
}

/// The names of the broken copies.
///
/// # Panics
/// When their list is not there: a broken checkout.
pub fn mutants() -> BTreeSet<String> {
    let list = read("test/mutants.json");
    let list = list.as_array().expect("it is a list");
    list.iter().map(|it| it["name"].as_str().expect("each has a name").to_owned()).collect()
}

fn read(path: &str) -> serde_json::Value {
    let full: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts").join(path);
    let text = std::fs::read_to_string(full).expect("it is committed");
    serde_json::from_str(&text).expect("it is JSON")
}
