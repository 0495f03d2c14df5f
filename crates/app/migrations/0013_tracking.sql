-- Owner: engagement. When a running campaign is looked at next, and what its last walk knew.
CREATE TABLE tracking (
    campaign TEXT PRIMARY KEY REFERENCES campaign (id),
    next_look BIGINT NOT NULL,
    counted_at_walk TEXT NOT NULL DEFAULT '[]',
    walk_begun_at BIGINT NOT NULL
);
CREATE INDEX tracking_next ON tracking (next_look);
-- Campaigns that ran before they were tracked together.
INSERT INTO tracking (campaign, next_look, walk_begun_at)
SELECT id, 0, COALESCE(starts_at, created_at) FROM campaign WHERE state = 'Running';
