//! Media: what a network takes, and how one is brought to it.
//!
//! An upload is begun, receives pieces in order, and is finished; then the network may work on it
//! for a while. Nobody sees it until a post names it, and a network forgets it after a day or so.
//! So an upload that is begun twice does no harm, and none is worth keeping.

use std::ops::RangeInclusive;

use hashbuzz_domain::media::{Facts, Format, MediaKind};
use hashbuzz_domain::{Span, Time, UploadId};

/// What a network takes of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRule {
    /// Which kind.
    pub kind: MediaKind,
    /// How they may be written.
    pub formats: &'static [Format],
    /// How many one post shows.
    pub per_post: u8,
    /// The most bytes of one.
    pub bytes: u64,
    /// Pixels of the longer side.
    pub longer: RangeInclusive<u32>,
    /// Pixels of the shorter side.
    pub shorter: RangeInclusive<u32>,
    /// The longer side is at most so many times the shorter one.
    pub stretched: u32,
    /// The most pictures that follow each other in one.
    pub frames: u32,
    /// How long one may last.
    pub duration: RangeInclusive<Span>,
}

/// What a network takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaRules {
    /// A rule for each kind that it shows. One post shows one kind.
    pub kinds: Vec<MediaRule>,
    /// Bytes of one piece of an upload; the last one may be shorter.
    pub piece: u32,
    /// Characters of a description for people who do not see it.
    pub alt: u32,
}

impl MediaRules {
    /// Whether one post can show `media`, in this order.
    ///
    /// # Errors
    /// What is wrong, in words for whoever chose them.
    pub fn check(&self, media: &[Facts]) -> Result<(), String> {
        let Some(first) = media.first() else { return Ok(()) };
        let kind = first.format.kind();
        if media.iter().any(|other| other.format.kind() != kind) {
            return Err("one post shows pictures, or a GIF, or a video: choose one kind".to_owned());
        }
        let rule = self.kinds.iter().find(|rule| rule.kind == kind);
        let rule = rule.ok_or_else(|| format!("the network shows no {kind}"))?;
        if media.len() > usize::from(rule.per_post) {
            let (most, given) = (rule.per_post, media.len());
            return Err(format!("one post shows at most {most} of the kind {kind}, not {given}"));
        }
        for (at, facts) in media.iter().enumerate() {
            rule.check(facts).map_err(|why| format!("number {}: {why}", at + 1))?;
        }
        Ok(())
    }
}

impl MediaRule {
    fn check(&self, facts: &Facts) -> Result<(), String> {
        let Facts { format, bytes, width, height, frames, duration } = *facts;
        let kind = self.kind;
        if !self.formats.contains(&format) {
            return Err(format!("the network takes no {}", format.mime()));
        }
        if bytes > self.bytes {
            return Err(format!("the network takes {} bytes of the kind {kind}", self.bytes));
        }
        let (longer, shorter) = (width.max(height), width.min(height));
        if !self.longer.contains(&longer) || !self.shorter.contains(&shorter) {
            return Err(format!(
                "it has {width}×{height} pixels; the network takes {} to {} on the longer side and \
                 {} to {} on the shorter one",
                self.longer.start(),
                self.longer.end(),
                self.shorter.start(),
                self.shorter.end()
            ));
        }
        if longer > shorter.saturating_mul(self.stretched) {
            return Err(format!("one side is more than {} times the other", self.stretched));
        }
        if frames > self.frames {
            return Err(format!("it has {frames} frames; the network takes {}", self.frames));
        }
        match duration {
            Some(duration) if !self.duration.contains(&duration) => Err(format!(
                "it lasts {} ms; the network takes {} to {} ms",
                duration.micros() / 1_000,
                self.duration.start().micros() / 1_000,
                self.duration.end().micros() / 1_000
            )),
            _ => Ok(()),
        }
    }
}

/// An upload that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The network's id of it.
    pub upload: UploadId,
    /// When the network forgets it, where it says so.
    pub expires_at: Option<Time>,
}

/// An upload whose pieces have all arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Whether a post may name it.
    pub state: UploadState,
    /// When the network forgets it, where it says so.
    pub expires_at: Option<Time>,
}

/// Whether a post may name an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// It may.
    Ready,
    /// The network works on it; look again after so long.
    Processing(Span),
    /// The network cannot use it, in its own words.
    Failed(String),
}
