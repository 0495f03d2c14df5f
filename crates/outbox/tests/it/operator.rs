//! What an operator sees: search, one event, why it waits, who is alive. The rows are laid out by
//! hand, so that each answer is checked against a state that is known to the microsecond.

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, Migration, Sql as _, Value, migrate, on_both_databases, values};
use hashbuzz_outbox::operator::{
    Event, EventState, Filter, Page, Scope, Why, instances, one, pause, resume, search,
    table_health, why_waiting,
};

on_both_databases!(
    a_search_sees_live_and_finished_events_newest_first,
    every_property_narrows_a_search,
    pages_follow_each_other_without_a_gap_or_a_repeat,
    words_of_an_error_are_found_whatever_is_special_in_them,
    one_event_is_shown_with_every_turn_that_it_had,
    an_event_that_is_not_there_is_nothing,
    what_is_over_says_how_it_ended,
    what_is_in_hand_says_in_whose,
    what_is_due_later_says_why,
    what_is_paused_says_by_whom_and_why,
    a_campaigns_event_waits_for_the_one_that_has_the_turn,
    a_kind_that_nobody_knows_waits_for_somebody_who_does,
    an_accounts_event_knows_how_many_are_ahead_of_it,
    processes_are_alive_until_they_are_silent,
    the_event_table_of_postgres_can_be_looked_at,
);

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const NOW: i64 = 1_800_000_000 * SECOND;

const MIGRATIONS: [Migration; 3] = [
    Migration { version: 1, name: "outbox", sql: hashbuzz_outbox::SCHEMA },
    Migration { version: 2, name: "engine", sql: hashbuzz_outbox::SCHEMA_ENGINE },
    Migration { version: 3, name: "operator", sql: hashbuzz_outbox::SCHEMA_OPERATOR },
];

/// An operator's desk, with a database of its own.
pub(crate) struct Desk {
    pub(crate) db: Db,
    _place: TestDb,
}

/// A row of the event table; what a test does not say is ordinary.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) key: Option<&'static str>,
    pub(crate) account: &'static str,
    pub(crate) dedupe: Option<&'static str>,
    pub(crate) state: &'static str,
    pub(crate) due_at: i64,
    pub(crate) attempt: i64,
    pub(crate) waits_for: Option<&'static str>,
    pub(crate) error: Option<&'static str>,
    pub(crate) created_at: i64,
}

impl Row {
    pub(crate) const fn new(id: &'static str, state: &'static str) -> Self {
        Self {
            id,
            kind: "job.v1",
            queue: "social",
            key: None,
            account: "",
            dedupe: None,
            state,
            due_at: NOW,
            attempt: 0,
            waits_for: None,
            error: None,
            created_at: NOW,
        }
    }
}

impl Desk {
    pub(crate) async fn new(place: TestDb) -> Self {
        let db = place.open().await;
        migrate(&db, &MIGRATIONS).await.expect("the schema");
        Self { db, _place: place }
    }

    pub(crate) async fn run(&self, sql: &str, given: Vec<Value>) {
        self.db.exec(sql, given).await.expect("the row can be laid out");
    }

    pub(crate) async fn put(&self, row: Row) {
        let lane = format!("{}/{}", row.queue, row.account);
        let leased = row.state == "leased";
        self.run(
            "INSERT INTO event (id, kind, queue, key, account, lane, dedupe, payload, due_at, \
             rank, state, attempt, lost, lease_owner, lease_until, leased_at, fence, waits_for, \
             last_error, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, '{\"n\":1}', $8, $8, $9, \
             $10, 2, $11, $12, $13, 7, $14, $15, $16)",
            values![
                row.id,
                row.kind,
                row.queue,
                row.key,
                row.account,
                lane,
                row.dedupe,
                row.due_at,
                row.state,
                row.attempt,
                leased.then_some("worker"),
                leased.then_some(NOW + 50 * SECOND),
                leased.then_some(NOW - 10 * SECOND),
                row.waits_for,
                row.error,
                row.created_at
            ],
        )
        .await;
    }

    pub(crate) async fn finished(&self, id: &str, key: Option<&str>, at: i64) {
        self.run(
            "INSERT INTO event_history (id, kind, queue, key, account, payload, attempt, outcome, \
             last_error, created_at, finished_at, worker, leased_at) \
             VALUES ($1, 'job.v1', 'social', $2, '0.0.7', '{}', 1, 'done', 'it broke once', $3, \
             $4, 'worker', $5)",
            values![id, key, at - 2 * SECOND, at, at - SECOND],
        )
        .await;
    }

