-- Owner: closing. The frozen allocation of a campaign, and what became of each line.
CREATE TABLE allocation (
    campaign TEXT PRIMARY KEY REFERENCES campaign (id),
    root {bytes} NOT NULL,
    salt {bytes} NOT NULL,
    total BIGINT NOT NULL,
    participants BIGINT NOT NULL,
    eligible BIGINT NOT NULL,
    excluded BIGINT NOT NULL,
    frozen_at BIGINT NOT NULL
);
CREATE TABLE line (
    campaign TEXT NOT NULL REFERENCES allocation (campaign),
    profile TEXT NOT NULL,
    position BIGINT,
    amount BIGINT NOT NULL,
    explanation TEXT NOT NULL,
    batch BIGINT,
    account TEXT,
    PRIMARY KEY (campaign, profile)
);
CREATE UNIQUE INDEX line_position ON line (campaign, position) WHERE position IS NOT NULL;
CREATE INDEX line_unpaid ON line (campaign, position) WHERE batch IS NULL AND position IS NOT NULL;
-- Payment batches, numbered as the contract counts them.
CREATE TABLE pay_batch (
    campaign TEXT NOT NULL REFERENCES allocation (campaign),
    number BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    paid_at BIGINT,
    PRIMARY KEY (campaign, number)
);
