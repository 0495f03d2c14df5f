//! Dead letters by group: one line for one trouble, and a retry for all of it.

use hashbuzz_db::on_both_databases;
use hashbuzz_db::testing::TestDb;
use hashbuzz_outbox::operator::{
    EventState, Letters, Matching, dead_letter_groups, matching, retry_batch,
};

use crate::operator::{Desk, NOW, Row};

on_both_databases!(
    dead_letters_of_one_trouble_are_one_group,
    a_group_is_retried_and_no_other,
    a_group_that_cannot_be_is_none,
);

async fn troubles(place: TestDb) -> (Desk, Letters) {
    let desk = Desk::new(place).await;
    let dead =
        |id, error, created_at| Row { error: Some(error), created_at, ..Row::new(id, "dead") };
    desk.put(dead("a", "post 123: 503 at 0.0.7@1.2", NOW - 9)).await;
    desk.put(dead("b", "Post 4: 503 at 0.0.8@3.4", NOW - 3)).await;
    desk.put(dead("c", "post refused", NOW)).await;
    desk.put(Row { kind: "other.v1", ..dead("d", "post 5: 503 at 0.0.9@5.6", NOW) }).await;
    desk.put(Row { error: Some("post 6: 503 at 0.0.9@5.6"), ..Row::new("e", "ready") }).await;
    let letters = dead_letter_groups(&desk.db).await.expect("grouped");
    (desk, letters)
}

async fn dead_letters_of_one_trouble_are_one_group(place: TestDb) {
    let (_desk, letters) = troubles(place).await;

    assert!(!letters.more);
    let counts: Vec<usize> = letters.groups.iter().map(|group| group.count).collect();
    assert_eq!(counts, [2, 1, 1], "the largest first");
    let first = &letters.groups[0];
    assert_eq!((first.kind.as_str(), first.sample.join(",")), ("job.v1", "b,a".into()));
    assert_eq!(first.fingerprint, "post #: # at #");
    assert_eq!(first.error, "Post 4: 503 at 0.0.8@3.4", "the newest's own words");
    assert_eq!((first.oldest, first.newest), (NOW - 9, NOW - 3));
    assert!(first.id.starts_with("job.v1:"), "{}", first.id);
}

async fn a_group_is_retried_and_no_other(place: TestDb) {
    let (desk, letters) = troubles(place).await;
    let group = Matching::group(&letters.groups[0].id).expect("a group's id");

    let seen = matching(&desk.db, &group).await.expect("looked");
    let sample: Vec<&str> = seen.sample.iter().map(|event| event.id.as_str()).collect();
    assert_eq!((seen.count, seen.more, sample), (2, false, vec!["b", "a"]));

    let tx = desk.db.begin().await.expect("begun");
    let batch = retry_batch(&tx, &group, None, 500, NOW).await.expect("retried");
    tx.commit().await.expect("committed");
    assert_eq!((batch.retried, batch.skipped, batch.next), (2, 0, None));
    for (id, state) in
        [("a", EventState::Deferred), ("c", EventState::Dead), ("d", EventState::Dead)]
    {
        assert_eq!(desk.event(id).await.state, state, "{id}");
    }
    assert_eq!(matching(&desk.db, &group).await.expect("looked").count, 0);
}

async fn a_group_that_cannot_be_is_none(_place: TestDb) {
    for id in
        ["", "job.v1", "job.v1:", "job.v1:12", "job.v1:zzzzzzzzzzzzzzzz", "a:+00000000000000f"]
    {
        assert!(Matching::group(id).is_none(), "{id}");
    }
}
