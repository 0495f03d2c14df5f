//! The exam that every implementation takes.
//!
//! Each function is one promise of the port, told in its name and kept or broken through the port
//! alone. What the port cannot do — break a connection on purpose, move the clock, deposit as a
//! sponsor — the examiner brings as a [`Proving`] ground. A function panics where the promise is
//! broken. All of them are independent of what ran before on the same ground.
//!
//! Only [`Proving::later`] lets time pass; there is no sleep here, so with a clock that can be
//! moved the exam takes as long as its requests.

use async_trait::async_trait;
use hashbuzz_domain::{Asset, CampaignId, EvmAddress, Span, Time};

use crate::{
    EscrowCall, EscrowEvent, EscrowEventKind, EscrowState, EventCursor, Ledger, Outcome, PayEntry,
    PrepareError, Prepared, SendError,
};

/// How many looks a transaction gets until its outcome must be known.
const PATIENCE: u32 = 400;

/// What goes wrong with the next transaction that reaches the network, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is applied, and the answer is lost.
    AnswerLost,
    /// It is lost on the way, and so is the answer.
    RequestLost,
    /// The network is too busy to take it, and says so.
    Busy,
}

/// An account of the proving ground's, with a known address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// What stands for it in the EVM.
    pub address: EvmAddress,
    /// Its id.
    pub account: hashbuzz_domain::AccountId,
}

/// A network for tests with the escrow contract on it, and everybody on it but the operator.
#[async_trait]
pub trait Proving: Send + Sync {
    /// The network's time.
    fn now(&self) -> Time;

    /// Lets time pass, for the network as for everybody.
    async fn later(&self, by: Span);

    /// Provokes one fault, for the next transaction.
    async fn provoke(&self, fault: Fault);

    /// How many transactions of the operator's were applied so far, well or badly.
    async fn applied(&self) -> u64;

    /// A campaign id that was not used before.
    fn fresh_campaign(&self) -> CampaignId;

    /// A new account with nothing in the contract.
    async fn fresh_party(&self) -> Party;

    /// The party deposits and allows campaigns to take `allowance` (fees up to `max_fee_bps`
    /// ten-thousandths), and it is done.
    async fn deposit_and_allow(&self, by: Party, amount: u64, allowance: u64, max_fee_bps: u16);

    /// The party takes free balance out of the contract, and it is done.
    async fn withdraw(&self, by: Party, amount: u64);

    /// What the party has outside the contract, in tinybars.
    async fn balance(&self, of: Party) -> u64;
}

/// Sends, and looks until the outcome is known.
async fn run(ledger: &dyn Ledger, ground: &dyn Proving, call: &EscrowCall) -> Outcome {
    let prepared = prepare(ledger, ground, call).await;
    ledger.send(&prepared).await.expect("an undisturbed network takes the transaction");
    settle(ledger, ground, &prepared).await
}

async fn must(ledger: &dyn Ledger, ground: &dyn Proving, call: &EscrowCall) {
    let outcome = run(ledger, ground, call).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{}: {outcome:?}", call.function());
}

async fn prepare(ledger: &dyn Ledger, ground: &dyn Proving, call: &EscrowCall) -> Prepared {
    ledger.prepare(call, ground.now()).await.expect("the call can be prepared")
}

/// The outcome once it is known; time passes in between.
async fn settle(ledger: &dyn Ledger, ground: &dyn Proving, prepared: &Prepared) -> Outcome {
    for _ in 0..PATIENCE {
        match ledger.look_up(prepared).await.expect("an undisturbed network can be asked") {
            Outcome::Pending => ground.later(Span::from_secs(1)).await,
            known => return known,
        }
    }
    panic!("{} stays pending", prepared.transaction_id);
}

/// A campaign of 1,000 + 100 tinybars, of a new sponsor who deposited 5,000 and allowed 2,000.
async fn funded(ledger: &dyn Ledger, ground: &dyn Proving) -> (Party, CampaignId) {
    let sponsor = ground.fresh_party().await;
    ground.deposit_and_allow(sponsor, 5_000, 2_000, 1_000).await;
    visible(ledger, ground, sponsor, 5_000).await;
    let campaign = ground.fresh_campaign();
    must(ledger, ground, &create(ground, campaign, sponsor)).await;
    (sponsor, campaign)
}

