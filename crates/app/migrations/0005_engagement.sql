-- Owner: engagement. Sightings, append-only: one row per (campaign, post, kind, profile, object).
CREATE TABLE observation (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    post TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile TEXT NOT NULL,
    object TEXT NOT NULL,
    handle TEXT NOT NULL,
    network_time BIGINT,
    first_seen BIGINT NOT NULL,
    last_sweep BIGINT NOT NULL,
    body TEXT,
    facts TEXT NOT NULL,
    PRIMARY KEY (campaign, post, kind, profile, object)
);
-- A sighting that a complete later list no longer showed: a further row, not a change.
CREATE TABLE withdrawal (
    campaign TEXT NOT NULL,
    post TEXT NOT NULL,
    kind TEXT NOT NULL,
    profile TEXT NOT NULL,
    object TEXT NOT NULL,
    sweep BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (campaign, post, kind, profile, object, sweep)
);
-- One walk over one list, and whether its end proved absence.
CREATE TABLE sweep (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    number BIGINT NOT NULL,
    post TEXT NOT NULL,
    kind TEXT NOT NULL,
    pages BIGINT NOT NULL DEFAULT 0,
    complete BOOLEAN NOT NULL DEFAULT FALSE,
    proves_absence BOOLEAN NOT NULL DEFAULT FALSE,
    ended_at BIGINT,
    PRIMARY KEY (campaign, number, post, kind)
);
CREATE TABLE post_metrics (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    post TEXT NOT NULL,
    at BIGINT NOT NULL,
    likes BIGINT NOT NULL,
    reposts BIGINT NOT NULL,
    quotes BIGINT NOT NULL,
    replies BIGINT NOT NULL,
    PRIMARY KEY (campaign, post)
);
