//! What a draft may show: the owner's media, together as the network shows them.

use hashbuzz_db::DbError;
use hashbuzz_domain::campaign::FieldError;
use hashbuzz_domain::media::Facts;
use hashbuzz_domain::{AccountId, MediumId};

use super::store;
use crate::App;

/// More than any network shows in one post.
const MOST: usize = 16;

fn wrong(code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError { field: "media", code, message: message.into() }
}

/// The media of `account` that `ids` name, if one post can show them in this order.
pub(crate) async fn choose(
    app: &App,
    account: AccountId,
    ids: &[String],
) -> Result<Result<Vec<MediumId>, FieldError>, DbError> {
    if ids.len() > MOST {
        return Ok(Err(wrong("too_many", format!("name at most {MOST} media"))));
    }
    let mut chosen: Vec<MediumId> = Vec::with_capacity(ids.len());
    for id in ids {
        match id.parse() {
            Ok(id) if chosen.contains(&id) => {
                return Ok(Err(wrong("twice", format!("{id} is named twice"))));
            }
            Ok(id) => chosen.push(id),
            Err(_) => return Ok(Err(unknown(id))),
        }
    }
    let found = store::among(&app.db, &chosen).await?;
    let mut facts: Vec<Facts> = Vec::with_capacity(chosen.len());
    for id in &chosen {
        match found.iter().find(|medium| medium.id == *id && medium.account == account) {
            Some(medium) => facts.push(medium.facts),
            None => return Ok(Err(unknown(&id.to_string()))),
        }
    }
    Ok(app.network.media_rules().check(&facts).map(|()| chosen).map_err(|why| wrong("rules", why)))
}

/// Not there, or somebody else's: the two look alike on purpose.
fn unknown(id: &str) -> FieldError {
    let id: String = id.chars().take(40).collect();
    wrong("unknown", format!("there is no medium `{id}` of yours: POST /v2/media takes it"))
}