fn create(ground: &dyn Proving, campaign: CampaignId, sponsor: Party) -> EscrowCall {
    EscrowCall::CreateCampaign {
        campaign,
        sponsor: sponsor.address,
        asset: Asset::Hbar,
        budget: 1_000,
        fee: 100,
        claim_window: Span::from_secs(3_600),
        refund_after: ground.now().secs() + 30 * 86_400,
    }
}

/// Waits until reads, which may trail, show the sponsor's free balance.
async fn visible(ledger: &dyn Ledger, ground: &dyn Proving, sponsor: Party, free: u64) {
    for _ in 0..PATIENCE {
        let funds = ledger.sponsor_funds(sponsor.address, Asset::Hbar).await.expect("funds");
        if funds.free == free {
            return;
        }
        ground.later(Span::from_secs(1)).await;
    }
    panic!("{} tinybars of {} never become visible", free, sponsor.address);
}

/// Every entry of the log, page by page.
async fn log(ledger: &dyn Ledger) -> Vec<EscrowEvent> {
    let mut events = Vec::new();
    let mut cursor: Option<EventCursor> = None;
    loop {
        let page = ledger.escrow_events(cursor.as_ref()).await.expect("a page of the log");
        events.extend(page.events);
        cursor = page.next;
        if !page.more {
            return events;
        }
    }
}

/// Prepare, send, look up: `Done`, with a time near the network's and a fee.
pub async fn a_call_is_prepared_sent_and_done(ledger: &dyn Ledger, ground: &dyn Proving) {
    let sponsor = ground.fresh_party().await;
    ground.deposit_and_allow(sponsor, 5_000, 2_000, 1_000).await;
    let call = create(ground, ground.fresh_campaign(), sponsor);
    let before = ground.applied().await;
    let prepared = prepare(ledger, ground, &call).await;
    assert_eq!(ground.applied().await, before, "preparing sends nothing");
    let (sent_at, expires_at) = (ground.now(), prepared.expires_at);
    assert!(expires_at > sent_at, "it is still valid when it is prepared");

    ledger.send(&prepared).await.expect("the network takes it");
    let outcome = settle(ledger, ground, &prepared).await;
    let Outcome::Done { consensus_at, fee_tinybar } = outcome else { panic!("{outcome:?}") };
    assert!(consensus_at > sent_at.minus(Span::from_secs(60)) && consensus_at <= expires_at);
    assert!(fee_tinybar.is_some_and(|fee| fee > 0), "{fee_tinybar:?}");
    assert_eq!(ground.applied().await, before + 1);
    assert_eq!(settle(ledger, ground, &prepared).await, outcome, "the outcome is final");
}

/// The answer is lost: `Unknown`; the same bytes again: taken; applied once.
pub async fn a_lost_answer_is_unknown_and_the_same_bytes_apply_once(
    ledger: &dyn Ledger,
    ground: &dyn Proving,
) {
    let sponsor = ground.fresh_party().await;
    ground.deposit_and_allow(sponsor, 5_000, 2_000, 1_000).await;
    let campaign = ground.fresh_campaign();
    let prepared = prepare(ledger, ground, &create(ground, campaign, sponsor)).await;
    let before = ground.applied().await;

    ground.provoke(Fault::AnswerLost).await;
    let sent = ledger.send(&prepared).await;
    assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
    ledger.send(&prepared).await.expect("the same bytes are taken, or were");
    ledger.send(&prepared).await.expect("and once more");

    let outcome = settle(ledger, ground, &prepared).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(ground.applied().await, before + 1, "applied once");
    let found = ledger.campaign(campaign).await.expect("the campaign");
    assert_eq!((found.budget, found.fee), (1_000, 100));
    visible(ledger, ground, sponsor, 3_900).await;
}

