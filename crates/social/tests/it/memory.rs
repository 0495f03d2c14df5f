//! A network in memory, as small as it can be and still pass; and the ways in which it can be
//! made to fail.

use std::sync::Mutex;

use async_trait::async_trait;
use hashbuzz_domain::engagement::Kind;
use hashbuzz_domain::media::Facts;
use hashbuzz_domain::{PostId, ProfileId, Span, Time, UploadId};
use hashbuzz_social::conformance::{Act, Brand, World};
use hashbuzz_social::{
    Access, Author, Begun, Collect, Cursor, Expected, Forecast, GrantError, Granted, List, ListKey,
    Measure, MediaRules, Metrics, Network, NewPost, Page, PayPolicy, Profile, Proof, Purpose,
    ReadError, Refusal, Sighting, SignIn, Uploaded, Watched, WriteError,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::uploads::{self, Uploads};

/// One thing that an implementation can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    ConfusesProfiles,
    ResendsWhenLost,
    ReportsLostAsRefused,
    ForgetsWhatIsTaken,
    IgnoresTheTarget,
    IgnoresSince,
    IgnoresTheAuthor,
    KeepsEntities,
    DeletesOnce,
    ReportsLostDeletionAsLimit,
    ReportsRevokedAsRefused,
    WaitsUntilThePast,
    DoesWhatIsLimited,
    MeasuresTooLittle,
    StopsAfterAPage,
    ClaimsTheCapIsAll,
    ClaimsOnEveryPage,
    HasNoObjects,
    InventsPeople,
    ListsTheWithdrawn,
    MovesItsPages,
    MiscountsLikes,
    CountsTheDeleted,
    OneActAPerson,
    TakesBareForShowing,
    RefusesRepeatedPieces,
    ShowsTheUnfinished,
    KeepsUploadsForEver,
    HidesFailures,
}

const PAGE: usize = 100;
const EVER_LISTED: usize = 100;
const LIMIT: u32 = 280;

struct Stored {
    id: u64,
    author: ProfileId,
    new: NewPost,
    at: Time,
}

struct Engagement {
    post: PostId,
    kind: Kind,
    act: Act,
    text: String,
    at: Time,
    withdrawn: bool,
}

#[derive(Default)]
struct State {
    now: i64,
    last_id: u64,
    asked: usize,
    lose: bool,
    limit: bool,
    revoked: Vec<String>,
    posts: Vec<Stored>,
    acts: Vec<Engagement>,
    uploads: Uploads,
}

impl State {
    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn time(&self) -> Time {
        Time::from_micros(self.now)
    }
}

/// Both ends at once.
pub(crate) struct Memory {
    state: Mutex<State>,
    flaw: Option<Flaw>,
}

impl Memory {
    pub(crate) fn new(flaw: Option<Flaw>) -> Self {
        let state = State { now: 1_788_264_000_000_000, ..State::default() };
        Self { state: Mutex::new(state), flaw }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Who asks, unless a limit or a revoked access is in the way.
    fn admit(&self, access: &Access) -> Result<ProfileId, ReadError> {
        let owner = owner(access);
        let mut state = self.state.lock().unwrap();
        if std::mem::take(&mut state.limit) {
            let wait = Span::from_secs(if self.has(Flaw::WaitsUntilThePast) { 0 } else { 60 });
            let until = state.time().plus(wait);
            return Err(ReadError::RateLimited { until, scope: "all".to_owned() });
        }
        if state.revoked.iter().any(|revoked| revoked == owner) {
            return Err(if self.has(Flaw::ReportsRevokedAsRefused) {
                ReadError::Refused("revoked".to_owned())
            } else {
                ReadError::Unauthorized("revoked".to_owned())
            });
        }
        Ok(owner.parse().unwrap())
    }
}

/// Tokens are the ids of their owners.
fn owner(access: &Access) -> &str {
    match &access.proof {
        Proof::OAuth2 { token } | Proof::OAuth1 { token, .. } => token.expose_secret(),
    }
}

fn to_write(error: ReadError) -> WriteError {
    match error {
        ReadError::RateLimited { until, scope } => WriteError::RateLimited { until, scope },
        ReadError::Unauthorized(why) => WriteError::Unauthorized(why),
        other => WriteError::Refused { refusal: Refusal::NotPermitted, detail: other.to_string() },
    }
}

fn person(id: &ProfileId) -> Author {
    Author {
        id: id.clone(),
        handle: format!("u{id}"),
        created_at: None,
        followers: None,
        following: None,
        posts: None,
        default_avatar: None,
    }
}

#[async_trait]
impl Network for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn pay_policy(&self) -> PayPolicy {
        PayPolicy { kinds: &Kind::ALL, forbidden_by: None }
    }

