-- What cleaning by age looks for: finished events of campaigns are found by their key, so only the
-- others need an index by time.
DROP INDEX event_history_finished;
CREATE INDEX event_history_finished ON event_history (finished_at) WHERE key IS NULL;