/// The request is lost: `Unknown`, then `Pending` while it may still arrive, then `Absent`; from
/// then on the old bytes are worthless, and a new id does the act once.
pub async fn a_lost_request_is_absent_after_its_validity_and_not_before(
    ledger: &dyn Ledger,
    ground: &dyn Proving,
) {
    let sponsor = ground.fresh_party().await;
    ground.deposit_and_allow(sponsor, 5_000, 2_000, 1_000).await;
    let campaign = ground.fresh_campaign();
    let call = create(ground, campaign, sponsor);
    let prepared = prepare(ledger, ground, &call).await;
    let before = ground.applied().await;

    ground.provoke(Fault::RequestLost).await;
    let sent = ledger.send(&prepared).await;
    assert!(matches!(sent, Err(SendError::Unknown(_))), "{sent:?}");
    loop {
        let (asked_at, outcome) = (ground.now(), ledger.look_up(&prepared).await.expect("asked"));
        match outcome {
            Outcome::Pending if asked_at < prepared.expires_at.plus(Span::from_secs(600)) => {
                ground.later(Span::from_secs(10)).await;
            }
            Outcome::Absent => {
                assert!(asked_at > prepared.expires_at, "absent while it may still arrive");
                break;
            }
            wrong => panic!("{wrong:?} at {asked_at:?} of {prepared:?}"),
        }
    }
    assert_eq!(ground.applied().await, before);
    assert_eq!(ledger.send(&prepared).await, Err(SendError::Expired));
    must(ledger, ground, &call).await;
    assert_eq!(ground.applied().await, before + 1);
    assert_eq!(ledger.look_up(&prepared).await, Ok(Outcome::Absent), "absent for ever");
}

/// Sent at nothing and looked up at once, a transaction is pending, not absent.
pub async fn what_was_never_sent_is_pending_until_it_has_expired(
    ledger: &dyn Ledger,
    ground: &dyn Proving,
) {
    let call = EscrowCall::Cancel { campaign: ground.fresh_campaign() };
    let prepared = prepare(ledger, ground, &call).await;
    assert_eq!(ledger.look_up(&prepared).await, Ok(Outcome::Pending));
}

/// A busy network took nothing; the same bytes are good a moment later.
pub async fn a_busy_network_takes_the_same_bytes_later(ledger: &dyn Ledger, ground: &dyn Proving) {
    let (_, campaign) = funded(ledger, ground).await;
    let prepared = prepare(ledger, ground, &EscrowCall::Cancel { campaign }).await;
    let before = ground.applied().await;
    ground.provoke(Fault::Busy).await;
    let sent = ledger.send(&prepared).await;
    assert!(matches!(sent, Err(SendError::Busy { .. })), "{sent:?}");
    assert_eq!(ground.applied().await, before);
    ledger.send(&prepared).await.expect("the network takes it now");
    let outcome = settle(ledger, ground, &prepared).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

/// A call that the contract refuses is `Failed`, with the contract's reason and its figures.
pub async fn a_refused_call_says_why(ledger: &dyn Ledger, ground: &dyn Proving) {
    let (sponsor, campaign) = funded(ledger, ground).await;
    let reason = |outcome| match outcome {
        Outcome::Failed { reason } => reason,
        other => panic!("{other:?}"),
    };
    let repeated = run(ledger, ground, &create(ground, campaign, sponsor)).await;
    assert!(reason(repeated).contains("CampaignExists"));

    // 900 of the allowance are left.
    let second = create(ground, ground.fresh_campaign(), sponsor);
    let text = reason(run(ledger, ground, &second).await);
    assert!(text.contains("InsufficientAllowance"), "{text}");
    assert!(text.contains("900") && text.contains("1100"), "{text}");

    ground.deposit_and_allow(sponsor, 1, 100_000, 500).await;
    let text = reason(run(ledger, ground, &second).await);
    assert!(text.contains("FeeAboveCap"), "{text}");
    visible(ledger, ground, sponsor, 3_901).await;
}

/// A deposit is one entry of the log, from whom it came, with a key that no other entry has.
pub async fn a_deposit_is_in_the_log_once(ledger: &dyn Ledger, ground: &dyn Proving) {
    let sponsor = ground.fresh_party().await;
    let start = log(ledger).await;
    ground.deposit_and_allow(sponsor, 777, 700, 1_000).await;
    visible(ledger, ground, sponsor, 777).await;
    ground.withdraw(sponsor, 77).await;
    visible(ledger, ground, sponsor, 700).await;

    let events = log(ledger).await;
    assert_eq!(events[..start.len()], start[..], "what was read stays as it was");
    let of_sponsor: Vec<&EscrowEventKind> = events
        .iter()
        .map(|event| &event.kind)
        .filter(|kind| match kind {
            EscrowEventKind::Deposited { sponsor: who, .. }
            | EscrowEventKind::Withdrawn { sponsor: who, .. } => *who == sponsor.address,
            EscrowEventKind::Paid { .. } | EscrowEventKind::Other(_) => false,
        })
        .collect();
    let (sponsor, asset) = (sponsor.address, Asset::Hbar);
    assert_eq!(
        of_sponsor,
        [
            &EscrowEventKind::Deposited { sponsor, asset, amount: 777 },
            &EscrowEventKind::Withdrawn { sponsor, asset, amount: 77 },
        ]
    );
    let mut keys: Vec<&str> = events.iter().map(|event| event.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), events.len(), "keys are unique");
    assert!(events.is_sorted_by_key(|event| event.consensus_at), "in the order of consensus");
}