    pub(crate) async fn attempt(&self, event: &str, fence: i64, outcome: &str, detail: &str) {
        let at = NOW - 100 * SECOND + fence * SECOND;
        self.run(
            "INSERT INTO event_attempt (event, fence, worker, started_at, ended_at, outcome, \
             detail) VALUES ($1, $2, 'worker', $3, $4, $5, $6)",
            values![event, fence, at, at + SECOND, outcome, detail],
        )
        .await;
    }

    async fn instance(&self, id: &str, seen_at: i64, kinds: &str, queues: &str) {
        self.run(
            "INSERT INTO instance (id, started_at, seen_at, kinds, queues, role) \
             VALUES ($1, $2, $3, $4, $5, 'work')",
            values![id, NOW - 3_600 * SECOND, seen_at, kinds, queues],
        )
        .await;
    }

    pub(crate) async fn pause(&self, scope: Scope, name: &str, why: &str) {
        let tx = self.db.begin().await.expect("begun");
        pause(&tx, scope, name, why, NOW - 60 * SECOND).await.expect("paused");
        tx.commit().await.expect("committed");
    }

    pub(crate) async fn event(&self, id: &str) -> Event {
        one(&self.db, id).await.expect("read").expect("it is there").event
    }

    async fn why(&self, id: &str) -> Why {
        why_waiting(&self.db, &self.event(id).await, Some(20), NOW).await.expect("answered")
    }

    async fn found(&self, filter: Filter) -> Vec<String> {
        let page = Page { after: None, limit: 100 };
        let found = search(&self.db, &filter, &page).await.expect("searched");
        assert_eq!(found.next, None);
        found.items.into_iter().map(|event| event.id).collect()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn mixed(place: TestDb) -> Desk {
    let desk = Desk::new(place).await;
    desk.put(Row { key: Some("c1"), account: "0.0.7", ..Row::new("a", "ready") }).await;
    desk.put(Row { kind: "other.v1", queue: "ledger", ..Row::new("b", "deferred") }).await;
    desk.finished("c", Some("c1"), NOW - 5 * SECOND).await;
    let old = NOW - 7_200 * SECOND;
    let error = Some("503: Busy");
    desk.put(Row { error, created_at: old, ..Row::new("d", "dead") }).await;
    desk
}

async fn a_search_sees_live_and_finished_events_newest_first(place: TestDb) {
    let desk = mixed(place).await;

    assert_eq!(desk.found(Filter::default()).await, ["d", "c", "b", "a"]);
    assert_eq!(desk.event("c").await.state, EventState::Done);
}

async fn every_property_narrows_a_search(place: TestDb) {
    let desk = mixed(place).await;
    let hour_ago = Some(NOW - 3_600 * SECOND);
    let none = Filter::default;
    for (filter, found) in [
        (Filter { kind: some("other.v1"), ..none() }, vec!["b"]),
        (Filter { key: some("c1"), ..none() }, vec!["c", "a"]),
        (Filter { account: some("0.0.7"), ..none() }, vec!["c", "a"]),
        (Filter { queue: some("ledger"), ..none() }, vec!["b"]),
        (Filter { state: Some(EventState::Dead), ..none() }, vec!["d"]),
        (Filter { state: Some(EventState::Done), ..none() }, vec!["c"]),
        (Filter { error: some("busy"), ..none() }, vec!["d"]),
        (Filter { created_before: hour_ago, ..none() }, vec!["d"]),
        (Filter { created_after: hour_ago, ..none() }, vec!["c", "b", "a"]),
        (Filter { key: some("c1"), state: Some(EventState::Dead), ..none() }, vec![]),
    ] {
        assert_eq!(desk.found(filter.clone()).await, found, "{filter:?}");
    }
}

async fn pages_follow_each_other_without_a_gap_or_a_repeat(place: TestDb) {
    let desk = mixed(place).await;
    let (mut after, mut seen) = (None, Vec::new());

    for _ in 0..2 {
        let page = Page { after: after.clone(), limit: 2 };
        let found = search(&desk.db, &Filter::default(), &page).await.expect("searched");
        seen.extend(found.items.into_iter().map(|event| event.id));
        after = found.next;
    }

    assert_eq!(seen, ["d", "c", "b", "a"]);
    assert_eq!(after, None, "the last page knows that it is the last");
}

async fn words_of_an_error_are_found_whatever_is_special_in_them(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { error: Some("100% of it_all \\ failed"), ..Row::new("a", "dead") }).await;
    desk.put(Row { error: Some("100 of itXall failed"), ..Row::new("b", "dead") }).await;

    for words in ["100% OF", "it_all", "\\ failed"] {
        assert_eq!(desk.found(Filter { error: some(words), ..Filter::default() }).await, ["a"]);
    }
}

async fn one_event_is_shown_with_every_turn_that_it_had(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { dedupe: Some("only"), attempt: 1, ..Row::new("a", "ready") }).await;
    desk.attempt("a", 2, "lost", "its worker disappeared").await;
    desk.attempt("a", 1, "failed", "503").await;
    desk.attempt("b", 1, "failed", "another's").await;
    desk.finished("c", None, NOW).await;
    desk.attempt("c", 1, "later", "a rate limit").await;

