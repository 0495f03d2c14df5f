//! The schema of the whole program, in order. A migration that was released is never edited.

use hashbuzz_db::Migration;

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "outbox", sql: hashbuzz_outbox::SCHEMA },
    Migration {
        version: 2,
        name: "accounts",
        sql: include_str!("../migrations/0002_accounts.sql"),
    },
    Migration {
        version: 3,
        name: "campaigns",
        sql: include_str!("../migrations/0003_campaigns.sql"),
    },
    Migration {
        version: 4,
        name: "treasury",
        sql: include_str!("../migrations/0004_treasury.sql"),
    },
    Migration {
        version: 5,
        name: "engagement",
        sql: include_str!("../migrations/0005_engagement.sql"),
    },
    Migration { version: 6, name: "closing", sql: include_str!("../migrations/0006_closing.sql") },
    Migration { version: 7, name: "engine", sql: hashbuzz_outbox::SCHEMA_ENGINE },
    Migration { version: 8, name: "operator", sql: hashbuzz_outbox::SCHEMA_OPERATOR },
    Migration { version: 9, name: "audit", sql: include_str!("../migrations/0009_audit.sql") },
    Migration { version: 10, name: "media", sql: include_str!("../migrations/0010_media.sql") },
    Migration { version: 11, name: "budget", sql: include_str!("../migrations/0011_budget.sql") },
    Migration {
        version: 12,
        name: "accesses",
        sql: include_str!("../migrations/0012_accesses.sql"),
    },
    Migration {
        version: 13,
        name: "tracking",
        sql: include_str!("../migrations/0013_tracking.sql"),
    },
    Migration {
        version: 14,
        name: "network_cost",
        sql: include_str!("../migrations/0014_network_cost.sql"),
    },
    Migration { version: 15, name: "payout", sql: include_str!("../migrations/0015_payout.sql") },
];
