-- Events that wait, run, or gave up. Finished ones leave in the finishing transaction, so this
-- table stays as small as the work that is left.
CREATE TABLE event (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    key TEXT,
    account TEXT,
    dedupe TEXT,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    priority BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'dead', 'discarded')),
    attempt BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    fence BIGINT NOT NULL DEFAULT 0,
    waits_for TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
-- At most one event of a key is leased at a time, by constraint and not by hope.
CREATE UNIQUE INDEX event_one_leased_per_key ON event (key) WHERE state = 'leased';
-- Two waiting events with one dedupe key are one event.
CREATE UNIQUE INDEX event_dedupe ON event (dedupe) WHERE state = 'ready';
CREATE INDEX event_due ON event (priority, due_at) WHERE state = 'ready';
CREATE INDEX event_of_key ON event (key);

-- What was finished, for people and for cleaning by age.
CREATE TABLE event_history (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT,
    payload TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);
CREATE INDEX event_history_of_key ON event_history (key, finished_at);

-- Processes that work. One that is silent is dead, and its leases go back.
CREATE TABLE instance (
    id TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- Calls to other systems. Never deleted with history: they are what auditors ask for.
CREATE TABLE effect (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    step TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    event TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    request TEXT NOT NULL,
    idempotency_key TEXT,
    fence BIGINT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('planned', 'started', 'done', 'rejected', 'unknown', 'needs_person')),
    remote_id TEXT,
    evidence TEXT NOT NULL DEFAULT '[]',
    cost TEXT,
    sends BIGINT NOT NULL DEFAULT 0,
    clean_reads BIGINT NOT NULL DEFAULT 0,
    clean_read_at BIGINT,
    planned_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    UNIQUE (key, step, sequence)
);
-- A remote id belongs to one effect of a kind.
CREATE UNIQUE INDEX effect_remote ON effect (kind, target, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX effect_open ON effect (state) WHERE state IN ('started', 'unknown', 'needs_person');