    fn media_rules(&self) -> MediaRules {
        uploads::rules()
    }

    fn measure(&self, text: &str) -> Measure {
        let length = u32::try_from(text.chars().count()).unwrap();
        let limit = if self.has(Flaw::MeasuresTooLittle) { LIMIT + 9 } else { LIMIT };
        Measure { length, limit }
    }

    fn post_url(&self, post: &PostId) -> String {
        format!("memory:{post}")
    }

    fn begin_sign_in(&self, _: Purpose, _: &str) -> Result<SignIn, GrantError> {
        Err(nobody_signs_in())
    }

    async fn finish_sign_in(
        &self,
        _: &SecretString,
        _: &SecretString,
    ) -> Result<Granted, GrantError> {
        Err(nobody_signs_in())
    }

    async fn refresh(&self, _: &SecretString) -> Result<Granted, GrantError> {
        Err(nobody_signs_in())
    }

    async fn give_back(&self, _: &Access) -> Result<(), GrantError> {
        Ok(())
    }

    async fn me(&self, access: &Access) -> Result<Profile, ReadError> {
        let mut id = self.admit(access)?;
        if self.has(Flaw::ConfusesProfiles) {
            id = "1".parse().unwrap();
        }
        Ok(Profile { handle: format!("u{id}"), id })
    }

    async fn begin_upload(&self, access: &Access, medium: &Facts) -> Result<Begun, WriteError> {
        let owner = self.admit(access).map_err(to_write)?;
        let mut state = self.state.lock().unwrap();
        let (id, now) = (state.id(), state.time());
        state.uploads.begin(id, owner, medium, now)
    }

