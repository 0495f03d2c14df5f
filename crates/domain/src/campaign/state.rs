//! States, and the steps inside those that take time.

use std::fmt;

/// A state in which the system works and which can therefore stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Posts and funding.
    Publishing,
    /// Public, funded, collecting engagement.
    Running,
    /// Final collection, allocation, contract close.
    Closing,
    /// First payouts and the announcement.
    Settling,
    /// The claim window, then refund and finalise.
    Claimable,
    /// Returning money and deleting posts.
    RollingBack,
}

/// Where a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Being written by its owner.
    Draft,
    /// Waiting for a reviewer.
    InReview,
    /// May be published.
    Approved,
    /// The system works on it.
    At(Phase),
    /// It cannot go on by itself; `step` names what failed.
    Stalled {
        /// Where it was.
        origin: Phase,
        /// What failed.
        step: Step,
    },
    /// Over: paid, refunded, announced.
    Closed,
    /// Given up before it was published.
    Cancelled,
    /// Undone after a failed publication.
    RolledBack,
}

/// A visible step with its own record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Uploading media.
    Media,
    /// The campaign's content.
    Post1,
    /// The contract's `createCampaign`.
    Fund,
    /// The reply that says what is paid, until when, and where to join.
    Post2,
    /// Start and close time.
    Activate,
    /// Reading who engaged.
    Track,
    /// The last reading of who engaged.
    Collect,
    /// Freezing the log and computing every line.
    Allocate,
    /// The contract's `close`.
    CloseContract,
    /// Paying in batches.
    Pay,
    /// The post that says how many and how much.
    Announce,
    /// Late links and claims.
    ClaimWindow,
    /// The contract's `refund`.
    Refund,
    /// The contract's `finalise`.
    Finalise,
    /// The last post.
    FinalPost,
    /// The contract's `cancel`.
    ReturnFunds,
    /// Deleting the posts.
    DeletePosts,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Publishing,
        Self::Running,
        Self::Closing,
        Self::Settling,
        Self::Claimable,
        Self::RollingBack,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publishing => "Publishing",
            Self::Running => "Running",
            Self::Closing => "Closing",
            Self::Settling => "Settling",
            Self::Claimable => "Claimable",
            Self::RollingBack => "RollingBack",
        }
    }

    /// The phase with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

impl State {
    /// The stable name; a stalled campaign's origin and step are stored beside it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::InReview => "InReview",
            Self::Approved => "Approved",
            Self::At(phase) => phase.as_str(),
            Self::Stalled { .. } => "Stalled",
            Self::Closed => "Closed",
            Self::Cancelled => "Cancelled",
            Self::RolledBack => "RolledBack",
        }
    }

    /// The state with this name; `stalled` says where and at what a stalled one stopped.
    pub fn read(name: &str, stalled: Option<(Phase, Step)>) -> Option<Self> {
        match (name, stalled) {
            ("Draft", None) => Some(Self::Draft),
            ("InReview", None) => Some(Self::InReview),
            ("Approved", None) => Some(Self::Approved),
            ("Closed", None) => Some(Self::Closed),
            ("Cancelled", None) => Some(Self::Cancelled),
            ("RolledBack", None) => Some(Self::RolledBack),
            ("Stalled", Some((origin, step))) => Some(Self::Stalled { origin, step }),
            (name, None) => Phase::read(name).map(Self::At),
            _ => None,
        }
    }

    /// Whether nothing will happen to it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Cancelled | Self::RolledBack)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stalled { origin, step } => {
                write!(f, "Stalled({}, {})", origin.as_str(), step.as_str())
            }
            state => f.write_str(state.as_str()),
        }
    }
}

impl Step {
    /// All of them, in the order in which they happen.
    pub const ALL: [Self; 17] = [
        Self::Media,
        Self::Post1,
        Self::Fund,
        Self::Post2,
        Self::Activate,
        Self::Track,
        Self::Collect,
        Self::Allocate,
        Self::CloseContract,
        Self::Pay,
        Self::Announce,
        Self::ClaimWindow,
        Self::Refund,
        Self::Finalise,
        Self::FinalPost,
        Self::ReturnFunds,
        Self::DeletePosts,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Post1 => "post_1",
            Self::Fund => "fund",
            Self::Post2 => "post_2",
            Self::Activate => "activate",
            Self::Track => "track",
            Self::Collect => "collect",
            Self::Allocate => "allocate",
            Self::CloseContract => "close_contract",
            Self::Pay => "pay",
            Self::Announce => "announce",
            Self::ClaimWindow => "claim_window",
            Self::Refund => "refund",
            Self::Finalise => "finalise",
            Self::FinalPost => "final_post",
            Self::ReturnFunds => "return_funds",
            Self::DeletePosts => "delete_posts",
        }
    }

    /// The step with this name.
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }

    /// The phase that it belongs to.
    pub const fn phase(self) -> Phase {
        match self {
            Self::Media | Self::Post1 | Self::Fund | Self::Post2 | Self::Activate => {
                Phase::Publishing
            }
            Self::Track => Phase::Running,
            Self::Collect | Self::Allocate | Self::CloseContract => Phase::Closing,
            Self::Pay | Self::Announce => Phase::Settling,
            Self::ClaimWindow | Self::Refund | Self::Finalise | Self::FinalPost => Phase::Claimable,
            Self::ReturnFunds | Self::DeletePosts => Phase::RollingBack,
        }
    }
}
