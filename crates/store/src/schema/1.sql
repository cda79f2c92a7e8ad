-- What exchanges are told apart by; the id follows from the rest.
CREATE TABLE dimensions (
  id BIGINT NOT NULL PRIMARY KEY,
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
) {clustered};

-- One row for each exchange. Times are in microseconds, since 1970 or as spans; money in billionths of a US dollar. The
-- models stand here only where those of the dimensions are "(other)".
CREATE TABLE records (
  seq {identity},
  ended BIGINT NOT NULL,
  dimensions BIGINT NOT NULL,
  duration BIGINT NOT NULL,
  first_token BIGINT,
  calls BIGINT NOT NULL,
  input_tokens BIGINT,
  output_tokens BIGINT,
  cache_read_tokens BIGINT,
  cache_write_tokens BIGINT,
  reasoning_tokens BIGINT,
  cost BIGINT,
  request_bytes BIGINT NOT NULL,
  response_bytes BIGINT NOT NULL,
  model TEXT,
  served_model TEXT,
  began BIGINT NOT NULL,
  id TEXT NOT NULL,
  session TEXT,
  kind TEXT,
  stream BIGINT NOT NULL,
  upstream_status BIGINT,
  first_byte BIGINT,
  attempts TEXT NOT NULL,
  trace TEXT
);
CREATE INDEX records_ended ON records (ended, seq, duration);
CREATE INDEX records_dimensions ON records (dimensions, ended, seq, duration);
CREATE INDEX records_session ON records (session, ended, seq) WHERE session IS NOT NULL;
CREATE INDEX records_id ON records (id);

-- What exchanges came to, by minute (level 0), hour (1) and day (2) of their end. Several rows may be of the same step and
-- dimensions: each process writes its own, and begins others when it starts anew.
CREATE TABLE rollups (
  level BIGINT NOT NULL,
  start BIGINT NOT NULL,
  id BIGINT NOT NULL,
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
  first_tokens {bytes} NOT NULL,
  PRIMARY KEY (level, start, id)
) {rewritten};

-- The last batch of each process that writes: one that is sent twice, as its answer was lost, is taken once.
CREATE TABLE writers (
  id BIGINT NOT NULL PRIMARY KEY,
  batch BIGINT NOT NULL,
  at BIGINT NOT NULL
) {clustered};

-- What has been deleted: there are all 'records', and the sums of all 'hours', only from then on.
CREATE TABLE kept_since (
  what TEXT NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL
);

-- For whoever asks with SQL: all that is known of each exchange.
CREATE VIEW requests AS
SELECT r.seq, r.ended, r.began, r.id, r.session, d.key, d.operation, d.dialect, d.route, d.provider, r.kind,
  coalesce(r.model, d.model) AS model, coalesce(r.served_model, d.served_model) AS served_model, r.stream, d.status,
  r.upstream_status, d.ending, d.error, d.fault, r.attempts, r.first_byte, r.first_token, r.duration, r.input_tokens,
  r.output_tokens, r.cache_read_tokens, r.cache_write_tokens, r.reasoning_tokens, r.cost, r.request_bytes,
  r.response_bytes, r.trace
FROM records r JOIN dimensions d ON d.id = r.dimensions;
