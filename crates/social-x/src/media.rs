//! What X takes of pictures and videos, and what it answers of an upload.
//!
//! Bytes, lengths, frames and sides are X's figures <X docs, media best practices, August 2026>. Of
//! a still picture X states bytes only. It takes pieces of up to 5 MB, and larger ones than 1 MB
//! were answered with status 431 to some <public issues, 2025>.

use hashbuzz_domain::media::{Facts, Format, MediaKind};
use hashbuzz_domain::{Span, Time, UploadId};
use hashbuzz_social::{MediaRule, MediaRules, Refusal, UploadState, Uploaded, WriteError};
use serde::Deserialize;

use crate::client::Delivers;
use crate::wire::numeric;

const MB: u64 = 1024 * 1024;
/// Until the next look, when X names no time.
const LOOK_AGAIN: u32 = 5;
/// X's own waits are seconds; nobody waits longer because of one answer.
const LONGEST_WAIT: u32 = 300;

/// What X takes.
pub(crate) fn rules() -> MediaRules {
    let image = MediaRule {
        kind: MediaKind::Image,
        formats: &[Format::Png, Format::Jpeg, Format::WebP],
        per_post: 4,
        bytes: 5 * MB,
        longer: 1..=u32::MAX,
        shorter: 1..=u32::MAX,
        stretched: u32::MAX,
        frames: 1,
        duration: Span::ZERO..=Span::ZERO,
    };
    let gif = MediaRule {
        kind: MediaKind::Gif,
        formats: &[Format::Gif],
        per_post: 1,
        bytes: 15 * MB,
        longer: 1..=1_280,
        shorter: 1..=1_080,
        frames: 350,
        ..image.clone()
    };
    let video = MediaRule {
        kind: MediaKind::Video,
        formats: &[Format::Mp4],
        per_post: 1,
        bytes: 512 * MB,
        longer: 32..=1_280,
        shorter: 32..=1_024,
        stretched: 3,
        duration: Span::from_millis(500)..=Span::from_secs(140),
        ..image.clone()
    };
    MediaRules { kinds: vec![image, gif, video], piece: 1024 * 1024, alt: 1_000 }
}

/// What X calls a medium's use in a post.
pub(crate) const fn category(facts: &Facts) -> &'static str {
    match facts.format.kind() {
        MediaKind::Image => "tweet_image",
        MediaKind::Gif => "tweet_gif",
        MediaKind::Video => "tweet_video",
    }
}

/// An upload's id as X's paths take it.
pub(crate) fn id(upload: &UploadId) -> Result<&str, WriteError> {
    numeric(upload.as_str())
        .map_err(|detail| WriteError::Refused { refusal: Refusal::Invalid, detail })
}

/// What X says of an upload.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) data: Data,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Data {
    pub(crate) id: Option<String>,
    expires_after_secs: Option<u32>,
    processing_info: Option<Processing>,
}

#[derive(Debug, Deserialize)]
struct Processing {
    state: Option<String>,
    check_after_secs: Option<u32>,
    error: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    name: Option<String>,
    message: Option<String>,
}

impl Delivers for Answer {
    fn objects(&self) -> u64 {
        1
    }
}

impl Data {
    pub(crate) fn expires_at(&self, now: Time) -> Option<Time> {
        self.expires_after_secs.map(|secs| now.plus(Span::from_secs(secs)))
    }

    /// Whether X says that it works, or worked, on it.
    pub(crate) const fn says_its_state(&self) -> bool {
        self.processing_info.is_some()
    }

    /// Of an upload that is finished: without any word on its state it is ready.
    pub(crate) fn uploaded(&self, now: Time) -> Uploaded {
        let state = self.processing_info.as_ref().map_or(UploadState::Ready, Processing::state);
        Uploaded { state, expires_at: self.expires_at(now) }
    }
}

impl Processing {
    fn state(&self) -> UploadState {
        match self.state.as_deref() {
            Some("succeeded") => UploadState::Ready,
            Some("failed") => UploadState::Failed(self.why()),
            _ => {
                let wait = self.check_after_secs.unwrap_or(LOOK_AGAIN).clamp(1, LONGEST_WAIT);
                UploadState::Processing(Span::from_secs(wait))
            }
        }
    }

    fn why(&self) -> String {
        let error = self.error.as_ref();
        let words = error.and_then(|error| error.message.as_ref().or(error.name.as_ref()));
        let words = words.map_or("X gives no reason", String::as_str);
        words.chars().take(300).collect()
    }
}
