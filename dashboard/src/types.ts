/** What the server tells, field by field as its JSON has it. */

export type Status = 'pass' | 'warn' | 'fail';
/** A component's state in its history: a status, or not known yet. */
export type State = Status | 'unknown';
export type Ending = 'done' | 'failed' | 'client_gone';
export type Fault = 'client' | 'us' | 'upstream';

/** One entry in an array of `checks`. */
export interface Check {
  componentId: string;
  componentType: string;
  status?: Status;
  time?: string;
  output?: string;
  observedValue?: string | number | boolean | null;
  observedUnit?: string;
  affectedEndpoints?: string[];
  since?: string;
  consecutive?: number;
  thresholds?: { fall: number; rise: number };
  critical?: boolean;
  enabled?: boolean;
  lastSuccess?: string;
  durationMs?: number;
  ageMs?: number;
}

/** `/health` and `/plugins/{name}/health`. */
export interface Health {
  status: Status;
  version?: string;
  releaseId?: string;
  serviceId?: string;
  description?: string;
  output?: string;
  notes?: string[];
  time?: string;
  checks?: Record<string, Check[]>;
}

export interface Transition {
  at: string;
  plugin: string;
  component: string;
  from: State;
  to: State;
  output: string | null;
}

export interface Attempt {
  provider: string;
  model: string | null;
  after_ms: number;
  duration_ms: number;
  status: number | null;
  error: string | null;
}

export interface Tokens {
  input: number | null;
  output: number | null;
  cache_read: number | null;
  cache_write: number | null;
  reasoning: number | null;
}

/** One exchange, from its first step to the last byte of its answer. */
export interface Exchange {
  id: string;
  began: string;
  session: string | null;
  key: string | null;
  operation: string;
  dialect: string | null;
  route: string | null;
  provider: string | null;
  kind: string | null;
  model: string | null;
  served_model: string | null;
  stream: boolean;
  status: number | null;
  upstream_status: number | null;
  ending: Ending;
  error: string | null;
  fault: Fault | null;
  attempts: Attempt[];
  first_byte_ms: number | null;
  first_token_ms: number | null;
  duration_ms: number;
  tokens: Tokens;
  cost_usd: number | null;
  request_bytes: number;
  response_bytes: number;
  trace: { trace: string; span: string; parent: string | null; sampled: boolean } | null;
}

export interface RequestPage {
  requests: Exchange[];
  next: string | null;
}

export interface Percentiles {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
}

export interface Figures {
  requests: number;
  failed: number;
  client_gone: number;
  faults: Record<Fault, number>;
  attempts: number;
  tokens: Record<keyof Tokens, number>;
  /** Only of exchanges whose price is known; `unpriced` counts the others. Null where it is of none of them. */
  cost_usd: number | null;
  unpriced: number;
  duration_ms: Percentiles | null;
  first_token_ms: Percentiles | null;
  request_bytes: number;
  response_bytes: number;
}

export type Group =
  | 'model' | 'served_model' | 'provider' | 'key' | 'operation' | 'dialect' | 'route' | 'ending' | 'fault' | 'error' | 'status';
export type Bucket = 'none' | 'minute' | 'hour' | 'day' | 'week' | 'month';

export type UsageRow = Figures & { start?: string } & { [group in Group]?: string | number | null };

export interface Usage {
  since: string;
  until: string;
  bucket: Bucket;
  group: Group[];
  rows: UsageRow[];
  total: Figures;
  truncated?: boolean;
}

export interface Lane {
  name: string;
  queued: number;
  capacity: number;
  dropped: number;
  failing: boolean;
}

export type Phase = 'starting' | 'ready' | 'draining' | 'stopped';

export interface Overview {
  version: string;
  started: string;
  uptime_s: number;
  phase: Phase;
  /** Where clients are listened to, where the server tells it. */
  address?: string | null;
  requests: { begun: number; done: number; failed: number; client_gone: number; running: number };
  sockets: number;
  memory_bytes?: number | null;
  recorder: { store: 'sqlite' | 'postgres' | 'none'; store_bytes?: number | null; lanes: Lane[] };
}

/** What is left of a provider's scarcest limit. */
export interface RateLimit {
  limit: string;
  percent: number;
  resets_in_ms: number;
}

export interface Credential {
  name: string;
  usable: boolean;
  resting_ms: number | null;
  expires: string | null;
}

export interface Provider {
  name: string;
  kind: string;
  version: string;
  dialects: string[];
  status: Status;
  started?: boolean;
  breaker: 'closed' | 'open' | 'half_open';
  /** How long routes go around it yet: it asked for a pause, or its breaker is open. */
  shut_ms: number | null;
  running: number;
  concurrency: number | null;
  latency_ms: number | null;
  credentials?: Credential[];
  rate_limit: RateLimit | null;
}

export interface Budget {
  window: 'day' | 'week' | 'month';
  limit_usd: number;
  spent_usd: number;
  resets: string;
}

export interface Key {
  /** None for all clients without a named key, together. */
  name: string | null;
  limits: Record<string, unknown>;
  budget: Budget[];
  running: number;
}

export interface Config {
  toml: string;
  files?: string[];
}
