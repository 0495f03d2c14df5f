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
