//! How long a server takes until it can work, what keeps it from it, and what it weighs when it has nothing to do.

use std::time::Duration;

use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Sql as _, values};
use tokio::time::interval;

use crate::api::Api;
use crate::deployment::Deployment;
use crate::programs::{Program, run, said, text};
use crate::settings::settings_without_far_ends;

/// From the start of the process to the first `/readyz` with 200.
const LONGEST_START: Duration = Duration::from_millis(500);
/// In KiB.
const HEAVIEST: u64 = 80 * 1024;
/// Other tests share the machine: the best of so many starts is the program's own time.
const STARTS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_ready_within_half_a_second_and_idles_below_80_mb() {
    let place = TestDb::sqlite();
    let deployment = Deployment::lay(place.url(), 1, 1_000_000_000, 1).await;
    let mut times = Vec::new();
    let mut heaviest = 0;
    for _ in 0..STARTS {
        let (server, ready_after) = ready(&deployment).await;
        times.push(ready_after);
        heaviest = heaviest.max(weight_at_idle(&server).await);
        server.kill_after(Duration::ZERO).await.expect("it was running");
    }
    println!("start to /readyz 200: {times:?}; VmRSS at idle, most: {heaviest} KiB");
    let best = times.iter().min().expect("it was started");
    assert!(*best <= LONGEST_START, "{times:?}");
    assert!(heaviest <= HEAVIEST, "{heaviest} KiB");
}

#[tokio::test]
async fn a_machine_whose_clock_is_far_off_does_not_work_and_one_that_is_a_bit_off_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (config, log) = (folder.path().join("hashbuzz.toml"), folder.path().join("relay.log"));
    let place = TestDb::postgres().await;
    let redis = "dispatch = \"bullmq\"\n[redis]\nurl = \"redis://127.0.0.1:1\"";
    std::fs::write(&config, settings_without_far_ends(place.url(), redis)).expect("written");
    let relay = ["relay", "--config", text(&config)];

    the_database_is_ahead(&place, 40).await;
    let refused = run(&relay).await;
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let words = said(&refused);
    assert!(words.contains("s behind the database's: set the clocks"), "{words}");

    the_database_is_ahead(&place, 5).await;
    let running = Program::start(&relay, &log).await.expect("it starts");
    let mut looks = interval(Duration::from_millis(20));
    let warned = async {
        while !std::fs::read_to_string(&log).is_ok_and(|log| log.contains("behind the database")) {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), warned).await.expect("it says so");
    running.end().await;
    let doctor = run(&["doctor", "--config", text(&config)]).await;
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(told.contains("clock     WARNING: this machine's clock is "), "{told}");
    assert!(told.contains(" s behind the database's"), "{told}");
}

/// Puts a clock before the one of the database that is so many seconds ahead of it.
async fn the_database_is_ahead(place: &TestDb, seconds: u32) {
    let db = place.open().await;
    let name = place.url().rsplit_once('/').expect("the address ends in a name").1;
    for sql in [
        "CREATE SCHEMA IF NOT EXISTS ahead".to_owned(),
        format!(
            "CREATE OR REPLACE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE SQL \
             AS $$ SELECT pg_catalog.clock_timestamp() + interval '{seconds} seconds' $$"
        ),
        format!("ALTER DATABASE {name} SET search_path = ahead, pg_catalog, public"),
    ] {
        db.exec(&sql, values![]).await.expect("the database obeys");
    }
    db.close().await.expect("the database closes");
}

async fn ready(deployment: &Deployment) -> (Program, Duration) {
    let api = Api::new();
    let server = deployment.serve().await;
    let address = server.address("address");
    let mut looks = interval(Duration::from_millis(2));
    for _ in 0..5_000 {
        if api.is_ready(&address).await {
            let after = server.started.elapsed();
            return (server, after);
        }
        looks.tick().await;
    }
    panic!("the server does not become ready")
}

/// The most memory over a second and a half, in which the escrow is watched and the books are
/// checked once.
async fn weight_at_idle(server: &Program) -> u64 {
    let mut looks = interval(Duration::from_millis(50));
    let mut most = 0;
    for _ in 0..30 {
        looks.tick().await;
        most = most.max(resident(server.id()));
    }
    most
}

/// KiB of memory that a process has.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.expect("the system tells about its processes");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number.and_then(|number| number.parse().ok()).expect("a number of kB")
}
