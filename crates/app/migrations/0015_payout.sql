-- Owner: closing. What a batch's transaction cost, in tinybars, where the ledger said so.
ALTER TABLE pay_batch ADD COLUMN fee BIGINT;
