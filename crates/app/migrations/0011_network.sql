-- Owner: budget. What may still be asked of networks, one row a limit, shared by all processes.
CREATE TABLE budget (
    bucket TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    used BIGINT NOT NULL,
    resets_at BIGINT NOT NULL,
    -- Whether an answer said how large it is, and when it is full again this time.
    size_told BOOLEAN NOT NULL DEFAULT FALSE,
    reset_told BOOLEAN NOT NULL DEFAULT FALSE,
    -- Nothing is taken before then, whatever is in it.
    closed_until BIGINT NOT NULL DEFAULT 0,
    why TEXT NOT NULL DEFAULT ''
);
-- What asking cost, by day (UTC, days since 1970), in millionths of a dollar; the purse is a campaign
-- or empty.
CREATE TABLE spending (
    day BIGINT NOT NULL,
    purse TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    requests BIGINT NOT NULL,
    objects BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    PRIMARY KEY (day, purse, endpoint)
);
CREATE INDEX spending_of_purse ON spending (purse);

-- Owner: account. When an access ends by itself, which one it is, and whether it is being renewed:
-- a refresh token is good once, so nobody may use it while somebody else does.
ALTER TABLE profile ADD COLUMN access_version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE profile ADD COLUMN access_ends_at BIGINT;
ALTER TABLE profile ADD COLUMN renewing_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE profile ADD COLUMN renewed_at BIGINT NOT NULL DEFAULT 0;
-- Set when only the owner can help, by linking the profile again.
ALTER TABLE profile ADD COLUMN link_again TEXT;
-- A sign-in that was begun: good once, for a short time, and for the account that began it.
CREATE TABLE sign_in (
    state TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('brand', 'personal')),
    verifier {bytes} NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sign_in_ends ON sign_in (ends_at);

-- Owner: engagement. When a running campaign is looked at next, and what its last walk knew.
CREATE TABLE tracking (
    campaign TEXT PRIMARY KEY REFERENCES campaign (id),
    account TEXT NOT NULL,
    next_look BIGINT NOT NULL,
    counted_at_walk TEXT NOT NULL DEFAULT '[]',
    walk_begun_at BIGINT NOT NULL
);
CREATE INDEX tracking_next ON tracking (next_look);
-- Campaigns that ran before they were tracked together.
INSERT INTO tracking (campaign, account, next_look, walk_begun_at)
SELECT id, account, 0, COALESCE(starts_at, created_at) FROM campaign WHERE state = 'Running';

-- Owner: campaign. What asking the network was expected to cost, as it was told before funding.
ALTER TABLE campaign ADD COLUMN network_micros BIGINT;
