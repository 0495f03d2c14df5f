//! `POST /v2/campaigns/{id}/…`: submit, approve, reject, cancel, publish, close, resume, roll back.
//!
//! Each loads, lets the domain decide, stores state and events together, and answers at once; the
//! work is done by the events. Asking twice is answered the second time with what is the case, and
//! changes nothing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use hashbuzz_domain::campaign::Command;
use hashbuzz_ledger::SponsorFunds;
use hashbuzz_outbox::effect;
use serde::Deserialize;

use super::{owns, visible};
use crate::account::{self, Role};
use crate::audit::audit;
use crate::campaign::transition::With;
use crate::campaign::view::{CampaignView, view};
use crate::campaign::{Campaign, apply, find, load_for_update, network_cost, store};
use crate::http::{Body, Problem, Signed};
use crate::{App, treasury};

type Answer = Result<(StatusCode, Json<CampaignView>), Problem>;

/// Who may give a command.
#[derive(Clone, Copy)]
enum By {
    Owner,
    Reviewer,
    OwnerOrOperator,
}

/// One command, ready to be given.
struct Order<'a> {
    name: &'static str,
    by: By,
    command: Command,
    reason: Option<&'a str>,
    funds: Option<SponsorFunds>,
    answer: StatusCode,
}

impl Order<'_> {
    const fn new(name: &'static str, by: By, command: Command) -> Self {
        Self { name, by, command, reason: None, funds: None, answer: StatusCode::OK }
    }

    const fn accepted(mut self) -> Self {
        self.answer = StatusCode::ACCEPTED;
        self
    }
}

/// The owner hands it in.
pub(crate) async fn submit(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    let command = Command::Submit { review: app.settings.review };
    give(&app, &signed, &id, Order::new("campaign.submit", By::Owner, command)).await
}

/// A reviewer agrees; not with their own.
pub(crate) async fn approve(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    let campaign = visible(&app, &signed, &id).await?;
    let command = Command::Approve { own: owns(&signed, &campaign) };
    give(&app, &signed, &id, Order::new("campaign.approve", By::Reviewer, command)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectBody {
    reason: String,
}

/// A reviewer disagrees and says why.
pub(crate) async fn reject(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
    Body(body): Body<RejectBody>,
) -> Answer {
    let reason = body.reason.trim();
    if reason.is_empty() || reason.len() > 1_000 {
        return Err(Problem::malformed("give a reason of 1 to 1000 characters"));
    }
    let order = Order {
        reason: Some(reason),
        ..Order::new("campaign.reject", By::Reviewer, Command::Reject)
    };
    give(&app, &signed, &id, order).await
}

/// The owner gives it up before it is published.
pub(crate) async fn cancel(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    give(&app, &signed, &id, Order::new("campaign.cancel", By::Owner, Command::Cancel)).await
}

/// The owner publishes it: state, reservation and first event in one transaction.
pub(crate) async fn publish(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    let campaign = visible(&app, &signed, &id).await?;
    if !owns(&signed, &campaign) {
        return Err(Problem::not_found());
    }
    if !account::has_brand(&app, campaign.account).await? {
        let detail = "link the brand profile that posts it first (POST /v2/profiles/sign-ins)";
        return Err(Problem::conflict("profile.missing", detail));
    }
    let funds = treasury::available(&app, campaign.account).await?.funds;
    let command = Command::Publish { media: !campaign.draft.media.is_empty() };
    let order = Order {
        funds: Some(funds),
        ..Order::new("campaign.publish", By::Owner, command).accepted()
    };
    give(&app, &signed, &id, order).await
}

/// The owner or an operator ends it early.
pub(crate) async fn close(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    let order = Order::new("campaign.close", By::OwnerOrOperator, Command::Close).accepted();
    give(&app, &signed, &id, order).await
}

/// The owner or an operator lets a stalled campaign try again.
pub(crate) async fn resume(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    let order = Order::new("campaign.resume", By::OwnerOrOperator, Command::Resume).accepted();
    give(&app, &signed, &id, order).await
}

/// The owner or an operator undoes a publication that failed.
pub(crate) async fn roll_back(
    State(app): State<App>,
    signed: Signed,
    Path(id): Path<String>,
) -> Answer {
    // Whether an outcome is unknown is looked at in the transaction that decides.
    let command = Command::RollBack { undecided: false };
    let order = Order::new("campaign.roll_back", By::OwnerOrOperator, command).accepted();
    give(&app, &signed, &id, order).await
}

fn allowed(signed: &Signed, campaign: &Campaign, by: By) -> Result<(), Problem> {
    match by {
        By::Owner if owns(signed, campaign) => Ok(()),
        By::OwnerOrOperator if owns(signed, campaign) => Ok(()),
        By::OwnerOrOperator if signed.0.is(Role::Operator) => Ok(()),
        By::Owner | By::OwnerOrOperator => Err(Problem::not_found()),
        By::Reviewer => signed.need(Role::Reviewer),
    }
}

async fn give(app: &App, signed: &Signed, id: &str, order: Order<'_>) -> Answer {
    let seen = visible(app, signed, id).await?;
    allowed(signed, &seen, order.by)?;
    let now = app.now();
    let tx = app.db.begin().await?;
    let mut campaign = load_for_update(&tx, seen.id).await?.ok_or_else(Problem::not_found)?;
    let command = match order.command {
        Command::RollBack { .. } => {
            let undecided = effect::undecided(&tx, &campaign.key()).await? > 0;
            Command::RollBack { undecided }
        }
        // It may have been edited since it was looked at.
        Command::Publish { .. } => Command::Publish { media: !campaign.draft.media.is_empty() },
        command => command,
    };
    let with = With { reason: order.reason, funds: order.funds };
    apply(&tx, &mut campaign, command, with, now).await?;
    if matches!(command, Command::Publish { .. }) {
        let micros = network_cost::forecast(app, &campaign).micros;
        store::save_network_micros(&tx, campaign.id, micros).await?;
    }
    if let (Command::Reject, Some(reason)) = (command, order.reason) {
        store::save_reject_reason(&tx, campaign.id, reason).await?;
    }
    let (actor, subject) = (signed.0.account.to_string(), campaign.key());
    audit(&tx, now.micros(), &actor, order.name, &subject, order.reason.unwrap_or("")).await?;
    tx.commit().await?;
    app.wake();
    let campaign = find(&app.db, seen.id).await?.ok_or_else(Problem::not_found)?;
    Ok((order.answer, Json(view(app, signed, &campaign).await?)))
}