/// From deposit to the end of a campaign, every amount where it belongs.
pub async fn a_campaign_lives_from_deposit_to_finalise(ledger: &dyn Ledger, ground: &dyn Proving) {
    let (sponsor, campaign) = funded(ledger, ground).await;
    visible(ledger, ground, sponsor, 3_900).await;
    let funds = ledger.sponsor_funds(sponsor.address, Asset::Hbar).await.expect("funds");
    assert_eq!((funds.allowance, funds.max_fee_bps), (900, 1_000));
    let held = ledger.contract_balance(Asset::Hbar).await.expect("the balance");
    let people = [ground.fresh_party().await, ground.fresh_party().await];
    let before = [ground.balance(people[0]).await, ground.balance(people[1]).await];

    let close = EscrowCall::Close { campaign, root: [7; 32], total: 600 };
    must(ledger, ground, &close).await;
    let pay = |batch, lines: &[(usize, u64, u32)]| EscrowCall::PayBatch {
        campaign,
        batch,
        entries: lines
            .iter()
            .map(|(who, amount, index)| PayEntry {
                account: people[*who].address,
                amount: *amount,
                index: *index,
            })
            .collect(),
    };
    must(ledger, ground, &pay(1, &[(0, 250, 0), (1, 150, 1)])).await;
    // A new id for the same act is refused by the contract: nobody is paid twice.
    let repeated = run(ledger, ground, &pay(1, &[(0, 250, 0), (1, 150, 1)])).await;
    assert!(matches!(&repeated, Outcome::Failed { reason } if reason.contains("WrongBatch")));
    let again = run(ledger, ground, &pay(2, &[(0, 250, 0)])).await;
    assert!(matches!(&again, Outcome::Failed { reason } if reason.contains("AlreadyPaid")));
    must(ledger, ground, &pay(2, &[(1, 50, 2)])).await;
    for (who, paid) in [(0, 250), (1, 200)] {
        assert_eq!(ground.balance(people[who]).await - before[who], paid);
    }

    must(ledger, ground, &EscrowCall::Refund { campaign }).await;
    let found = ledger.campaign(campaign).await.expect("the campaign");
    assert_eq!((found.state, found.sponsor), (EscrowState::Closed, sponsor.address));
    assert_eq!((found.budget, found.fee, found.total), (1_000, 100, 600));
    assert_eq!((found.paid, found.refunded, found.last_batch), (450, 400, 2));
    let early = run(ledger, ground, &EscrowCall::Finalise { campaign }).await;
    assert!(matches!(&early, Outcome::Failed { reason } if reason.contains("TooEarly")));

    let left = found.claim_until - ground.now().secs();
    ground.later(Span::from_secs(u32::try_from(left).expect("an hour") + 10)).await;
    must(ledger, ground, &EscrowCall::Finalise { campaign }).await;
    let found = ledger.campaign(campaign).await.expect("the campaign");
    assert_eq!((found.state, found.paid, found.refunded), (EscrowState::Finalised, 450, 550));
    visible(ledger, ground, sponsor, 3_900 + 550).await;
    let holds = ledger.contract_balance(Asset::Hbar).await.expect("the balance");
    assert_eq!(holds, held - 450, "what was paid has left, the rest is where it was");

    let mut paid = Vec::new();
    for event in log(ledger).await {
        match event.kind {
            EscrowEventKind::Paid { campaign: of, index, account, amount, credited }
                if of == campaign =>
            {
                assert!(!credited, "everybody could be paid");
                paid.push((index, account, amount));
            }
            _ => {}
        }
    }
    let (first, second) = (people[0].address, people[1].address);
    assert_eq!(paid, [(0, first, 250), (1, second, 150), (2, second, 50)]);
}

