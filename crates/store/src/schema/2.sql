CREATE TABLE transitions (
  at BIGINT NOT NULL,
  plugin TEXT NOT NULL,
  component TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  output TEXT
);
CREATE INDEX transitions_at ON transitions (at);