    let a = one(&desk.db, "a").await.expect("read").expect("there");
    let turns: Vec<_> = a.attempts.iter().map(|turn| (turn.fence, turn.outcome.as_str())).collect();
    assert_eq!(turns, [(Some(1), "failed"), (Some(2), "lost")]);
    assert_eq!(a.attempts[0].worker.as_deref(), Some("worker"));
    assert_eq!((a.payload.as_str(), a.dedupe.as_deref()), ("{\"n\":1}", Some("only")));

    let c = one(&desk.db, "c").await.expect("read").expect("there");
    let turns: Vec<_> = c.attempts.iter().map(|turn| (turn.fence, turn.outcome.as_str())).collect();
    assert_eq!(turns, [(Some(1), "later"), (None, "done")]);
    assert_eq!(c.attempts[1].ended_at, NOW);
}

async fn an_event_that_is_not_there_is_nothing(place: TestDb) {
    let desk = Desk::new(place).await;

    assert!(one(&desk.db, "nobody").await.expect("read").is_none());
}

async fn what_is_over_says_how_it_ended(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { error: Some("refused"), attempt: 3, ..Row::new("a", "dead") }).await;
    desk.put(Row { waits_for: Some("not needed"), ..Row::new("b", "discarded") }).await;
    desk.put(Row { error: Some("an equal event waits"), ..Row::new("c", "discarded") }).await;
    desk.finished("d", None, NOW - SECOND).await;

    assert_eq!(desk.why("a").await, Why::Dead { why: "refused".into(), failures: 3 });
    assert_eq!(desk.why("b").await, Why::Discarded { why: "not needed".into(), at: NOW });
    let equal = "an equal event waits".into();
    assert_eq!(desk.why("c").await, Why::Discarded { why: equal, at: NOW });
    assert_eq!(desk.why("d").await, Why::Finished { at: NOW - SECOND });
}

async fn what_is_in_hand_says_in_whose(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row::new("a", "leased")).await;

    let until = NOW + 50 * SECOND;
    let since = NOW - 10 * SECOND;
    let leased = |expired| Why::Leased { worker: "worker".into(), since, until, expired };
    assert_eq!(desk.why("a").await, leased(false));
    let a = desk.event("a").await;
    let late = why_waiting(&desk.db, &a, None, until + 1).await.expect("answered");
    assert_eq!(late, leased(true));
}

async fn what_is_due_later_says_why(place: TestDb) {
    let desk = Desk::new(place).await;
    let until = NOW + 30 * SECOND;
    let later = |id| Row { due_at: until, ..Row::new(id, "deferred") };
    desk.put(later("a")).await;
    desk.put(Row { waits_for: Some("the app's limit"), ..later("b") }).await;
    let failed = |id| Row { attempt: 2, error: Some("503"), ..later(id) };
    desk.put(Row { waits_for: Some("the next try"), ..failed("c") }).await;
    desk.attempt("c", 1, "later", "a limit").await;
    desk.attempt("c", 2, "failed", "503").await;
    // It failed before, and then said when to come back.
    desk.put(Row { waits_for: Some("the app's limit"), ..failed("d") }).await;
    desk.attempt("d", 1, "failed", "503").await;
    desk.attempt("d", 2, "later", "the app's limit").await;

    assert_eq!(desk.why("a").await, Why::Scheduled { until });
    for id in ["b", "d"] {
        assert_eq!(desk.why(id).await, Why::Later { until, why: "the app's limit".into() });
    }
    let retry = desk.why("c").await;
    let error = "503".to_owned();
    assert_eq!(retry, Why::Retry { until, failures: 2, of: Some(20), error });
    let words = retry.sentence(|at| ((at - NOW) / SECOND).to_string());
    assert_eq!(words, "tried again at 30, after failure 2 of 20: 503");
}

