//! The bytecode that `contracts/build.mjs` wrote.

use std::path::Path;

use alloy_primitives::Bytes;

/// The escrow as it is deployed.
pub const ESCROW: &str = "HashbuzzEscrow";

/// The creation code of the escrow, of a recipient or of a broken copy, by its contract's name.
///
/// # Panics
/// When the artefact is not there or not an artefact: a broken checkout.
pub fn creation_code(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/artifacts");
    let path = match name {
        ESCROW => folder.join("HashbuzzEscrow.json"),
        _ => folder.join("test").join(format!("{name}.json")),
    };
    let text = std::fs::read_to_string(&path).expect("the artefact is committed");
    let artefact: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    let code = artefact["bytecode"].as_str().expect("it has bytecode");
    code.parse().expect("bytecode is hexadecimal")
}
