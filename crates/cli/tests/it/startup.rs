//! How long a server takes until it can work, and what it weighs when it has nothing to do.

use std::time::Duration;

use hashbuzz_db::testing::TestDb;
use tokio::time::interval;

use crate::api::Api;
use crate::deployment::Deployment;
use crate::programs::Program;

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
