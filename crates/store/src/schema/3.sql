-- Sums stood each in a row of its own; what is in this table goes into the next when a program of this schema opens the store.
ALTER TABLE rollups RENAME TO rollups_unpacked;

-- What exchanges came to, by minute (level 0), hour (1) and day (2) of their end: the sums of some dozens of dimensions
-- together, and of how many requests. Several rows may have the same step and dimensions: each process writes its own, and
-- begins others when it starts anew.
CREATE TABLE packs (
  level BIGINT NOT NULL,
  start BIGINT NOT NULL,
  id BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  sums {bytes} NOT NULL,
  PRIMARY KEY (level, start, id)
) {packed};

-- What is counted of each record, some dozens together: those that ended in the same hour, and the longest they took.
CREATE TABLE measures (
  hour BIGINT NOT NULL,
  id BIGINT NOT NULL,
  longest BIGINT NOT NULL,
  measures {bytes} NOT NULL,
  PRIMARY KEY (hour, id)
) {packed};

-- There are none of older records.
INSERT INTO kept_since (what, since) SELECT 'measures', max(ended) + 1 FROM records HAVING max(ended) IS NOT NULL;

-- The last day on which there was such an exchange.
ALTER TABLE dimensions ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
UPDATE dimensions SET seen = used.day
  FROM (SELECT dimensions AS id, max(start) AS day FROM rollups_unpacked WHERE level = 2 GROUP BY dimensions) AS used
  WHERE used.id = dimensions.id;
