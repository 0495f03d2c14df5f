//! How large a medium may be.
//!
//! Bytes and length are a deployment's decision, and no network of ours takes more. Pixels and
//! frames are what one check may cost us.

use hashbuzz_domain::Span;
use hashbuzz_domain::media::MediaKind;

/// The longest side of a picture, in pixels.
pub(crate) const SIDE: u32 = 8_192;
/// The pixels of a picture: 160 MB when it is unpacked.
pub(crate) const PIXELS: u64 = 40_000_000;
/// The memory that unpacking one picture may take, in bytes.
pub(crate) const MEMORY: u64 = 256 * 1024 * 1024;
/// The frames of a moving picture.
pub(crate) const FRAMES: u32 = 2_000;

/// How large a medium may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a still picture.
    pub image_bytes: u64,
    /// Bytes of a moving one.
    pub gif_bytes: u64,
    /// Bytes of a video.
    pub video_bytes: u64,
    /// How long a video may last.
    pub video_duration: Span,
}

impl Default for Limits {
    fn default() -> Self {
        const MB: u64 = 1024 * 1024;
        Self {
            image_bytes: 5 * MB,
            gif_bytes: 15 * MB,
            video_bytes: 512 * MB,
            video_duration: Span::from_secs(140),
        }
    }
}

impl Limits {
    /// The most bytes of one kind.
    pub const fn bytes(&self, kind: MediaKind) -> u64 {
        match kind {
            MediaKind::Image => self.image_bytes,
            MediaKind::Gif => self.gif_bytes,
            MediaKind::Video => self.video_bytes,
        }
    }
}
