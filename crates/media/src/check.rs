//! What a file is, by its bytes.

use std::fs::File;
use std::io::{BufReader, Seek as _};

use hashbuzz_domain::media::{Facts, Format};

use crate::{Limits, Refusal, animation, picture, video};

/// As many bytes tell the formats apart.
pub(crate) const HEAD: usize = 12;

/// The format that begins with `head`, of which the first twelve bytes matter.
pub fn format_of(head: &[u8]) -> Option<Format> {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Format::Mp4),
        _ => None,
    }
}

/// Reads `file`, which begins as `format` does and has `bytes` bytes, to its end. It blocks.
///
/// # Errors
/// A [`Refusal`], whatever the file holds.
pub fn check(
    file: &mut File,
    format: Format,
    bytes: u64,
    limits: &Limits,
) -> Result<Facts, Refusal> {
    let kind = format.kind();
    if bytes > limits.bytes(kind) {
        return Err(Refusal::TooLarge { kind, limit: limits.bytes(kind) });
    }
    file.rewind().map_err(|error| Refusal::broken(format, error))?;
    let facts = match format {
        Format::Png | Format::Jpeg | Format::WebP => {
            let (width, height) = picture::read(BufReader::new(file), format)?;
            Facts { format, bytes, width, height, frames: 1, duration: None }
        }
        Format::Gif => {
            let (width, height, frames) = animation::read(BufReader::new(file))?;
            Facts { format, bytes, width, height, frames, duration: None }
        }
        Format::Mp4 => {
            let seen = video::read(&mut BufReader::new(file), bytes)?;
            if seen.duration > limits.video_duration {
                let limit = limits.video_duration;
                return Err(Refusal::TooLong { duration: seen.duration, limit });
            }
            let (width, height) = (seen.width, seen.height);
            Facts { format, bytes, width, height, frames: 0, duration: Some(seen.duration) }
        }
    };
    Ok(facts)
}
