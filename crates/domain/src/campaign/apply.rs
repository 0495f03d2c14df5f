//! What every command does in every state.

use super::{Phase, State, Step};
use crate::{Span, Time};

/// Something that a person asks for, or that the system found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The owner changes the draft.
    Edit,
    /// The owner hands it in. Without review in this deployment it is approved at once.
    Submit {
        /// Whether this deployment reviews.
        review: bool,
    },
    /// A reviewer agrees.
    Approve {
        /// Whether the reviewer owns the campaign.
        own: bool,
    },
    /// A reviewer disagrees, with a reason that is stored beside.
    Reject,
    /// The owner gives it up.
    Cancel,
    /// The owner publishes it.
    Publish {
        /// Whether it carries pictures or a video, which are uploaded first.
        media: bool,
    },
    /// The next step of publishing may begin: the one before is done.
    Advance {
        /// The step that is done.
        done: Step,
    },
    /// Publishing failed before anything was public or funded.
    Abandon,
    /// All steps of publishing are done; it runs for so long.
    Activate {
        /// How long it runs.
        duration: Span,
    },
    /// Its time is over, or its owner or a trigger ends it early.
    Close,
    /// Log frozen, lines computed, contract closed.
    Settle,
    /// First payouts and announcement done; the claim window ends then.
    OpenClaims {
        /// When the contract lets the rest be refunded.
        until: Time,
    },
    /// Refunded and finalised.
    Finish,
    /// It cannot go on.
    Stall {
        /// What failed.
        step: Step,
    },
    /// Owner or operator: try the failed step again.
    Resume,
    /// Owner or operator: undo what was published.
    RollBack {
        /// Whether an effect's outcome is not known yet.
        undecided: bool,
    },
    /// Escrow and fee returned, posts deleted.
    FinishRollBack,
}

/// What has to happen because of a transition. Stored with it, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reserve budget and fee in our books, or refuse the transition.
    Reserve,
    /// Release the reservation.
    Release,
    /// Begin this step.
    Begin(Step),
    /// Begin this step at that time.
    Schedule(Step, Time),
    /// End the campaign at that time.
    CloseAt(Time),
}

/// Where a command leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The next state.
    pub state: State,
    /// What has to happen.
    pub effects: Vec<Effect>,
}

/// Why a command does nothing in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Asked a second time, by two clicks or two machines: the first time counts.
    #[error("it is already publishing; nothing was changed")]
    AlreadyPublishing,
    /// Not before a reviewer agreed.
    #[error("it is not approved yet: submit it and wait for a reviewer")]
    NotApproved,
    /// Only drafts are submitted.
    #[error("only a draft can be submitted")]
    NotADraft,
    /// Only what waits for review is reviewed.
    #[error("it is not waiting for review")]
    NotInReview,
    /// Nobody approves their own campaign.
    #[error("nobody approves their own campaign: ask another reviewer")]
    OwnCampaign,
    /// What was published is not edited or cancelled.
    #[error("it was published: end it by closing, or roll it back where that is possible")]
    Published,
    /// Only a running campaign is closed.
    #[error("only a running campaign can be closed")]
    NotRunning,
    /// Only a stalled campaign is resumed or rolled back.
    #[error("it is not stalled")]
    NotStalled,
    /// A payout may have happened.
    #[error("it cannot be rolled back: participants may have been paid. Resume it instead")]
    TooLateToRollBack,
    /// Somebody has to look first.
    #[error("the outcome of a step is not known yet; roll back is possible once it is")]
    Undecided,
    /// It is over.
    #[error("it is over; nothing can be changed")]
    Over,
    /// The system's own command came late or twice; the first time counts.
    #[error("this step was done before")]
    Stale,
}

/// What `command` does to a campaign in `state`.
///
/// # Errors
/// A [`Refusal`]; state and effects stay as they are.
pub fn apply(state: State, command: Command, now: Time) -> Result<Transition, Refusal> {
    use Command as C;
    if state.is_final() {
        return Err(match command {
            C::Edit | C::Submit { .. } | C::Cancel | C::Publish { .. } | C::Close => Refusal::Over,
            C::Approve { .. } | C::Reject => Refusal::NotInReview,
            C::Resume | C::RollBack { .. } => Refusal::NotStalled,
            _ => Refusal::Stale,
        });
    }
    match command {
        C::Edit | C::Submit { .. } | C::Approve { .. } | C::Reject | C::Cancel => {
            prepare(state, command)
        }
        C::Publish { .. } | C::Advance { .. } | C::Abandon | C::Activate { .. } => {
            publish(state, command, now)
        }
        C::Close | C::Settle | C::OpenClaims { .. } | C::Finish => close(state, command),
        C::Stall { .. } | C::Resume | C::RollBack { .. } | C::FinishRollBack => {
            repair(state, command)
        }
    }
}

