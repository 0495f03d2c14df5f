//! What can be uploaded: three categories, the types each takes, and how a type is recognised by
//! its first bytes whatever its sender calls it.

use serde::{Deserialize, Serialize};

const MEGABYTE: u64 = 1 << 20;

/// What an upload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Category {
    #[serde(rename = "tweet_image")]
    Image,
    #[serde(rename = "tweet_gif")]
    Gif,
    #[serde(rename = "tweet_video")]
    Video,
}

/// Categories that X knows and that have no counterpart here: for direct messages, for
/// advertisements, and subtitles.
pub(super) const NOT_OFFERED: [&str; 5] =
    ["amplify_video", "dm_gif", "dm_image", "dm_video", "subtitles"];

impl Category {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "tweet_image" => Self::Image,
            "tweet_gif" => Self::Gif,
            "tweet_video" => Self::Video,
            _ => return None,
        })
    }

    /// What its keys begin with.
    pub(crate) const fn key_prefix(self) -> &'static str {
        match self {
            Self::Image => "3",
            Self::Video => "7",
            Self::Gif => "16",
        }
    }

    /// What an answer calls it.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Image => "photo",
            Self::Gif => "animated_gif",
            Self::Video => "video",
        }
    }

    /// How many bytes one may have.
    pub(super) const fn largest(self) -> u64 {
        match self {
            Self::Image => 5 * MEGABYTE,
            Self::Gif => 15 * MEGABYTE,
            Self::Video => 512 * MEGABYTE,
        }
    }

    /// How many of them one post may show.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Image => 4,
            Self::Gif | Self::Video => 1,
        }
    }

    /// Whether it has to be worked on before it can be published.
    pub(super) const fn is_processed(self) -> bool {
        !matches!(self, Self::Image)
    }

    pub(super) fn takes(self, media_type: &str) -> bool {
        match self {
            Self::Image => {
                matches!(media_type, "image/jpeg" | "image/png" | "image/webp" | "image/gif")
            }
            Self::Gif => media_type == "image/gif",
            Self::Video => {
                matches!(media_type, "video/mp4" | "video/quicktime" | "video/webm" | "video/mp2t")
            }
        }
    }
}

/// The type that these first bytes betray.
pub(super) fn recognised(head: &[u8]) -> Option<&'static str> {
    let at = |from: usize, mark: &[u8]| head.get(from..from + mark.len()) == Some(mark);
    if at(0, b"\xFF\xD8\xFF") {
        Some("image/jpeg")
    } else if at(0, b"\x89PNG\r\n\x1A\n") {
        Some("image/png")
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        Some("image/gif")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Some("image/webp")
    } else if at(4, b"ftypqt") {
        Some("video/quicktime")
    } else if at(4, b"ftyp") {
        Some("video/mp4")
    } else if at(0, b"\x1A\x45\xDF\xA3") {
        Some("video/webm")
    } else if at(0, b"\x47") {
        Some("video/mp2t")
    } else {
        None
    }
}

/// Width and height, where the first bytes tell.
pub(crate) fn dimensions(head: &[u8]) -> Option<(u32, u32)> {
    let wide = |from: usize| head.get(from..from + 4)?.try_into().ok().map(u32::from_be_bytes);
    let narrow = |from: usize| {
        let bytes: [u8; 2] = head.get(from..from + 2)?.try_into().ok()?;
        Some(bytes)
    };
    match recognised(head)? {
        "image/png" => Some((wide(16)?, wide(20)?)),
        "image/gif" => {
            Some((u16::from_le_bytes(narrow(6)?).into(), u16::from_le_bytes(narrow(8)?).into()))
        }
        "image/jpeg" => {
            let frame = jpeg_frame(head)?;
            let (height, width) = (narrow(frame + 5)?, narrow(frame + 7)?);
            Some((u16::from_be_bytes(width).into(), u16::from_be_bytes(height).into()))
        }
        _ => None,
    }
}

/// Where a JPEG says how large it is: at the marker of its frame.
fn jpeg_frame(head: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = head.get(at..at + 4)? else { return None };
        let is_frame = matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC);
        if is_frame {
            return Some(at);
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}
