//! One life whose transactions are lost: not taken, taken and not answered, answered as busy, late at
//! consensus, there twice; receipts and the mirror node fail with them, servers end, leases are taken.
//! What it proves is counted on the ledger: every function once, every person paid once, nothing
//! left over that is nobody's, and our books equal to the contract's to the tinybar.

use hashbuzz_db::{Sql as _, values};
use hashbuzz_domain::Span;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

use super::mend;
use crate::far::selector;
use crate::{Campaigner, HBAR, Participant, World, awareness};

/// Rounds of a life in which things break; then it may come to its end.
const ROUNDS: usize = 150;
/// What is deposited at first, and what a campaign takes of it.
const DEPOSIT: u64 = 60 * HBAR;
const FEE: u64 = 4 * HBAR;
/// What each of them is paid.
const REWARD: u64 = 2 * HBAR;
/// Between two lives of which the second is rolled back.
const ROLLED_BACK: u64 = 4;

const CREATE: &str = "createCampaign(bytes32,address,address,uint128,uint128,uint32,uint64)";
/// The service's functions of the contract.
const FUNCTIONS: [&str; 6] = [
    CREATE,
    "close(bytes32,bytes32,uint128)",
    "payBatch(bytes32,uint32,bytes32[])",
    "refund(bytes32)",
    "finalise(bytes32)",
    "cancel(bytes32)",
];

/// What became of a life.
#[derive(Clone, Debug, Default)]
pub struct LostMoney {
    /// Calls of the contract that succeeded.
    pub calls: usize,
    /// People who were paid.
    pub paid: usize,
    /// Faults that happened.
    pub broken: u64,
    /// Servers that ended on the way.
    pub restarts: usize,
    /// Effects that were unknown at some time, and are done.
    pub found: usize,
    /// Entries of the contract's log.
    pub entries: usize,
    /// What is wrong: nothing, if all is well.
    pub wrong: Vec<String>,
}

/// What a life has done so far.
struct Life {
    world: World,
    chance: ChaCha12Rng,
    brand: Campaigner,
    people: Vec<Participant>,
    /// They link a wallet when the claim window is open; some of them too late.
    late: Vec<Participant>,
    /// They have no wallet.
    never: Vec<Participant>,
    id: String,
    /// What the brand put in and did not take out.
    deposited: u64,
    engaged: bool,
    revoked: bool,
    restarts: usize,
}

/// Lives the life of `seed`: to its close, one in four until it is rolled back after it was funded.
///
/// # Panics
/// When the world itself does not work.
pub async fn lost_money(seed: u64) -> LostMoney {
    let mut life = Life::begin(seed).await;
    let end = if seed % ROLLED_BACK == ROLLED_BACK - 1 { "RolledBack" } else { "Closed" };
    for _ in 0..ROUNDS {
        life.breaks().await;
        life.goes_on(end).await;
        if !life.world.works(&life.id).await {
            break;
        }
    }
    life.world.end_faults().await;
    life.goes_on(end).await;
    mend(&life.world, &life.brand, &life.id, end).await;
    let lost = life.judge(end).await;
    life.world.leave();
    lost
}

impl Life {
    async fn begin(seed: u64) -> Self {
        let world = World::new().await;
        let brand = world.campaigner(DEPOSIT).await;
        let people = world.participants(5).await;
        let never = world.passers_by(3).await;
        let mut draft = awareness("40", "2", "5");
        draft["text"] = json!(format!("Flavour number {seed} is here"));
        draft["duration_seconds"] = json!(1_800);
        let id = world.published(&brand, &draft).await;
        Self {
            world,
            chance: ChaCha12Rng::seed_from_u64(seed),
            brand,
            people,
            late: Vec::new(),
            never,
            id,
            deposited: DEPOSIT,
            engaged: false,
            revoked: false,
            restarts: 0,
        }
    }

    /// Something goes wrong, perhaps.
    async fn breaks(&mut self) {
        if self.chance.random_bool(0.04) {
            // A server that cannot ask the ledger does not start.
            self.world.end_faults().await;
            self.world.restart().await;
            self.restarts += 1;
        } else if self.chance.random_bool(0.1) {
            self.world.break_turn(self.chance.random_range(0..2));
        }
        if self.chance.random_bool(0.5) {
            let fault = fault(&mut self.chance);
            self.world.break_hedera(fault).await;
        }
    }