    async fn append_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        piece: u32,
        bytes: Vec<u8>,
    ) -> Result<(), WriteError> {
        let owner = self.admit(access).map_err(to_write)?;
        let mut state = self.state.lock().unwrap();
        let now = state.time();
        let repeats = !self.has(Flaw::RefusesRepeatedPieces);
        state.uploads.append((&owner, upload), piece, bytes, (now, repeats))
    }

    async fn finish_upload(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Uploaded, WriteError> {
        let owner = self.admit(access).map_err(to_write)?;
        let mut state = self.state.lock().unwrap();
        let now = state.time();
        let hides = self.has(Flaw::HidesFailures);
        state.uploads.finish(&owner, upload, now).map(|uploaded| uploads::shown(uploaded, hides))
    }

    async fn upload_state(
        &self,
        access: &Access,
        upload: &UploadId,
    ) -> Result<Option<Uploaded>, ReadError> {
        let owner = self.admit(access)?;
        let state = self.state.lock().unwrap();
        let found = state.uploads.state(&owner, upload, state.time())?;
        Ok(found.map(|uploaded| uploads::shown(uploaded, self.has(Flaw::HidesFailures))))
    }

    async fn describe_upload(
        &self,
        access: &Access,
        upload: &UploadId,
        _: &str,
    ) -> Result<(), WriteError> {
        let owner = self.admit(access).map_err(to_write)?;
        let state = self.state.lock().unwrap();
        state.uploads.state(&owner, upload, state.time()).map(drop).map_err(to_write)
    }

    async fn create_post(&self, access: &Access, post: &NewPost) -> Result<PostId, WriteError> {
        let done_anyway = self.has(Flaw::DoesWhatIsLimited) && self.state.lock().unwrap().limit;
        let admitted = self.admit(access).map_err(to_write);
        let admitted = match admitted {
            Err(error) if !done_anyway => return Err(error),
            other => other,
        };
        let longest = usize::try_from(LIMIT).unwrap();
        if post.text.chars().count() > longest {
            return Err(WriteError::Refused { refusal: Refusal::Invalid, detail: String::new() });
        }
        let mut state = self.state.lock().unwrap();
        let author: ProfileId = owner(access).parse().unwrap();
        let late = self.has(Flaw::KeepsUploadsForEver);
        let unfinished = self.has(Flaw::ShowsTheUnfinished);
        state.uploads.show(&author, &post.media, state.time(), (late, unfinished))?;
        let lost = std::mem::take(&mut state.lose);
        let times = if lost && self.has(Flaw::ResendsWhenLost) { 2 } else { 1 };
        let mut stored = post.clone();
        stored.text = stored.text.replace('&', "&amp;");
        for _ in 0..times {
            let (id, at) = (state.id(), state.time());
            state.posts.push(Stored { id, author: author.clone(), new: stored.clone(), at });
        }
        admitted?;
        if lost && self.has(Flaw::ReportsLostAsRefused) {
            let detail = "lost".to_owned();
            return Err(WriteError::Refused { refusal: Refusal::NotPermitted, detail });
        }
        if lost {
            return Err(WriteError::Unknown("lost".to_owned()));
        }
        Ok(state.last_id.to_string().parse().unwrap())
    }

    async fn find_post(
        &self,
        access: &Access,
        author: &ProfileId,
        post: &NewPost,
        since: Time,
        taken: &[PostId],
    ) -> Result<Option<PostId>, ReadError> {
        self.admit(access)?;
        let since = since.minus(Span::from_secs(60));
        let state = self.state.lock().unwrap();
        let text = |stored: &Stored| {
            let text = stored.new.text.clone();
            if self.has(Flaw::KeepsEntities) { text } else { text.replace("&amp;", "&") }
        };
        let found = state
            .posts
            .iter()
            .filter(|p| self.has(Flaw::IgnoresTheAuthor) || p.author == *author)
            .filter(|p| self.has(Flaw::IgnoresTheTarget) || p.new.reply_to == post.reply_to)
            .filter(|p| self.has(Flaw::IgnoresSince) || p.at >= since)
            .filter(|p| {
                self.has(Flaw::TakesBareForShowing)
                    || p.new.media.is_empty() == post.media.is_empty()
            })
            .filter(|p| text(p) == post.text)
            .map(|p| p.id.to_string().parse().unwrap())
            .find(|id| self.has(Flaw::ForgetsWhatIsTaken) || !taken.contains(id));
        Ok(found)
    }

    async fn delete_post(&self, access: &Access, post: &PostId) -> Result<(), WriteError> {
        self.admit(access).map_err(to_write)?;
        let mut state = self.state.lock().unwrap();
        let lost = std::mem::take(&mut state.lose);
        let before = state.posts.len();
        state.posts.retain(|stored| stored.id.to_string() != post.as_str());
        if lost && self.has(Flaw::ReportsLostDeletionAsLimit) {
            let until = state.time().plus(Span::from_secs(1));
            return Err(WriteError::RateLimited { until, scope: String::new() });
        }
        if lost {
            return Err(WriteError::Unknown("lost".to_owned()));
        }
        if before == state.posts.len() && self.has(Flaw::DeletesOnce) {
            let detail = "no such post".to_owned();
            return Err(WriteError::Refused { refusal: Refusal::NotPermitted, detail });
        }
        Ok(())
    }

    async fn metrics(&self, access: &Access, posts: &[PostId]) -> Result<Vec<Metrics>, ReadError> {
        self.admit(access)?;
        let state = self.state.lock().unwrap();
        let exists = |post: &PostId| {
            self.has(Flaw::CountsTheDeleted)
                || state.posts.iter().any(|stored| stored.id.to_string() == post.as_str())
        };
        let count = |post: &PostId, kind: Kind| {
            let of = |e: &&Engagement| e.post == *post && e.kind == kind && !e.withdrawn;
            u64::try_from(state.acts.iter().filter(of).count()).unwrap()
        };
        let skew = u64::from(self.has(Flaw::MiscountsLikes));
        let counted = posts.iter().filter(|post| exists(post)).map(|post| Metrics {
            post: post.clone(),
            likes: count(post, Kind::Like) + skew,
            reposts: count(post, Kind::Repost),
            quotes: count(post, Kind::Quote),
            replies: count(post, Kind::Reply),
        });
        Ok(counted.collect())
    }

    fn posts_per_count(&self) -> usize {
        1
    }

    fn lists(&self, watched: Watched<'_>, _: Time) -> Vec<List> {
        let pairs =
            watched.posts.iter().flat_map(|post| watched.kinds.iter().map(move |k| (post, k)));
        pairs.map(|(post, kind)| self.list_of(post, *kind)).collect()
    }

    fn list_of(&self, post: &PostId, kind: Kind) -> List {
        List { key: ListKey(format!("{kind}/{post}")), shows: vec![(post.clone(), kind)] }
    }

    async fn engagements(&self, access: &Access, collect: &Collect) -> Result<Page, ReadError> {
        self.admit(access)?;
        let mut state = self.state.lock().unwrap();
        state.asked += 1;
        let (kind, post) = collect.list.0.split_once('/').unwrap();
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap();
        let start: usize =
            collect.cursor.as_ref().map_or(0, |Cursor(at)| at.parse().unwrap_or_default());
        let mut rows: Vec<Sighting> = state
            .acts
            .iter()
            .filter(|e| e.post.as_str() == post && e.kind == kind)
            .filter(|e| !e.withdrawn || self.has(Flaw::ListsTheWithdrawn))
            .map(|e| Sighting {
                post: e.post.clone(),
                kind,
                author: person(&e.act.author),
                object: e.act.object.clone().filter(|_| !self.has(Flaw::HasNoObjects)),
                at: Some(e.at),
                text: Some(e.text.clone()),
            })
            .collect();
        let all = rows.len();
        if kind == Kind::Like {
            rows.truncate(EVER_LISTED);
        }
        if self.has(Flaw::InventsPeople) && !rows.is_empty() {
            rows[0].author = person(&"999999".parse().unwrap());
        }
        if self.has(Flaw::MovesItsPages) && !rows.is_empty() {
            let by = state.asked % rows.len();
            rows.rotate_left(by);
        }
        let cut_off = rows.len() < all;
        let last = start + PAGE >= rows.len() || self.has(Flaw::StopsAfterAPage);
        let complete = !cut_off || self.has(Flaw::ClaimsTheCapIsAll);
        Ok(Page {
            sightings: rows.into_iter().skip(start).take(PAGE).collect(),
            next: (!last).then(|| Cursor((start + PAGE).to_string())),
            proves_absence: (last && complete) || self.has(Flaw::ClaimsOnEveryPage),
        })
    }

    fn forecast(&self, _: &Expected<'_>) -> Forecast {
        Forecast::default()
    }
}

