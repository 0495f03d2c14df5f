//! The log as the domain reads it.

use std::collections::BTreeMap;

use hashbuzz_db::{DbError, Sql};
use hashbuzz_domain::engagement::{AuthorFacts, Observation, Standing};
use hashbuzz_domain::{CampaignId, Time};

use super::store::{self, ObservationRow, StoredFacts};
use crate::stored::{parse, read_json, time};

/// Rows read at a time.
const PAGE: i64 = 5_000;

/// All sightings of a campaign, each with how it stands after the last walk over its list: seen in
/// it, or proved gone by it, or (where the list proves nothing) seen at some time.
pub(crate) async fn read_log(
    db: &impl Sql,
    campaign: CampaignId,
) -> Result<Vec<Observation>, DbError> {
    let mut last = BTreeMap::new();
    for row in store::last_sweeps(db, campaign).await? {
        last.insert((row.post, row.kind), (row.number, row.proves_absence));
    }
    let mut log = Vec::new();
    loop {
        let offset = i64::try_from(log.len()).unwrap_or(i64::MAX);
        let rows = store::observations(db, campaign, offset, PAGE).await?;
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        for row in rows {
            let sweep = last.get(&(row.post.clone(), row.kind.clone())).copied();
            log.push(read(row, sweep)?);
        }
        if count < PAGE {
            return Ok(log);
        }
    }
}

fn read(row: ObservationRow, last: Option<(i64, bool)>) -> Result<Observation, DbError> {
    let standing = match last {
        Some((number, _)) if row.last_sweep >= number => Standing::Stands,
        Some((_, true)) => Standing::Withdrawn,
        Some((_, false)) | None => Standing::LastSighting,
    };
    let facts: StoredFacts = read_json(&row.facts)?;
    Ok(Observation {
        profile: parse(&row.profile)?,
        kind: parse(&row.kind)?,
        post: parse(&row.post)?,
        object: if row.object.is_empty() { None } else { Some(parse(&row.object)?) },
        network_time: time(row.network_time),
        first_seen: Time::from_micros(row.first_seen),
        text: row.body,
        handle: row.handle,
        author: AuthorFacts {
            created_at: time(facts.created_at),
            followers: facts.followers,
            following: facts.following,
            posts: facts.posts,
            default_avatar: facts.default_avatar,
        },
        standing,
    })
}