fn to(state: State, effects: impl Into<Vec<Effect>>) -> Result<Transition, Refusal> {
    Ok(Transition { state, effects: effects.into() })
}

/// Before it is published.
fn prepare(state: State, command: Command) -> Result<Transition, Refusal> {
    match (state, command) {
        (State::Draft | State::Approved, Command::Edit) => to(State::Draft, []),
        (State::Draft, Command::Submit { review: true }) => to(State::InReview, []),
        (State::Draft, Command::Submit { review: false }) => to(State::Approved, []),
        (State::InReview, Command::Approve { own: false }) => to(State::Approved, []),
        (State::InReview, Command::Approve { own: true }) => Err(Refusal::OwnCampaign),
        (State::InReview, Command::Reject) => to(State::Draft, []),
        (State::Draft | State::InReview | State::Approved, Command::Cancel) => {
            to(State::Cancelled, [])
        }
        (_, Command::Approve { .. } | Command::Reject) => Err(Refusal::NotInReview),
        (State::InReview | State::Approved, _) => Err(Refusal::NotADraft),
        (_, Command::Submit { .. }) => Err(Refusal::NotADraft),
        (_, _) => Err(Refusal::Published),
    }
}

/// From two clicks to a running campaign.
fn publish(state: State, command: Command, now: Time) -> Result<Transition, Refusal> {
    let publishing = State::At(Phase::Publishing);
    match (state, command) {
        (State::Approved, Command::Publish { media }) => {
            let first = if media { Step::Media } else { Step::Post1 };
            to(publishing, [Effect::Reserve, Effect::Begin(first)])
        }
        (State::Draft | State::InReview, Command::Publish { .. }) => Err(Refusal::NotApproved),
        (_, Command::Publish { .. }) => Err(Refusal::AlreadyPublishing),
        (State::At(Phase::Publishing), Command::Advance { done }) => match done {
            Step::Media => to(publishing, [Effect::Begin(Step::Post1)]),
            Step::Post1 => to(publishing, [Effect::Begin(Step::Fund)]),
            Step::Fund => to(publishing, [Effect::Begin(Step::Post2)]),
            Step::Post2 => to(publishing, [Effect::Begin(Step::Activate)]),
            _ => Err(Refusal::Stale),
        },
        (State::At(Phase::Publishing), Command::Abandon) => to(State::Approved, [Effect::Release]),
        (State::At(Phase::Publishing), Command::Activate { duration }) => to(
            State::At(Phase::Running),
            [Effect::Begin(Step::Track), Effect::CloseAt(now.plus(duration))],
        ),
        (_, _) => Err(Refusal::Stale),
    }
}

/// From the end of a campaign to the end of its money.
fn close(state: State, command: Command) -> Result<Transition, Refusal> {
    match (state, command) {
        (State::At(Phase::Running), Command::Close) => {
            to(State::At(Phase::Closing), [Effect::Begin(Step::Collect)])
        }
        (_, Command::Close) => Err(Refusal::NotRunning),
        (State::At(Phase::Closing), Command::Settle) => {
            to(State::At(Phase::Settling), [Effect::Begin(Step::Pay)])
        }
        (State::At(Phase::Settling), Command::OpenClaims { until }) => {
            to(State::At(Phase::Claimable), [Effect::Schedule(Step::ClaimWindow, until)])
        }
        (State::At(Phase::Claimable), Command::Finish) => to(State::Closed, [Effect::Release]),
        (_, _) => Err(Refusal::Stale),
    }
}

/// What cannot go on, and how it does.
fn repair(state: State, command: Command) -> Result<Transition, Refusal> {
    match (state, command) {
        (State::At(origin), Command::Stall { step }) if step.phase() == origin => {
            to(State::Stalled { origin, step }, [])
        }
        (_, Command::Stall { .. }) => Err(Refusal::Stale),
        (State::Stalled { origin, step }, Command::Resume) => {
            to(State::At(origin), [Effect::Begin(step)])
        }
        (State::Stalled { origin: Phase::Publishing, .. }, Command::RollBack { undecided }) => {
            if undecided {
                Err(Refusal::Undecided)
            } else {
                to(State::At(Phase::RollingBack), [Effect::Begin(Step::ReturnFunds)])
            }
        }
        (State::Stalled { .. }, Command::RollBack { .. }) => Err(Refusal::TooLateToRollBack),
        (_, Command::Resume | Command::RollBack { .. }) => Err(Refusal::NotStalled),
        (State::At(Phase::RollingBack), Command::FinishRollBack) => {
            to(State::RolledBack, [Effect::Release])
        }
        (_, _) => Err(Refusal::Stale),
    }
}
