//! Acting for a brand: its access, renewed where it ends soon.
//!
//! An access by OAuth 2.0 lives for two hours or so, and what renews it is good *once*. So one
//! process renews at a time (a lease in the profile's row, taken before the network is asked), and
//! what comes back is stored before anybody uses it. If the answer is lost, nobody asks again before
//! the first request can have no effect any more; asking once more then costs nothing that was not
//! lost. A refusal condemns nothing before the row was read again: somebody else may have renewed it,
//! or the owner may have linked anew. Only what cannot be renewed is given up, and then the owner is
//! asked to link again.

use hashbuzz_db::Db;
use hashbuzz_domain::{AccountId, CampaignId, ProfileId};
use hashbuzz_outbox::{Failure, Turn, Verdict};
use hashbuzz_social::{Access, GrantError, Granted, ReadError};
use secrecy::{ExposeSecret as _, SecretString};

use super::access::{self, Stored};
use super::store::{self, BrandRow};
use super::{AccountError, row};
use crate::audit::audit;
use crate::{App, Vault};

/// Renewed so long before it ends: longer than any one request.
const BEFORE_IT_ENDS: i64 = 5 * 60 * SECOND;
/// A request to renew can have an effect until then: our own time limit and some slack.
const DEADLINE: i64 = 30 * SECOND;
/// Whoever finds an access that is being renewed looks again so soon.
const SOON: i64 = SECOND;
/// While this deployment's own keys are refused, an operator has to act.
const KEYS_AGAIN: i64 = 60 * SECOND;
/// An access that is refused so soon after it was renewed is not worth renewing.
const FRESH: i64 = 60 * SECOND;
const SECOND: i64 = 1_000_000;

/// A brand profile that may post, and the right to.
pub(crate) struct Brand {
    pub(crate) profile: ProfileId,
    pub(crate) access: Access,
    account: AccountId,
    version: i64,
}

/// Whether one can act for a brand now.
pub(crate) enum Acting {
    /// With this.
    Brand(Brand),
    /// Not in this turn.
    Turn(Verdict),
}

/// The brand of `account`, to act for it in one campaign, whose money it costs.
pub(crate) async fn acting(
    app: &App,
    turn: &Turn,
    account: AccountId,
    campaign: Option<CampaignId>,
) -> Result<Acting, Failure> {
    let held = store::brand(&app.db, account, app.network.name()).await?;
    let Some(held) = held else { return Ok(never("no brand profile is linked")) };
    if let Some(why) = &held.link_again {
        return Ok(never(format!("the brand profile has to be linked again: {why}")));
    }
    let stored = access::open(app, &held).map_err(failure)?;
    let now = turn.now();
    let ends_soon = held.access_ends_at.is_some_and(|end| end <= now + BEFORE_IT_ENDS);
    let acting = match &stored.refresh {
        Some(refresh) if ends_soon => renew(app, account, &held, refresh, now).await?,
        _ if held.renewing_until > now => being_renewed(&held, now),
        _ => Acting::Brand(brand(account, &held, stored.access)?),
    };
    Ok(match (acting, campaign) {
        (Acting::Brand(mut brand), Some(campaign)) => {
            brand.access = brand.access.booked_on(campaign.to_string());
            Acting::Brand(brand)
        }
        (acting, _) => acting,
    })
}

fn brand(account: AccountId, held: &BrandRow, access: Access) -> Result<Brand, Failure> {
    let profile: ProfileId = held.profile()?;
    let access = access.of(profile.clone());
    Ok(Brand { profile, access, account, version: held.access_version })
}

async fn renew(
    app: &App,
    account: AccountId,
    held: &BrandRow,
    refresh: &SecretString,
    now: i64,
) -> Result<Acting, Failure> {
    let network = app.network.name();
    if !store::take_renewal(&app.db, network, held, now, now + DEADLINE).await? {
        return Ok(being_renewed(held, now));
    }
    match app.network.refresh(refresh).await {
        Ok(granted) => {
            // What renewed it is spent now, and its successor is here only.
            keep(app, account, held, granted, refresh, now).await
        }
        Err(GrantError::Refused(words)) => {
            link_again(app, account, held.access_version, &words).await
        }
        Err(error @ GrantError::Keys(_)) => {
            store::end_renewal(&app.db, network, held).await?;
            tracing::error!(%error, "accesses cannot be renewed");
            Ok(later(now + KEYS_AGAIN, error.to_string()))
        }
        Err(error @ GrantError::Unavailable(_)) => {
            store::end_renewal(&app.db, network, held).await?;
            let still_good = held.access_ends_at.is_some_and(|end| end > now + DEADLINE);
            if still_good {
                let access = access::open(app, held).map_err(failure)?.access;
                return Ok(Acting::Brand(brand(account, held, access)?));
            }
            Err(Failure(format!("the access could not be renewed: {error}")))
        }
        Err(error @ GrantError::Unknown(_)) => {
            Ok(later(now + DEADLINE, format!("renewing the access: {error}")))
        }
    }
}

