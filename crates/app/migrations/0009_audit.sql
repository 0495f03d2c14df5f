-- Owner: audit. Acts that somebody may have to answer for, each bound to the one before it: who
-- changes, removes or inserts an entry later breaks the chain from there on.
CREATE TABLE audit_entry (
    sequence BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    -- SHA-256 in hexadecimal, over the entry and the hash before it.
    hash TEXT NOT NULL
);
-- The end of the chain: one row, which whoever appends holds until their transaction ends.
CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    -- The first entry that is in the chain.
    begins BIGINT NOT NULL
);
-- Entries from before there was a chain are kept, in their order and without a hash.
INSERT INTO audit_entry (sequence, at, actor, act, subject, detail, hash)
SELECT ROW_NUMBER() OVER (ORDER BY id), at, actor, act, subject, detail, '' FROM audit;
INSERT INTO audit_head (one, sequence, hash, begins)
SELECT 1, COUNT(*), '', COUNT(*) + 1 FROM audit_entry;
