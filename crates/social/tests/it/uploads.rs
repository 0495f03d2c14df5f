//! The uploads of the network in memory: small pieces, and a moving picture takes three seconds.

use std::collections::BTreeMap;

use hashbuzz_domain::media::{Facts, Format, MediaKind};
use hashbuzz_domain::{ProfileId, Span, Time, UploadId};
use hashbuzz_social::{
    Begun, MediaRule, MediaRules, ReadError, Refusal, UploadState, Uploaded, WriteError,
};

const LASTS: Span = Span::from_secs(86_400);

struct Upload {
    owner: ProfileId,
    facts: Facts,
    pieces: BTreeMap<u32, Vec<u8>>,
    expires_at: Time,
    finished: Option<(Time, bool)>,
}

#[derive(Default)]
pub(crate) struct Uploads {
    all: BTreeMap<String, Upload>,
    pub(crate) lose: bool,
    pub(crate) spoil: bool,
}

pub(crate) fn rules() -> MediaRules {
    let image = MediaRule {
        kind: MediaKind::Image,
        formats: &[Format::Png],
        per_post: 2,
        bytes: 5_000,
        longer: 1..=100,
        shorter: 1..=100,
        stretched: 2,
        frames: 1,
        duration: Span::ZERO..=Span::ZERO,
    };
    let gif = MediaRule { kind: MediaKind::Gif, formats: &[Format::Gif], ..image.clone() };
    MediaRules { kinds: vec![image, gif], piece: 100, alt: 100 }
}

fn refused(refusal: Refusal) -> WriteError {
    WriteError::Refused { refusal, detail: "no".to_owned() }
}

/// What the flaw makes of it.
pub(crate) fn shown(uploaded: Uploaded, hides_failures: bool) -> Uploaded {
    match uploaded.state {
        UploadState::Failed(_) if hides_failures => {
            Uploaded { state: UploadState::Ready, ..uploaded }
        }
        _ => uploaded,
    }
}

impl Upload {
    fn uploaded(&self, now: Time) -> Option<Uploaded> {
        let (at, spoilt) = self.finished?;
        let moving = self.facts.format.kind() == MediaKind::Gif;
        let ready = at.plus(Span::from_secs(if moving { 3 } else { 0 }));
        let state = if now < ready {
            UploadState::Processing(ready.since(now))
        } else if spoilt {
            UploadState::Failed("spoilt".to_owned())
        } else {
            UploadState::Ready
        };
        Some(Uploaded { state, expires_at: Some(self.expires_at) })
    }
}

impl Uploads {
    fn lost<T>(&mut self, done: T) -> Result<T, WriteError> {
        if std::mem::take(&mut self.lose) {
            return Err(WriteError::Unknown("lost".to_owned()));
        }
        Ok(done)
    }

    fn own(&mut self, owner: &ProfileId, id: &UploadId, now: Time) -> Option<&mut Upload> {
        let found = self.all.get_mut(id.as_str());
        found.filter(|upload| upload.owner == *owner && now < upload.expires_at)
    }

    pub(crate) fn begin(
        &mut self,
        id: u64,
        owner: ProfileId,
        facts: &Facts,
        now: Time,
    ) -> Result<Begun, WriteError> {
        let expires_at = now.plus(LASTS);
        let upload =
            Upload { owner, facts: *facts, pieces: BTreeMap::new(), expires_at, finished: None };
        self.all.insert(id.to_string(), upload);
        let upload = id.to_string().parse().expect("an id");
        self.lost(Begun { upload, expires_at: Some(expires_at) })
    }

    pub(crate) fn append(
        &mut self,
        (owner, id): (&ProfileId, &UploadId),
        piece: u32,
        bytes: Vec<u8>,
        (now, repeats): (Time, bool),
    ) -> Result<(), WriteError> {
        let upload = self.own(owner, id, now).ok_or_else(|| refused(Refusal::Gone))?;
        if upload.pieces.insert(piece, bytes).is_some() && !repeats {
            return Err(refused(Refusal::Invalid));
        }
        self.lost(())
    }

    pub(crate) fn finish(
        &mut self,
        owner: &ProfileId,
        id: &UploadId,
        now: Time,
    ) -> Result<Uploaded, WriteError> {
        let spoilt = self.spoil;
        let upload = self.own(owner, id, now).ok_or_else(|| refused(Refusal::Gone))?;
        let sent: usize = upload.pieces.values().map(Vec::len).sum();
        if u64::try_from(sent) != Ok(upload.facts.bytes) {
            return Err(refused(Refusal::Invalid));
        }
        upload.finished.get_or_insert((now, spoilt));
        let uploaded = upload.uploaded(now).expect("it is finished");
        self.spoil = false;
        self.lost(uploaded)
    }

    pub(crate) fn state(
        &self,
        owner: &ProfileId,
        id: &UploadId,
        now: Time,
    ) -> Result<Option<Uploaded>, ReadError> {
        let found = self.all.get(id.as_str());
        let found = found.filter(|upload| upload.owner == *owner && now < upload.expires_at);
        Ok(found.ok_or_else(|| ReadError::Gone("no upload".to_owned()))?.uploaded(now))
    }

    /// Whether a post may show them; the flaws let late and unfinished ones pass.
    pub(crate) fn show(
        &self,
        author: &ProfileId,
        media: &[UploadId],
        now: Time,
        (late, unfinished): (bool, bool),
    ) -> Result<(), WriteError> {
        for id in media {
            let upload = self.all.get(id.as_str()).filter(|upload| upload.owner == *author);
            let upload = upload.filter(|upload| late || now < upload.expires_at);
            let upload = upload.ok_or_else(|| refused(Refusal::Media))?;
            let ready =
                upload.uploaded(now).is_some_and(|uploaded| uploaded.state == UploadState::Ready);
            if !ready && !unfinished {
                return Err(refused(Refusal::Media));
            }
        }
        Ok(())
    }
}
