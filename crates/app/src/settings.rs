//! What a deployment decides about campaigns.

use hashbuzz_domain::Span;
use hashbuzz_domain::campaign::Bounds;

/// Decisions of a deployment. The program reads them from its settings file; here they are typed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What drafts may ask for.
    pub bounds: Bounds,
    /// Whether a reviewer has to agree before a campaign is published.
    pub review: bool,
    /// The deployment's fee on a budget, in basis points (1,000 = 10%).
    pub fee_bps: u16,
    /// Lines below it are not paid, in tinybars (default 0.01 HBAR).
    pub minimum_payout: u64,
    /// Profiles with a higher score (0 to 100) are not paid.
    pub bot_threshold: u8,
    /// How long after the close an engagement without a network time may first be seen.
    pub grace: Span,
    /// How long after the close the lists are read for the last time. A network's search lags (X:
    /// about 30 s), and whoever replied in time must be found.
    pub collect_after: Span,
    /// Between two looks at the public counts of a running campaign.
    pub track_every: Span,
    /// Between two walks over the lists of who engaged, while it runs.
    pub sweep_every: Span,
    /// Between two looks at the escrow's log.
    pub watch_every: Span,
    /// With fewer tinybars the operator's account needs more soon: fees are paid from it.
    pub low_balance: u64,
    /// Never closed by then after its end: the sponsor alone may recover everything.
    pub recover_after: Span,
    /// Where people join, as said in the second post.
    pub join_url: String,
    /// How long what is finished is kept.
    pub retention: Retention,
}

/// How long what is finished is kept. Audit, effects and money are kept for ever.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Finished events of a campaign, after its last one.
    pub history: Span,
    /// Finished events of no campaign, and events that an operator set aside.
    pub housekeeping: Span,
}

impl Default for Retention {
    fn default() -> Self {
        Self { history: Span::from_secs(30 * 86_400), housekeeping: Span::from_secs(86_400) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            review: true,
            fee_bps: 1_000,
            minimum_payout: 1_000_000,
            bot_threshold: hashbuzz_domain::engagement::score::DEFAULT_THRESHOLD,
            grace: Span::from_secs(300),
            collect_after: Span::from_secs(60),
            track_every: Span::from_secs(300),
            sweep_every: Span::from_secs(6 * 3_600),
            watch_every: Span::from_secs(5),
            low_balance: 20 * 100_000_000,
            recover_after: Span::from_secs(30 * 86_400),
            join_url: String::new(),
            retention: Retention::default(),
        }
    }
}
