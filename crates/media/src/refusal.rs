//! Why a medium is not taken, and what to do about it.

use hashbuzz_domain::Span;
use hashbuzz_domain::media::{Format, MediaKind};

use crate::limits::{FRAMES, PIXELS, SIDE};

/// Why a medium is not taken. The words are for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing came.
    #[error("the body is empty: send the picture or video itself, as it is in its file")]
    Empty,
    /// None of the formats that networks show.
    #[error("this is no PNG, JPEG, WebP, GIF or MP4: its first bytes are those of none of them")]
    UnknownFormat,
    /// More bytes than its kind may have.
    #[error("{} may have at most {} MB: make it smaller", a(*.kind), .limit / (1024 * 1024))]
    TooLarge {
        /// What it is.
        kind: MediaKind,
        /// The most bytes.
        limit: u64,
    },
    /// It cannot be read to its end.
    #[error(
        "this {} cannot be read to its end ({why}): it is damaged, or was cut off on its way; save \
         it anew, or send it again", name(*.format)
    )]
    Broken {
        /// How it begins.
        format: Format,
        /// Where reading stopped.
        why: String,
    },
    /// Larger than what one check may cost.
    #[error(
        "{width}×{height} pixels are too many: at most {SIDE} a side and {} million in all",
        PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
    /// As above, in time.
    #[error("a moving picture may have at most {FRAMES} frames: leave some out")]
    TooManyFrames,
    /// A video whose header leaves open how long it is: one in fragments, as streams have.
    #[error(
        "the video does not say how long it is, as a recording of a stream: write it as a plain \
         file (`ffmpeg -i in.mp4 -c copy -movflags +faststart out.mp4`)"
    )]
    NoDuration,
    /// Longer than allowed.
    #[error("the video lasts {} s, and {} s is the most: cut it", .duration.secs(), .limit.secs())]
    TooLong {
        /// How long it is.
        duration: Span,
        /// The most.
        limit: Span,
    },
    /// A video that networks do not show.
    #[error("the video is coded as `{0}`, and networks take H.264: convert it")]
    Codec(String),
    /// Sound alone.
    #[error("this MP4 has no video in it")]
    NoVideo,
}

impl Refusal {
    /// A stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "media.empty",
            Self::UnknownFormat => "media.format",
            Self::TooLarge { .. } => "media.too_large",
            Self::Broken { .. } => "media.broken",
            Self::TooManyPixels { .. } => "media.too_many_pixels",
            Self::TooManyFrames => "media.too_many_frames",
            Self::NoDuration => "media.no_duration",
            Self::TooLong { .. } => "media.too_long",
            Self::Codec(_) => "media.codec",
            Self::NoVideo => "media.no_video",
        }
    }

    pub(crate) fn broken(format: Format, why: impl std::fmt::Display) -> Self {
        // A reader's own words may quote what it read.
        let why = why.to_string().chars().filter(|c| !c.is_control()).take(120).collect();
        Self::Broken { format, why }
    }
}

const fn a(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "a picture",
        MediaKind::Gif => "a GIF",
        MediaKind::Video => "a video",
    }
}

const fn name(format: Format) -> &'static str {
    match format {
        Format::Png => "PNG",
        Format::Jpeg => "JPEG",
        Format::WebP => "WebP",
        Format::Gif => "GIF",
        Format::Mp4 => "MP4",
    }
}
