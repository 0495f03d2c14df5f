//! Settings, schema, and the one server that an SQLite file has.

use std::path::Path;
use std::process::Output;

use hashbuzz_app::MIGRATIONS;
use hashbuzz_db::testing::TestDb;
use hashbuzz_db::{Db, Sql as _, values};

use crate::deployment::Deployment;
use crate::programs::{run, said, text};

/// Far ends that are not there: enough for commands that never ask them.
pub(crate) fn settings_without_far_ends(database_url: &str, more: &str) -> String {
    format!(
        r#"database_url = "{database_url}"
vault_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
{more}
[x]

[hedera]
nodes = {{ "127.0.0.1:1" = "0.0.3" }}
mirror = "http://127.0.0.1:1"
operator = "0.0.1001"
operator_key = "00"
contract = "0.0.1002"
chain_id = 298
"#
    )
}

async fn with_settings(folder: &Path, command: &str, settings: &str) -> Output {
    let file = folder.join("hashbuzz.toml");
    std::fs::write(&file, settings).expect("the settings can be written");
    run(&[command, "--config", text(&file)]).await
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_setting_that_is_spelt_wrong_is_named_and_nothing_starts() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database_url = format!("sqlite:{}", folder.path().join("it.db").display());
    for (more, named) in [
        ("databse_url = \"sqlite:other.db\"", "databse_url"),
        ("[campaigns]\nminimum_payuot = \"5\"", "minimum_payuot"),
        ("[retention]\nhistory_day = 5", "history_day"),
    ] {
        let settings = settings_without_far_ends(&database_url, more);
        for command in ["serve", "migrate", "doctor"] {
            let output = with_settings(folder.path(), command, &settings).await;
            assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
            assert!(said(&output).contains(named), "{command}: {}", said(&output));
        }
    }
    assert!(!folder.path().join("it.db").exists(), "the database was touched");
}

#[tokio::test]
async fn settings_that_do_not_go_together_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let sqlite = format!("sqlite:{}", folder.path().join("it.db").display());
    let postgres = "postgres://nobody@127.0.0.1:1/none";
    let redis = |url: &str| format!("dispatch = \"bullmq\"\n[redis]\nurl = \"{url}\"");
    let no_file = redis("rediss://:hunter2@localhost") + "\nroot_certificate = \"/nowhere/ca.pem\"";
    let prefix = redis("redis://:hunter2@localhost") + "\nprefix = \"a:b\"";
    for (command, database_url, more, words) in [
        ("serve", &*sqlite, "dispatch = \"rabbitmq\"", "dispatch is \"embedded\" or \"bullmq\""),
        ("serve", &sqlite, &*redis("redis://localhost"), "dispatch = \"bullmq\" needs PostgreSQL"),
        ("work", postgres, "dispatch = \"bullmq\"", "HASHBUZZ__REDIS__URL"),
        ("relay", postgres, "dispatch = \"bullmq\"\n[redis]\nprefix = \"x\"", "needs redis.url"),
        ("doctor", postgres, &redis("localhost:6379"), "redis.url: the Redis URL"),
        ("serve", postgres, &redis("redis://:hunter2@host/x"), "database that is not a number"),
        ("serve", postgres, &no_file, "redis.root_certificate: the root certificate /nowhere"),
        ("serve", postgres, &prefix, "redis.prefix: the Redis prefix `a:b`"),
        ("serve", postgres, "[redis]\nurll = \"redis://:hunter2@localhost\"", "urll"),
        ("serve", postgres, "[workers]\nconcurrency = 0", "workers.concurrency is 1 to 1000"),
        ("serve", postgres, "database_connections = 1", "database_connections is 2 to 1000"),
        ("work", &sqlite, "", "`hashbuzz work` needs PostgreSQL"),
        ("relay", &sqlite, "", "there is nothing to relay"),
        ("relay", postgres, "", "set dispatch = \"bullmq\""),
    ] {
        let settings = settings_without_far_ends(database_url, more);
        let output = with_settings(folder.path(), command, &settings).await;
        assert_eq!(output.status.code(), Some(1), "{command} {more}: {output:?}");
        assert!(said(&output).contains(words), "{command} {more}: {}", said(&output));
        assert!(!said(&output).contains("hunter2"), "{}", said(&output));
        assert!(printed(&output).is_empty(), "it says that it is ready");
    }
    assert!(!folder.path().join("it.db").exists(), "the database was touched");
}