/// Stores what came back, and only then gives it out.
async fn keep(
    app: &App,
    account: AccountId,
    held: &BrandRow,
    granted: Granted,
    spent: &SecretString,
    now: i64,
) -> Result<Acting, Failure> {
    // Some networks go on with the same one and send none.
    let refresh = granted.refresh.unwrap_or_else(|| spent.clone());
    let stored = Stored { access: granted.access, refresh: Some(refresh) };
    let sealed = access::seal(app, &held.profile()?, &stored).map_err(failure)?;
    let ends_at = granted.expires_at.map(hashbuzz_domain::Time::micros);
    let tx = app.db.begin().await?;
    let kept = store::save_renewed(&tx, app.network.name(), held, (sealed, ends_at), now).await?;
    tx.commit().await?;
    if !kept {
        // The owner has linked anew meanwhile, and that access is as good.
        return Ok(later(now, "the profile was linked again meanwhile"));
    }
    let mut brand = brand(account, held, stored.access)?;
    brand.version += 1;
    Ok(Acting::Brand(brand))
}

/// Somebody else renews it. Waiting is cheap; an access that is about to be replaced may end at any
/// moment.
fn being_renewed(held: &BrandRow, now: i64) -> Acting {
    let until = if held.renewing_until > now { held.renewing_until.min(now + SOON) } else { now };
    later(until, "the brand's access is being renewed")
}

/// What follows when the network refused `brand`'s access: the turn ends, and the next one has a
/// better access or says what the owner has to do.
pub(crate) async fn refused(
    app: &App,
    turn: &Turn,
    brand: &Brand,
    words: &str,
) -> Result<Verdict, Failure> {
    let now = turn.now();
    let network = app.network.name();
    let held = store::brand(&app.db, brand.account, network).await?;
    let Some(held) = held else { return Ok(Verdict::Never { why: words.to_owned() }) };
    if held.access_version != brand.version {
        return Ok(wait(now, "the access was renewed meanwhile"));
    }
    let stored = access::open(app, &held).map_err(failure)?;
    if stored.refresh.is_some() && now - held.renewed_at > FRESH {
        store::distrust(&app.db, network, &held).await?;
        return Ok(wait(now, "the network refuses the access before its time: renewing it"));
    }
    if stored.refresh.is_none() {
        // One refusal of one endpoint proves nothing about an access that does not end by itself.
        match app.network.me(&brand.access).await {
            Err(ReadError::Unauthorized(_)) => {}
            Ok(_) => return Err(Failure(format!("refused, although the access is good: {words}"))),
            Err(error) => return Err(Failure(format!("refused: {words}; then: {error}"))),
        }
    }
    match link_again(app, brand.account, held.access_version, words).await? {
        Acting::Turn(verdict) => Ok(verdict),
        Acting::Brand(_) => Ok(wait(now, "the profile was linked again meanwhile")),
    }
}

/// How a turn ends in which the network could not be read with `brand`'s access.
pub(crate) async fn not_read(
    app: &App,
    turn: &Turn,
    brand: &Brand,
    error: ReadError,
) -> Result<Verdict, Failure> {
    match error {
        ReadError::RateLimited { until, scope } => {
            Ok(Verdict::Later { until: until.micros(), why: scope })
        }
        ReadError::NoCredit { until, .. } => {
            Ok(Verdict::Later { until: until.micros(), why: error.to_string() })
        }
        ReadError::Unauthorized(words) => refused(app, turn, brand, &words).await,
        ReadError::Gone(_) | ReadError::Refused(_) | ReadError::Unavailable(_) => {
            Err(Failure(error.to_string()))
        }
    }
}

/// Asks the owner to link again, unless somebody has a better access by now.
async fn link_again(
    app: &App,
    account: AccountId,
    version: i64,
    words: &str,
) -> Result<Acting, Failure> {
    let now = app.clock.now();
    let network = app.network.name();
    let tx = app.db.begin().await?;
    let ended = store::end_access(&tx, (account, network), version, words).await?;
    if ended {
        let subject = format!("{network}:{account}");
        audit(&tx, now, "system", "profile.access_ended", &subject, words).await?;
    }
    tx.commit().await?;
    if !ended {
        return Ok(later(now, "the access was renewed meanwhile"));
    }
    tracing::warn!(%account, words, "a brand profile has to be linked again");
    Ok(never(format!("the brand profile has to be linked again: {words}")))
}

fn wait(until: i64, why: &str) -> Verdict {
    Verdict::Later { until, why: why.to_owned() }
}

fn later(until: i64, why: impl Into<String>) -> Acting {
    Acting::Turn(Verdict::Later { until, why: why.into() })
}

fn never(why: impl Into<String>) -> Acting {
    Acting::Turn(Verdict::Never { why: why.into() })
}

fn failure(error: AccountError) -> Failure {
    Failure(error.to_string())
}

/// Seals every access anew that an old key has sealed. Returns how many those were.
///
/// # Errors
/// A value that no key opens; the database's.
pub async fn reseal(db: &Db, vault: &Vault) -> Result<u64, AccountError> {
    let mut resealed = 0;
    let mut after = (String::new(), String::new());
    loop {
        let rows = store::sealed(db, (&after.0, &after.1)).await?;
        let Some(last) = rows.last() else { return Ok(resealed) };
        after = (last.network.clone(), last.profile.clone());
        for held in rows {
            if vault.is_current(&held.access) {
                continue;
            }
            let name = row(&held.network, &held.profile);
            let secret = vault.open(&name, &held.access)?;
            let anew = vault.seal(&name, secret.expose_secret())?;
            // Whoever renewed it meanwhile has sealed it with the new key.
            resealed += store::replace_sealed(db, &held, anew).await?;
        }
    }
}