async fn what_is_paused_says_by_whom_and_why(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { account: "0.0.7", ..Row::new("parked", "paused") }).await;
    desk.put(Row { account: "0.0.7", ..Row::new("due", "ready") }).await;
    assert_eq!(desk.why("parked").await, Why::Resuming, "nothing is paused");

    desk.pause(Scope::Queue, "ledger", "another queue").await;
    desk.pause(Scope::Account, "0.0.7", "a quarrel").await;
    desk.pause(Scope::Account, "0.0.7", "a quarrel about money").await;

    for id in ["parked", "due"] {
        let Why::Paused { by } = desk.why(id).await else { panic!("{id} is paused") };
        assert_eq!(by.len(), 1);
        assert_eq!((by[0].scope, by[0].since), (Scope::Account, NOW - 60 * SECOND));
        assert_eq!(by[0].why, "a quarrel about money");
    }
    let tx = desk.db.begin().await.expect("begun");
    assert!(resume(&tx, Scope::Account, "0.0.7").await.expect("resumed"));
    assert!(!resume(&tx, Scope::Account, "0.0.7").await.expect("resumed"), "it was not paused");
    tx.commit().await.expect("committed");
    assert_eq!(desk.why("parked").await, Why::Resuming);
}

async fn a_campaigns_event_waits_for_the_one_that_has_the_turn(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row { key: Some("c1"), kind: "first.v1", ..Row::new("a", "leased") }).await;
    desk.put(Row { key: Some("c1"), ..Row::new("b", "ready") }).await;

    desk.put(Row { key: Some("c2"), due_at: NOW - 1, ..Row::new("c", "ready") }).await;
    desk.put(Row { key: Some("c2"), ..Row::new("d", "ready") }).await;

    let (event, kind, worker) = ("a".into(), "first.v1".into(), Some("worker".into()));
    let until = Some(NOW + 50 * SECOND);
    assert_eq!(desk.why("b").await, Why::CampaignsTurn { event, kind, worker, until });
    let (event, kind) = ("c".into(), "job.v1".into());
    assert_eq!(desk.why("d").await, Why::CampaignsTurn { event, kind, worker: None, until: None });
}

async fn a_kind_that_nobody_knows_waits_for_somebody_who_does(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.put(Row::new("a", "ready")).await;
    assert_eq!(desk.why("a").await, Why::NobodyKnows { alive: 0 });

    desk.instance("dead", NOW - 16 * SECOND, r#"["job.v1"]"#, r#"["social"]"#).await;
    desk.instance("old", NOW, r#"["other.v1"]"#, r#"["social"]"#).await;
    desk.instance("elsewhere", NOW, r#"["job.v1"]"#, r#"["ledger"]"#).await;
    assert_eq!(desk.why("a").await, Why::NobodyKnows { alive: 2 });

    desk.instance("here", NOW, r#"["job.v1"]"#, r#"["social"]"#).await;
    assert_eq!(desk.why("a").await, Why::DueNow { published_at: None });
}

async fn an_accounts_event_knows_how_many_are_ahead_of_it(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.instance("here", NOW, r#"["job.v1"]"#, "[]").await;
    let of = |id, account| Row { account, ..Row::new(id, "ready") };
    desk.put(Row { due_at: NOW - 2 * SECOND, ..of("late", "0.0.7") }).await;
    desk.put(Row { due_at: NOW - SECOND, ..of("a", "0.0.7") }).await;
    desk.put(Row { due_at: NOW - SECOND, ..of("b", "0.0.7") }).await;
    desk.put(Row { due_at: NOW - SECOND, ..of("c", "0.0.8") }).await;

    assert_eq!(desk.why("late").await, Why::DueNow { published_at: None });
    assert_eq!(desk.why("b").await, Why::AccountsTurn { ahead: 2 });
    assert_eq!(desk.why("c").await, Why::DueNow { published_at: None }, "another account's");
}

async fn processes_are_alive_until_they_are_silent(place: TestDb) {
    let desk = Desk::new(place).await;
    desk.instance("silent", NOW - 16 * SECOND, "[]", "[]").await;
    desk.instance("worker", NOW - 15 * SECOND, r#"["job.v1"]"#, r#"["social"]"#).await;
    desk.put(Row::new("a", "leased")).await;

    let all = instances(&desk.db, NOW).await.expect("read");

    let seen: Vec<_> = all.iter().map(|i| (i.id.as_str(), i.alive, i.leases)).collect();
    assert_eq!(seen, [("worker", true, 1), ("silent", false, 0)]);
    assert_eq!(
        (all[0].kinds.join(","), all[0].queues.join(",")),
        ("job.v1".into(), "social".into())
    );
    assert_eq!(all[0].role, "work");
}

async fn the_event_table_of_postgres_can_be_looked_at(place: TestDb) {
    let desk = Desk::new(place).await;

    let health = table_health(&desk.db).await.expect("read");

    let postgres = desk.db.backend() == hashbuzz_db::Backend::Postgres;
    assert_eq!(health.is_some(), postgres);
    assert!(health.is_none_or(|seen| seen.dead >= 0 && seen.oldest_transaction >= 0));
}
