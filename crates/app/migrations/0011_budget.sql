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
