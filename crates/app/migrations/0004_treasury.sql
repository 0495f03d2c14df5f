-- Owner: treasury. What the ledger told us, once per entry of its log.
CREATE TABLE ledger_entry (
    key TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    transaction_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    sponsor TEXT,
    amount BIGINT
);
CREATE TABLE ledger_cursor (
    name TEXT PRIMARY KEY,
    cursor TEXT NOT NULL
);
-- Budget and fee that accepted publishes will take, until the contract has them.
CREATE TABLE reservation (
    campaign TEXT PRIMARY KEY REFERENCES campaign (id),
    account TEXT NOT NULL REFERENCES account (id),
    amount BIGINT NOT NULL,
    funded BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX reservation_of_account ON reservation (account);
-- The books of a campaign: funded = paid + refunded + fee + held. One row per proven effect.
CREATE TABLE book_entry (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    kind TEXT NOT NULL CHECK (kind IN ('funded', 'fee', 'paid', 'refunded')),
    sequence BIGINT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    at BIGINT NOT NULL,
    PRIMARY KEY (campaign, kind, sequence)
);
