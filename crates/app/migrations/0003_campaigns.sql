-- Owner: campaign. One row a campaign; its state changes only through the domain's `apply`.
CREATE TABLE campaign (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('awareness', 'quest')),
    state TEXT NOT NULL,
    stalled_origin TEXT,
    stalled_step TEXT,
    stalled_reason TEXT,
    draft TEXT NOT NULL,
    budget BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    reject_reason TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    post_1 TEXT,
    post_1_at BIGINT,
    post_2 TEXT,
    starts_at BIGINT,
    closes_at BIGINT,
    closed_at BIGINT,
    claim_until BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX campaign_of_account ON campaign (account, id);

-- The visible steps, each with its own record; never guessed from null columns.
CREATE TABLE campaign_step (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    step TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'started', 'done', 'unknown', 'failed')),
    detail TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (campaign, step)
);

-- What happened, in words, for people.
CREATE TABLE timeline (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL REFERENCES campaign (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    step TEXT,
    message TEXT NOT NULL
);
CREATE INDEX timeline_of_campaign ON timeline (campaign, id);
