-- The event table for an engine under load: lanes, deferred events, pauses, attempts, publications.
-- What waits for a later time, for an operator or for ever has a state of its own, so that the
-- index that workers claim from holds nothing but work.
DROP INDEX event_one_leased_per_key;
DROP INDEX event_dedupe;
DROP INDEX event_due;
DROP INDEX event_of_key;
ALTER TABLE event RENAME TO event_before;
CREATE TABLE event (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    key TEXT,
    account TEXT NOT NULL DEFAULT '',
    -- queue, a slash, account: who takes turns with whom.
    lane TEXT NOT NULL,
    dedupe TEXT,
    payload TEXT NOT NULL,
    trace TEXT,
    due_at BIGINT NOT NULL,
    -- due_at, later by what a lower priority gives away: who is first inside a lane.
    rank BIGINT NOT NULL,
    state TEXT NOT NULL CHECK
        (state IN ('ready', 'deferred', 'paused', 'leased', 'dead', 'discarded')),
    -- Failures.
    attempt BIGINT NOT NULL DEFAULT 0,
    -- Leases lost in a row: its worker disappeared with it in hand.
    lost BIGINT NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    leased_at BIGINT,
    fence BIGINT NOT NULL DEFAULT 0,
    waits_for TEXT,
    last_error TEXT,
    -- When it was last handed to a broker, and how often.
    published_at BIGINT,
    publication BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
INSERT INTO event (id, kind, queue, key, account, lane, dedupe, payload, due_at, rank, state, attempt,
    lease_owner, lease_until, fence, waits_for, last_error, created_at)
SELECT id, kind, queue, key, COALESCE(account, ''), queue || '/' || COALESCE(account, ''), dedupe,
    payload, due_at, due_at, CASE WHEN state = 'ready' THEN 'deferred' ELSE state END, attempt,
    lease_owner, lease_until, fence, waits_for, last_error, created_at
FROM event_before;
DROP TABLE event_before;
-- Compared byte by byte, as SQLite does, so that a queue's lanes are one range of the index.
-- postgres: ALTER TABLE event ALTER COLUMN lane TYPE TEXT COLLATE "C";
-- At most one event of a key is leased at a time, by constraint and not by hope.
CREATE UNIQUE INDEX event_one_leased_per_key ON event (key) WHERE state = 'leased';
-- Two waiting events with one dedupe key are one event.
CREATE UNIQUE INDEX event_dedupe ON event (dedupe)
    WHERE dedupe IS NOT NULL AND state IN ('ready', 'deferred', 'paused');
CREATE INDEX event_lane ON event (lane, rank, id) WHERE state = 'ready';
CREATE INDEX event_deferred ON event (due_at) WHERE state = 'deferred';
CREATE INDEX event_stopped ON event (state, id) WHERE state IN ('paused', 'dead', 'discarded');
CREATE INDEX event_of_key ON event (key, state, rank) WHERE key IS NOT NULL;
-- Rows come and go by the thousand: they are swept early, often and without pauses. A page keeps
-- room for as much again: the versions that publishing makes then need no entry in any index.
-- postgres: ALTER TABLE event SET (fillfactor = 45, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);

-- History says who did it and when.
ALTER TABLE event_history ADD COLUMN queue TEXT NOT NULL DEFAULT '';
ALTER TABLE event_history ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE event_history ADD COLUMN trace TEXT;
ALTER TABLE event_history ADD COLUMN worker TEXT;
ALTER TABLE event_history ADD COLUMN leased_at BIGINT;
CREATE INDEX event_history_finished ON event_history (finished_at);
-- Only ever appended to and, by age, deleted.
-- postgres: ALTER TABLE event_history SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);

-- Turns that did not finish their event: what an operator reads when something waits.
CREATE TABLE event_attempt (
    event TEXT NOT NULL,
    fence BIGINT NOT NULL,
    worker TEXT,
    started_at BIGINT,
    ended_at BIGINT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('failed', 'later', 'lost', 'given_back', 'dead')),
    detail TEXT NOT NULL,
    PRIMARY KEY (event, fence)
);

-- What an operator stopped. `scope` and `name`: queue and its name, kind and its name, account and
-- its id. Claims ask here, so a pause holds from the next claim on.
CREATE TABLE event_pause (
    scope TEXT NOT NULL CHECK (scope IN ('queue', 'kind', 'account')),
    name TEXT NOT NULL,
    why TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);

-- Processes also say what they can do: an event that only a newer one knows waits for it.
ALTER TABLE instance ADD COLUMN kinds TEXT NOT NULL DEFAULT '[]';
ALTER TABLE instance ADD COLUMN queues TEXT NOT NULL DEFAULT '[]';
ALTER TABLE instance ADD COLUMN role TEXT NOT NULL DEFAULT 'serve';
