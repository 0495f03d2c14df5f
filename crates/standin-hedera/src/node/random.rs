//! Pseudo-random numbers, drawn from consensus.

use hiero_sdk_proto::services::ResponseCodeEnum as Code;
use hiero_sdk_proto::services::transaction_record::Entropy;
use sha2::{Digest, Sha384};

use super::handle::{Effect, Handling};
use crate::record::Extra;

/// Draws 48 bytes, or a number below `range` when it is given.
pub(super) fn draw(handling: &Handling<'_, '_>, range: i32) -> Result<Effect, Code> {
    if range < 0 {
        return Err(Code::InvalidPrngRange);
    }
    // The network hashes what came before; a moment of consensus is as good and is never repeated.
    let bytes = Sha384::digest(handling.at.0.to_be_bytes());
    let random = match u64::try_from(range) {
        Ok(range @ 1..) => {
            let number = bytes.iter().take(8).fold(0_u64, |n, byte| (n << 8) | u64::from(*byte));
            Entropy::PrngNumber(i32::try_from(number % range).unwrap_or_default())
        }
        _ => Entropy::PrngBytes(bytes.to_vec()),
    };
    Ok(Effect { extra: Extra { random: Some(random), ..Extra::default() }, ..Effect::default() })
}
