//! The API of media.

mod content;
mod create;
mod delete;
mod edit;
mod read;

use hashbuzz_domain::MediumId;

pub(crate) use content::content;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use edit::edit;
pub(crate) use read::read;

use super::{Medium, store};
use crate::App;
use crate::account::Role;
use crate::http::{Problem, Signed};

/// The medium named in a path, when it is the caller's. A foreign id and a malformed one are both
/// "not there".
async fn own(app: &App, signed: &Signed, id: &str) -> Result<Medium, Problem> {
    let medium = load(app, id).await?;
    if medium.account == signed.0.account { Ok(medium) } else { Err(Problem::not_found()) }
}

/// The same for looking at it: reviewers and operators see what campaigns show.
async fn visible(app: &App, signed: &Signed, id: &str) -> Result<Medium, Problem> {
    let medium = load(app, id).await?;
    let looks = signed.0.is(Role::Reviewer) || signed.0.is(Role::Operator);
    let own = medium.account == signed.0.account;
    if own || (looks && !store::used_by(&app.db, medium.id).await?.is_empty()) {
        return Ok(medium);
    }
    Err(Problem::not_found())
}

async fn load(app: &App, id: &str) -> Result<Medium, Problem> {
    let id: MediumId = id.parse().map_err(|_| Problem::not_found())?;
    store::find(&app.db, id).await?.ok_or_else(Problem::not_found)
}

/// A description for people who do not see it, as long as the network takes it.
fn alt_text(app: &App, alt: &str) -> Result<String, Problem> {
    let (alt, most) = (alt.trim(), app.network.media_rules().alt);
    let length = alt.chars().count();
    if u32::try_from(length).is_ok_and(|length| length <= most) {
        return Ok(alt.to_owned());
    }
    let detail = format!("`alt` has {length} characters; the network takes {most}");
    Err(Problem::malformed(detail))
}
