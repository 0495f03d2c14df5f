//! Moving pictures. Their blocks are walked to the trailer and their frames counted, without
//! unpacking them: a GIF of some megabytes can hold thousands of frames.

use std::io::BufRead;
use std::num::NonZeroU64;

use gif::{DecodeOptions, MemoryLimit};
use hashbuzz_domain::media::Format;

use crate::Refusal;
use crate::limits::{FRAMES, MEMORY, PIXELS, SIDE};

/// Width, height and how many frames.
pub(crate) fn read(file: impl BufRead) -> Result<(u32, u32, u32), Refusal> {
    let broken = |error: gif::DecodingError| Refusal::broken(Format::Gif, error);
    let mut options = DecodeOptions::new();
    options.skip_frame_decoding(true);
    options.check_frame_consistency(true);
    options
        .set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(MEMORY).unwrap_or(NonZeroU64::MIN)));
    let mut decoder = options.read_info(file).map_err(broken)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    if width > SIDE || height > SIDE || u64::from(width) * u64::from(height) > PIXELS {
        return Err(Refusal::TooManyPixels { width, height });
    }
    let mut frames = 0;
    while decoder.next_frame_info().map_err(broken)?.is_some() {
        frames += 1;
        if frames > FRAMES {
            return Err(Refusal::TooManyFrames);
        }
    }
    if frames == 0 || width == 0 || height == 0 {
        return Err(Refusal::broken(Format::Gif, "there is no picture in it"));
    }
    Ok((width, height, frames))
}
