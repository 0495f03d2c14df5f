//! The bench itself: figures that nobody can take any more are noticed here and not on the day when
//! somebody needs them. Nothing in this file looks at how long anything took.

use clap::Parser as _;

use super::{Cell, hot};
use crate::load::Load;
use crate::place::Server;
use crate::settings::{EngineArgs, Store, Task};

fn args(more: &[&str]) -> EngineArgs {
    let line = ["hashbuzz-bench", "engine", "--folder", "."].iter().chain(more);
    match Task::parse_from(line) {
        Task::Engine(args) => args,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_smallest_cell_handles_each_event_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server {
        url: String::new(),
        folder: folder.path().to_owned(),
        store: Store::Sqlite,
        setup: args(&[]).setup,
    };
    let place = server.database("smallest").await.expect("a database");

    let hot = hot::run(&place, Load::HUNDREDS, 1).await.expect("it runs to its end");

    assert_eq!(hot.repeated, 0);
    assert!(hot.sustained.latency.count > 0, "{hot:?}");
    assert!(hot.per_job.is_none() && hot.dead_tuples.is_none(), "SQLite counts neither");
    place.remove().await.expect("nothing is in the way");
}

#[test]
fn every_cell_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = Cell::ALL.into_iter().map(Cell::name).collect();

    assert_eq!(names.len(), Cell::ALL.len());
}

#[test]
fn quick_runs_take_less_and_what_is_asked_for_wins() {
    let session = |more: &[&str]| super::Session::of(&args(more));

    assert_eq!((session(&[]).seconds(60), session(&[]).count(1_000_000)), (60, 1_000_000));
    let quick = session(&["--quick"]);
    assert_eq!((quick.seconds(60), quick.count(1_000_000), quick.rounds(3)), (12, 50_000, 1));
    assert_eq!(session(&["--quick", "--seconds", "300"]).seconds(60), 300);
}