/// As many entries as the ledger says fit one transaction do, and are paid; more are not prepared.
pub async fn a_full_batch_is_paid_and_a_larger_one_is_not_prepared(
    ledger: &dyn Ledger,
    ground: &dyn Proving,
) {
    let (_, campaign) = funded(ledger, ground).await;
    let people = [ground.fresh_party().await, ground.fresh_party().await];
    let most = u32::try_from(ledger.max_batch()).expect("a batch is countable");
    assert!((1..=1_000).contains(&most), "{most} entries of at least 1 tinybar of 1,000");
    let close = EscrowCall::Close { campaign, root: [7; 32], total: 1_000 };
    must(ledger, ground, &close).await;
    let pay = |entries: u32| EscrowCall::PayBatch {
        campaign,
        batch: 1,
        entries: (0..entries)
            .map(|index| PayEntry {
                account: people[usize::from(index % 2 == 1)].address,
                amount: 1,
                index,
            })
            .collect(),
    };
    let larger = ledger.prepare(&pay(most * 2), ground.now()).await;
    assert!(matches!(larger, Err(PrepareError::TooLarge { .. })), "{larger:?}");
    let outcome = run(ledger, ground, &pay(most)).await;
    let Outcome::Done { fee_tinybar, .. } = outcome else { panic!("it is not paid: {outcome:?}") };
    let found = ledger.campaign(campaign).await.expect("the campaign");
    assert_eq!((found.paid, found.last_batch), (most.into(), 1));
    // What was planned is of the size of what it cost. Here all the same two people are paid, whose
    // accounts are warm after the first time, so it is less.
    let plan = ledger.plan_payout(ledger.max_batch());
    assert_eq!((plan.recipients, plan.transactions), (ledger.max_batch(), 1));
    let prices = ledger.prices().await.expect("prices");
    let planned = plan.gas * prices.gas_tinybar;
    if let Some(fee) = fee_tinybar {
        assert!((planned / 4..=planned).contains(&fee), "planned {planned}, it cost {fee}");
    }
}

/// Money is planned with, so what the ledger charges is known beforehand.
pub async fn prices_and_what_is_left_for_them_are_known(ledger: &dyn Ledger, ground: &dyn Proving) {
    let prices = ledger.prices().await.expect("prices");
    assert!(prices.gas_tinybar > 0 && prices.usd_micros(100_000_000) > Some(0), "{prices:?}");
    let before = ledger.operator_balance().await.expect("a balance");
    let (_, campaign) = funded(ledger, ground).await;
    assert_eq!(ledger.campaign(campaign).await.expect("the campaign").state, EscrowState::Active);
    let after = ledger.operator_balance().await.expect("a balance");
    assert!(after < before, "fees are paid from {before}, and {after} is left");
    let plans = [1, ledger.max_batch(), ledger.max_batch() + 1].map(|n| ledger.plan_payout(n));
    assert_eq!(plans.map(|plan| plan.transactions), [1, 1, 2]);
    assert!(plans.is_sorted_by_key(|plan| plan.gas), "{plans:?}");
}

/// What is not there is not an error: a campaign that nobody made, an account without a number.
pub async fn what_does_not_exist_is_told_apart_from_a_failure(
    ledger: &dyn Ledger,
    ground: &dyn Proving,
) {
    let unknown = ledger.campaign(ground.fresh_campaign()).await.expect("an answer");
    assert_eq!((unknown.state, unknown.budget), (EscrowState::None, 0));
    let party = ground.fresh_party().await;
    let known = ledger.account(party.account).await.expect("an answer").expect("an account");
    assert_eq!((known.evm_address, known.deleted), (party.address, false));
    let none = hashbuzz_domain::AccountId::new(4_000_000_000);
    assert_eq!(ledger.account(none).await, Ok(None));
    let funds = ledger.sponsor_funds(party.address, Asset::Hbar).await.expect("an answer");
    assert_eq!((funds.free, funds.allowance), (0, 0));
}