fn nobody_signs_in() -> GrantError {
    GrantError::Keys("nobody signs in here".to_owned())
}

#[async_trait]
impl World for Memory {
    fn network(&self) -> &dyn Network {
        self
    }

    fn now(&self) -> Time {
        self.state.lock().unwrap().time()
    }

    async fn settle(&self) {}

    async fn pass(&self, secs: u32) {
        self.state.lock().unwrap().now += i64::from(secs) * 1_000_000;
    }

    async fn brand(&self) -> Brand {
        let id = self.person().await;
        let access = Access::oauth2(id.as_str());
        Brand { handle: format!("u{id}"), id, access }
    }

    async fn person(&self) -> ProfileId {
        self.state.lock().unwrap().id().to_string().parse().unwrap()
    }

    async fn engage(&self, who: &ProfileId, kind: Kind, post: &PostId, text: &str) -> Act {
        let mut state = self.state.lock().unwrap();
        let speaks = matches!(kind, Kind::Quote | Kind::Reply);
        let object = speaks.then(|| state.id().to_string().parse().unwrap());
        let act = Act { author: who.clone(), object };
        let before = state.acts.iter().any(|e| e.act.author == *who);
        if !(before && self.has(Flaw::OneActAPerson)) {
            let (act, text, at) = (act.clone(), text.to_owned(), state.time());
            let post = post.clone();
            state.acts.push(Engagement { post, kind, act, text, at, withdrawn: false });
        }
        act
    }

    async fn withdraw(&self, kind: Kind, post: &PostId, act: &Act) {
        let mut state = self.state.lock().unwrap();
        for e in &mut state.acts {
            e.withdrawn |= e.post == *post && e.kind == kind && e.act == *act;
        }
    }

    async fn revoke(&self, brand: &Brand) {
        self.state.lock().unwrap().revoked.push(brand.id.as_str().to_owned());
    }

    async fn lose_next_answer(&self) {
        self.state.lock().unwrap().lose = true;
    }

    async fn lose_next_answer_of_an_upload(&self) {
        self.state.lock().unwrap().uploads.lose = true;
    }

    async fn spoil_next_medium(&self) {
        self.state.lock().unwrap().uploads.spoil = true;
    }

    async fn limit_next(&self) {
        self.state.lock().unwrap().limit = true;
    }

    fn ever_listed(&self, kind: Kind) -> Option<usize> {
        (kind == Kind::Like).then_some(EVER_LISTED)
    }
}
