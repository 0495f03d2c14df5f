-- Owner: account. Who may do what, and which profiles speak for whom.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    evm_address TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- A profile belongs to one account; an account has one brand and one personal profile a network.
CREATE TABLE profile (
    network TEXT NOT NULL,
    profile TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('brand', 'personal')),
    handle TEXT NOT NULL,
    access {bytes},
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (network, profile),
    UNIQUE (account, network, purpose)
);
-- Only digests: a stolen database opens no account.
CREATE TABLE api_key (
    digest TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Acts of operators and of the system that somebody may have to answer for.
CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