#[tokio::test]
async fn migrating_twice_changes_nothing_the_second_time() {
    let place = TestDb::sqlite();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let settings = settings_without_far_ends(place.url(), "");
    let first = with_settings(folder.path(), "migrate", &settings).await;
    assert!(first.status.success(), "{}", said(&first));
    assert_eq!(printed(&first).lines().count(), MIGRATIONS.len(), "{}", printed(&first));
    let second = with_settings(folder.path(), "migrate", &settings).await;
    assert!(second.status.success(), "{}", said(&second));
    assert_eq!(printed(&second), "the database has this program's schema; nothing to do\n");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_stays_as_it_is() {
    let place = TestDb::sqlite();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let settings = settings_without_far_ends(place.url(), "");
    let migrated = with_settings(folder.path(), "migrate", &settings).await;
    assert!(migrated.status.success(), "{}", said(&migrated));
    let newer = "INSERT INTO schema_migration (version, name, digest) VALUES (999, 'later', 0)";
    let db = Db::open(place.url()).await.expect("the database opens");
    db.exec(newer, values![]).await.expect("a row can be added");
    db.close().await.expect("the database closes");
    for command in ["serve", "migrate"] {
        let output = with_settings(folder.path(), command, &settings).await;
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
        let words = said(&output);
        assert!(words.contains("schema version 999"), "{command}: {words}");
        assert!(words.contains("start the program that wrote it"), "{command}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_file_has_one_server_and_a_healthy_deployment_satisfies_the_doctor() {
    let place = TestDb::sqlite();
    let deployment = Deployment::lay(place.url(), 1, 1_000_000_000, 1).await;
    let first = deployment.serve().await;

    let second = run(&["serve", "--config", text(&deployment.config)]).await;
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    let words = said(&second);
    assert!(words.contains("another process serves this SQLite database"), "{words}");
    assert!(printed(&second).is_empty(), "it says that it is ready");

    let doctor = run(&["doctor", "--config", text(&deployment.config)]).await;
    assert!(doctor.status.success(), "{}{}", printed(&doctor), said(&doctor));
    assert!(printed(&doctor).ends_with("all is well\n"), "{}", printed(&doctor));

    // A server that was killed leaves no lock behind.
    first.kill_after(std::time::Duration::ZERO).await.expect("it was running");
    let third = deployment.serve().await;
    assert_eq!(third.ready["ready"], "serve");
}

#[tokio::test]
async fn the_help_names_every_role() {
    let output = run(&["--help"]).await;
    assert!(output.status.success(), "{}", said(&output));
    insta::assert_snapshot!(printed(&output), @r"
    HashBuzz pays people for spreading the word, and proves it

    Usage: hashbuzz [OPTIONS] <COMMAND>

    Commands:
      demo          Run everything on this machine with stand-ins for X and Hedera, and watch it
      serve         Run the server and its workers: alone it does all
      work          Run workers without an API, beside a server; needs PostgreSQL
      relay         Offer due events to BullMQ and do nothing else; needs a Redis
      migrate       Bring the database to this program's schema and say what was done
      doctor        Check settings, database, network, ledger and books, and say what is wrong
      events        Look at events through the server's API: why they wait, retry, discard, pause
      dead-letters  Look at what gave up, and retry it
      effects       Look at calls whose outcome is not known, and decide them
      budget        See what may still be asked of the social network, and what asking has cost
      escrow        Deploy the escrow contract
      vault         Change the key that seals accesses
      vault-key     Print a new random key for `vault_key`
      standin       Run a server that answers like X, or like Hedera
      help          Print this message or the help of the given subcommand(s)

    Options:
          --config <CONFIG>  The settings file. Every setting can also be given as HASHBUZZ__SECTION__NAME [env: HASHBUZZ_CONFIG=]
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn the_program_contains_nothing_of_the_crash_points() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_hashbuzz")).expect("the program can be read");
    let words = [
        "HASHBUZZ_CONFIG",
        "HASHBUZZ_CRASH_AT",
        "HASHBUZZ_CRASH_RECORD",
        "HASHBUZZ_TEST_CLOCK",
        "db.commit.before",
        "x.send.before",
    ];
    // One walk over the many megabytes of a program.
    let mut found: std::collections::BTreeSet<&str> = std::collections::BTreeSet::new();
    for (at, _) in program.iter().enumerate().filter(|(_, byte)| b"Hdx".contains(byte)) {
        found.extend(
            words.iter().copied().filter(|word| program[at..].starts_with(word.as_bytes())),
        );
    }
    // The first is there, so that strings can be found; the others are those of an armed program.
    assert_eq!(found.into_iter().collect::<Vec<_>>(), words[..1]);
}