    /// People do what they would have done anyway.
    async fn goes_on(&mut self, end: &str) {
        let Self { world, brand, id, .. } = self;
        if !self.engaged && world.is(id, "Running").await {
            let posts = world.posts(id).await;
            world.like(&self.people, &posts[0]).await;
            world.like(&self.never, &posts[0]).await;
            self.engaged = true;
        }
        if self.never.len() > 1 && world.is(id, "Claimable").await && self.chance.random_bool(0.3) {
            let person = self.never.remove(0);
            world.link(&person).await;
            self.late.push(person);
        }
        if end == "RolledBack" {
            if !self.revoked && world.counted().await.succeeded(CREATE) == 1 {
                world.revoke(brand).await;
                self.revoked = true;
            }
            if self.revoked && world.is(id, "Stalled").await {
                brand.api.command(id, "roll-back").await;
            }
        }
        // A sponsor moves money of their own, while everything else is uncertain.
        if self.chance.random_bool(0.03) {
            world.end_faults().await;
            world.deposit(brand, 3 * HBAR).await;
            world.withdraw(brand, HBAR).await;
            self.deposited += 2 * HBAR;
        }
    }

    async fn judge(&self, end: &str) -> LostMoney {
        let world = &self.world;
        // Whoever reads the log is done with it as well.
        for _ in 0..3 {
            world.pass(Span::from_secs(600));
            world.work_now().await;
        }
        let mut wrong = Vec::new();
        let view = world.reviewer().campaign(&self.id).await;
        if view["state"] != end {
            wrong.push(format!("it is {} and not {end}: {}", view["state"], view["stalled"]));
        }
        world.end_of_money(&mut wrong).await;
        let paid = self.what_people_have(end, &mut wrong).await;
        let entries = self.what_the_log_says(&mut wrong).await;
        let found =
            "SELECT COUNT(*) AS n FROM effect WHERE state = 'done' AND evidence LIKE '%found%'";
        let faults: Value = world.hedera.get("/_standin/faults").await;
        let calls = world.counted().await.calls;
        LostMoney {
            calls: calls.iter().filter(|call| call.result == "SUCCESS").count(),
            paid,
            broken: faults["fired"].as_u64().unwrap_or_default(),
            restarts: self.restarts,
            found: usize::try_from(world.count(found).await).unwrap_or(0),
            entries,
            wrong,
        }
    }

    /// Everybody who has a wallet has what they earned, once; the sponsor has the rest.
    async fn what_people_have(&self, end: &str, wrong: &mut Vec<String>) -> usize {
        let closed = end == "Closed";
        let earned = if closed && self.engaged { REWARD } else { 0 };
        let (mut paid, mut sum) = (0, 0);
        let groups: [(&[Participant], &[u64]); 3] =
            [(&self.people, &[earned]), (&self.late, &[0, earned]), (&self.never, &[0])];
        for (people, due) in groups {
            for person in people {
                let has = self.world.received(person).await;
                if !due.contains(&has) {
                    wrong.push(format!("{} has {has} and is due {due:?}", person.handle()));
                }
                paid += usize::from(has > 0);
                sum += has;
            }
        }
        let spent = if closed { FEE + sum } else { sum };
        let (free, due) = (self.world.available(&self.brand).await, self.deposited - spent);
        if free != due {
            wrong.push(format!("the sponsor has {free} free and is due {due}"));
        }
        paid
    }

    /// Our copy of the contract's log has each entry once, and all of them.
    async fn what_the_log_says(&self, wrong: &mut Vec<String>) -> usize {
        let app = self.world.app();
        let (mut there, mut cursor) = (Vec::new(), None);
        loop {
            let page = app.ledger.escrow_events(cursor.as_ref()).await.expect("the ledger answers");
            there.extend(page.events.into_iter().map(|event| event.key));
            cursor = page.next;
            if !page.more {
                break;
            }
        }
        for key in &there {
            let sql = "SELECT COUNT(*) AS n FROM ledger_entry WHERE key = $1";
            let copies = app.db.number(sql, values![key.as_str()]).await.expect("it answers");
            if copies != 1 {
                wrong.push(format!("entry {key} of the log is {copies} times in our copy"));
            }
        }
        let ours = self.world.count("SELECT COUNT(*) AS n FROM ledger_entry").await;
        if usize::try_from(ours) != Ok(there.len()) {
            wrong.push(format!("the log has {} entries, our copy {ours}", there.len()));
        }
        there.len()
    }
}

/// One thing that goes wrong once.
fn fault(chance: &mut ChaCha12Rng) -> Value {
    // An answer that is lost is the worst of them, and the most frequent here.
    let submit = [
        "drop_after_apply",
        "drop_after_apply",
        "drop_after_apply",
        "drop_before_apply",
        "busy",
        "platform_not_active",
        "status_503",
        "consensus_delay_ms",
        "gas_exhausted",
        "duplicate",
    ];
    let read = ["drop_after_apply", "drop_before_apply", "status_503"];
    let mut pick = |kinds: &[&'static str]| *kinds.choose(chance).expect("there are some");
    match pick(&["submit", "submit", "submit", "receipt", "mirror"]) {
        "submit" => {
            let (kind, function) = (pick(&submit), pick(&FUNCTIONS));
            let ms = chance.random_range(1_000..100_000);
            json!({ "on": "submit", "kind": kind, "ms": ms, "match": selector(function) })
        }
        on => json!({ "on": on, "kind": pick(&read), "times": chance.random_range(1..4) }),
    }
}
