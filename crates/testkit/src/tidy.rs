//! What the end of a test must look like.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use hashbuzz_app::ops::check_books;
use hashbuzz_db::{FromQueryResult, Sql as _, values};
use hashbuzz_outbox::{dead_letters, effect};
use serde_json::Value;

use crate::World;
use crate::far::{Call, Counted, read, selector};
use crate::work::OF_CAMPAIGNS;
use crate::world::SEEN;

#[derive(FromQueryResult)]
struct Left {
    kind: String,
    state: String,
}

impl World {
    /// Announces that an event of `kind` (such as `CAMPAIGN_PAY_BATCH`) gives up in this test.
    pub fn expect_dead_letter(&self, kind: &str) {
        let mut announced = self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner);
        announced.push(format!("{kind}.v1"));
    }

    /// Announces that X refuses `posts` posts of the service as duplicates in this test.
    pub fn expect_duplicates(&self, posts: u64) {
        self.duplicates.fetch_add(posts, Ordering::Relaxed);
    }

    /// Announces that the contract refuses `calls` calls of the service in this test.
    pub fn expect_refusals(&self, calls: usize) {
        self.refusals.fetch_add(calls, Ordering::Relaxed);
    }

    /// What both networks have counted.
    pub async fn counted(&self) -> Counted {
        let x: Value = self.x.get("/_standin/counters").await;
        let hedera: Value = self.hedera.get("/_standin/counters").await;
        let calls: Vec<Call> = read(hedera["contract_calls"].clone());
        Counted {
            posts: read(x["posts"].clone()),
            duplicate_posts: read(x["duplicate_posts"].clone()),
            duplicates_refused: read(x["duplicates_refused"].clone()),
            media: read(x["media"].clone()),
            calls: calls.into_iter().filter(|call| call.payer == self.operator.account).collect(),
        }
    }

    /// Ends the world, which must be tidy.
    ///
    /// # Panics
    /// With everything that is not.
    pub async fn finish(self) {
        self.finished.store(true, Ordering::Relaxed);
        self.clock.advance(SEEN);
        let mut wrong = Vec::new();
        self.what_waits(&mut wrong).await;
        self.what_takes_no_turn(&mut wrong).await;
        self.what_gave_up(&mut wrong).await;
        self.what_is_unknown(&mut wrong).await;
        self.what_the_books_say(&mut wrong).await;
        self.what_happened_twice(&mut wrong).await;
        self.what_did_not_break(&mut wrong).await;
        assert!(wrong.is_empty(), "an untidy end:\n- {}", wrong.join("\n- "));
    }

    /// Ends the world as it is: for measurements, which end where they have measured.
    pub fn leave(self) {
        self.finished.store(true, Ordering::Relaxed);
    }

    async fn what_waits(&self, wrong: &mut Vec<String>) {
        let sql = format!(
            "SELECT kind, state FROM event WHERE state IN ('ready', 'deferred', 'leased') \
             AND {OF_CAMPAIGNS}"
        );
        let left: Vec<Left> =
            self.app().db.all(&sql, values![]).await.expect("the database answers");
        wrong.extend(left.iter().map(|left| format!("{} is still {}", left.kind, left.state)));
    }

    /// An event of a campaign that names no account escapes the turns that accounts take.
    async fn what_takes_no_turn(&self, wrong: &mut Vec<String>) {
        let sql = format!(
            "SELECT DISTINCT kind, outcome AS state FROM event_history \
             WHERE account = '' AND {OF_CAMPAIGNS}"
        );
        let left: Vec<Left> =
            self.app().db.all(&sql, values![]).await.expect("the database answers");
        wrong.extend(left.iter().map(|left| format!("{} has no account", left.kind)));
    }

    async fn what_gave_up(&self, wrong: &mut Vec<String>) {
        let dead = dead_letters(&self.app().db, 100).await.expect("the database answers");
        let mut expected = self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for letter in dead {
            let announced = expected.iter().position(|kind| *kind == letter.kind);
            match announced {
                Some(at) => drop(expected.remove(at)),
                None => {
                    let why = letter.last_error.unwrap_or_default();
                    wrong.push(format!("{} gave up: {why}", letter.kind));
                }
            }
        }
        wrong.extend(expected.iter().map(|kind| format!("{kind} was to give up and did not")));
    }

    pub(crate) async fn what_is_unknown(&self, wrong: &mut Vec<String>) {
        let states = effect::count_by_state(&self.app().db).await.expect("the database answers");
        let open = ["started", "unknown", "needs_person"];
        let open = states.iter().filter(|(state, _)| open.contains(&state.as_str()));
        wrong.extend(open.map(|(state, n)| format!("{n} effects are {state}")));
    }

    pub(crate) async fn what_the_books_say(&self, wrong: &mut Vec<String>) {
        let report = check_books(self.app()).await.expect("the books can be compared");
        wrong.extend(report.mismatches.iter().map(|m| format!("{}: {}", m.campaign, m.what)));
        if report.held < report.owed {
            let (held, owed) = (report.held, report.owed);
            wrong.push(format!("the contract holds {held} and owes {owed}"));
        }
    }

    /// One call of each function a campaign, and one a batch; a further one is a repeat, and so is
    /// a call that the contract had to refuse.
    pub(crate) async fn what_happened_twice(&self, wrong: &mut Vec<String>) {
        let counted = self.counted().await;
        wrong.extend(counted.duplicate_posts.iter().map(|post| format!("posted twice: {post}")));
        let announced = self.duplicates.load(Ordering::Relaxed);
        if counted.duplicates_refused != announced {
            let refused = counted.duplicates_refused;
            wrong
                .push(format!("{refused} repeated posts were refused, {announced} were announced"));
        }
        let batch = selector("payBatch(bytes32,uint32,bytes32[])");
        let (good, refused): (Vec<&Call>, Vec<&Call>) =
            counted.calls.iter().partition(|call| call.result == "SUCCESS");
        let mut seen = BTreeMap::<_, usize>::new();
        for call in good {
            let number = call.selector.as_ref().filter(|name| **name == batch);
            let number = number.and(call.second_word.clone());
            *seen
                .entry((call.selector.clone(), call.first_argument.clone(), number))
                .or_default() += 1;
        }
        let twice = seen.iter().filter(|(_, times)| **times > 1);
        wrong.extend(twice.map(|(call, times)| format!("{call:?} succeeded {times} times")));
        let announced = self.refusals.load(Ordering::Relaxed);
        if refused.len() != announced {
            wrong.push(format!("{announced} refusals were announced, and: {refused:?}"));
        }
    }

    /// A fault that waits in vain proves nothing.
    async fn what_did_not_break(&self, wrong: &mut Vec<String>) {
        for (name, far) in [("X", &self.x), ("Hedera", &self.hedera)] {
            let faults: Value = far.get("/_standin/faults").await;
            if faults["waiting"].as_array().is_some_and(|waiting| !waiting.is_empty()) {
                wrong.push(format!("faults of {name} did not happen: {}", faults["waiting"]));
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let finished = self.finished.load(Ordering::Relaxed);
        assert!(finished || std::thread::panicking(), "end the test with `world.finish().await`");
    }
}
