-- Owner: campaign. What asking the network was expected to cost, as it was told before funding.
ALTER TABLE campaign ADD COLUMN network_micros BIGINT;
