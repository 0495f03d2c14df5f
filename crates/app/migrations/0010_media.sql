-- Owner: media. What people handed to us, each account its own; the bytes are in the media store,
-- under their SHA-256.
CREATE TABLE media (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('image', 'gif', 'video')),
    mime TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    frames BIGINT NOT NULL,
    -- Microseconds; of videos only.
    duration BIGINT,
    alt TEXT NOT NULL,
    -- In hexadecimal.
    sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account, sha256)
);
CREATE INDEX media_by_content ON media (sha256);

-- Which draft shows what, so that nothing is deleted that somebody has reviewed.
CREATE TABLE media_use (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    position BIGINT NOT NULL,
    medium TEXT NOT NULL REFERENCES media (id),
    PRIMARY KEY (campaign, position)
);
CREATE INDEX media_use_of_medium ON media_use (medium);

-- How far a campaign's media are on their way to the network. `round` grows with every upload that
-- is begun anew, and is part of the numbers of its effects; `tries` counts those since a person
-- asked.
CREATE TABLE media_upload (
    campaign TEXT NOT NULL REFERENCES campaign (id),
    position BIGINT NOT NULL,
    medium TEXT NOT NULL,
    round BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'sending', 'processing', 'describing', 'ready')),
    remote TEXT,
    expires_at BIGINT,
    pieces BIGINT NOT NULL,
    finished_at BIGINT,
    -- As it was described.
    alt TEXT NOT NULL,
    PRIMARY KEY (campaign, position)
);
