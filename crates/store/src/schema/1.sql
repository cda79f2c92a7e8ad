-- One row for each exchange. Times are in microseconds, since 1970 or as spans; money in billionths of a US dollar.
CREATE TABLE records (
  seq {identity},
  ended BIGINT NOT NULL,
  began BIGINT NOT NULL,
  id TEXT NOT NULL,
  session TEXT,
  key TEXT,
  operation TEXT NOT NULL,
  dialect TEXT,
  route TEXT,
  provider TEXT,
  kind TEXT,
  model TEXT,
  served_model TEXT,
  stream BIGINT NOT NULL,
  status BIGINT,
  upstream_status BIGINT,
  ending TEXT NOT NULL,
  error TEXT,
  fault TEXT,
  attempts TEXT NOT NULL,
  first_byte BIGINT,
  first_token BIGINT,
  duration BIGINT NOT NULL,
  input_tokens BIGINT,
  output_tokens BIGINT,
  cache_read_tokens BIGINT,
  cache_write_tokens BIGINT,
  reasoning_tokens BIGINT,
  cost BIGINT,
  request_bytes BIGINT NOT NULL,
  response_bytes BIGINT NOT NULL,
  trace TEXT
);
CREATE INDEX records_ended ON records (ended, seq);
CREATE INDEX records_id ON records (id);
CREATE INDEX records_failed ON records (ended, seq) WHERE fault IS NOT NULL;
CREATE INDEX records_session ON records (session, ended) WHERE session IS NOT NULL;

-- What exchanges are told apart by in rollups.
CREATE TABLE dimensions (
  id BIGINT PRIMARY KEY,
  model TEXT,
  served_model TEXT,
  provider TEXT,
  key TEXT,
  operation TEXT,
  dialect TEXT,
  route TEXT,
  ending TEXT,
  fault TEXT,
  error TEXT,
  status TEXT
);

-- What exchanges came to, by minute (level 0), hour (1) and day (2) of their end. Several rows may be of the same step and
-- dimensions: each process writes its own, and begins others when it starts anew.
CREATE TABLE rollups (
  id BIGINT PRIMARY KEY,
  level BIGINT NOT NULL,
  start BIGINT NOT NULL,
  dimensions BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  client_gone BIGINT NOT NULL,
  client_faults BIGINT NOT NULL,
  our_faults BIGINT NOT NULL,
  upstream_faults BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cache_read_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  unpriced BIGINT NOT NULL,
  request_bytes BIGINT NOT NULL,
  response_bytes BIGINT NOT NULL,
  durations {bytes} NOT NULL,
  first_tokens {bytes} NOT NULL
);
CREATE INDEX rollups_start ON rollups (level, start);

CREATE TABLE transitions (
  at BIGINT NOT NULL,
  plugin TEXT NOT NULL,
  component TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  output TEXT
);
CREATE INDEX transitions_at ON transitions (at);

-- The last batch of each process that writes: one that is sent twice, as its answer was lost, is taken once.
CREATE TABLE writers (
  id BIGINT PRIMARY KEY,
  batch BIGINT NOT NULL,
  at BIGINT NOT NULL
);
