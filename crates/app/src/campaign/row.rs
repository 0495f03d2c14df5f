//! A campaign as it is read.

use hashbuzz_db::{DbError, FromQueryResult};
use hashbuzz_domain::campaign::{Draft, Phase, State, Step};
use hashbuzz_domain::{AccountId, Amount, Asset, CampaignId, PostId, Time};

use super::stored_draft;
use crate::stored::{parse, read_units, time};

/// One campaign.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    pub(crate) id: CampaignId,
    pub(crate) account: AccountId,
    pub(crate) state: State,
    pub(crate) stalled_reason: Option<String>,
    pub(crate) draft: Draft,
    pub(crate) fee: Amount,
    pub(crate) reject_reason: Option<String>,
    pub(crate) version: i64,
    pub(crate) post_1: Option<(PostId, Time)>,
    pub(crate) post_2: Option<PostId>,
    pub(crate) starts_at: Option<Time>,
    pub(crate) closes_at: Option<Time>,
    pub(crate) closed_at: Option<Time>,
    pub(crate) claim_until: Option<Time>,
    pub(crate) created_at: Time,
    /// What following it was expected to cost at the network, in millionths of a dollar, when its
    /// owner published it.
    pub(crate) network_micros: Option<i64>,
}

impl Campaign {
    /// Budget and fee together, in units; nothing when the sum is more than can exist.
    pub(crate) fn cost(&self) -> Option<u64> {
        self.draft.budget.checked_add(self.fee).map(Amount::units)
    }

    /// The key of its events, steps and effects.
    pub(crate) fn key(&self) -> String {
        self.id.to_string()
    }

    /// A tag that makes every text of the system unique: networks refuse a text that its author
    /// published lately. Of the key, the end: its beginning is the time, which campaigns share.
    pub(crate) fn code(&self) -> String {
        let key = self.key();
        let at = key.len().saturating_sub(8);
        format!("#hb{}", &key[at..])
    }

    /// Its posts, in the order in which they were made.
    pub(crate) fn posts(&self) -> Vec<PostId> {
        self.post_1.iter().map(|(post, _)| post).chain(&self.post_2).cloned().collect()
    }

    /// Whether it is at `phase` and not stalled there: what an event handler checks first.
    pub(crate) fn is_at(&self, phase: Phase) -> bool {
        self.state == State::At(phase)
    }
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: String,
    account: String,
    state: String,
    stalled_origin: Option<String>,
    stalled_step: Option<String>,
    stalled_reason: Option<String>,
    draft: String,
    fee: i64,
    reject_reason: Option<String>,
    version: i64,
    post_1: Option<String>,
    post_1_at: Option<i64>,
    post_2: Option<String>,
    starts_at: Option<i64>,
    closes_at: Option<i64>,
    closed_at: Option<i64>,
    claim_until: Option<i64>,
    created_at: i64,
    network_micros: Option<i64>,
}

pub(super) const COLUMNS: &str = "id, account, state, stalled_origin, stalled_step, stalled_reason, \
     draft, fee, reject_reason, version, post_1, post_1_at, post_2, starts_at, closes_at, \
     closed_at, claim_until, created_at, network_micros";

impl TryFrom<Row> for Campaign {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let stalled = match (&row.stalled_origin, &row.stalled_step) {
            (Some(origin), Some(step)) => Phase::read(origin).zip(Step::read(step)),
            _ => None,
        };
        let state = State::read(&row.state, stalled)
            .ok_or_else(|| DbError::Corrupt(format!("campaign state `{}`", row.state)))?;
        let post_1 = match (&row.post_1, row.post_1_at) {
            (Some(post), Some(at)) => Some((parse(post)?, Time::from_micros(at))),
            _ => None,
        };
        Ok(Self {
            id: parse(&row.id)?,
            account: parse(&row.account)?,
            state,
            stalled_reason: row.stalled_reason,
            draft: stored_draft::read(&row.draft)?,
            fee: Amount::new(read_units(row.fee)?, Asset::Hbar),
            reject_reason: row.reject_reason,
            version: row.version,
            post_1,
            post_2: row.post_2.as_deref().map(parse).transpose()?,
            starts_at: time(row.starts_at),
            closes_at: time(row.closes_at),
            closed_at: time(row.closed_at),
            claim_until: time(row.claim_until),
            created_at: Time::from_micros(row.created_at),
            network_micros: row.network_micros,
        })
    }
}
