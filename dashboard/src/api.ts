/** Everything that this page asks of the server, in one place. */

import { type Asking, ask } from './lib/http';
import type {
  Bucket, Config, Exchange, Group, Health, Key, Overview, Provider, RequestPage, Transition, Usage,
} from './types';

/** What requests are chosen by; several values are alternatives. */
export interface Filters {
  since?: string;
  until?: string;
  model?: string[];
  provider?: string[];
  key?: string[];
  ending?: string[];
  fault?: string[];
  error?: string[];
  status?: string[];
  session?: string[];
  min_duration_ms?: string;
}

export interface UsageQuery extends Filters {
  bucket?: Bucket;
  group?: Group[];
}

type Value = string | number | string[] | undefined;

/** A path with a query; empty values are left out. */
function to(path: string, query: Record<string, Value>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') params.append(name, String(one));
    }
  }
  const text = params.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function json<T>(path: string, asking?: Asking): Promise<T> {
  const response = await ask(path, asking);
  // The server's types are trusted: both sides are of one version.
  return (await response.json()) as T;
}

function usagePath({ group, ...query }: UsageQuery, format?: 'csv'): string {
  return to('/api/usage', { ...query, group: group?.join(','), format });
}

export const api = {
  overview: (signal: AbortSignal) => json<Overview>('/api/overview', { signal }),

  /** A failing service answers 503 and the same body. */
  health: (signal: AbortSignal) => json<Health>('/health', { signal, also: [503] }),
  pluginHealth: (name: string, signal: AbortSignal) =>
    json<Health>(`/plugins/${encodeURIComponent(name)}/health`, { signal, also: [503] }),
  transitions: (since: string, limit: number, signal: AbortSignal) =>
    json<{ transitions: Transition[] }>(to('/api/health/transitions', { since, limit }), { signal }).then((page) => page.transitions),

  usage: (query: UsageQuery, signal: AbortSignal) => json<Usage>(usagePath(query), { signal }),
  usageCsv: async (query: UsageQuery) => (await ask(usagePath(query, 'csv'), { accept: 'text/csv' })).blob(),

  requests: (filters: Filters & { limit?: number; cursor?: string }, signal: AbortSignal) =>
    json<RequestPage>(to('/api/requests', { ...filters }), { signal }),
  request: (id: string, signal: AbortSignal) => json<Exchange>(`/api/requests/${encodeURIComponent(id)}`, { signal }),

  providers: (signal: AbortSignal) =>
    json<{ providers: Provider[] }>('/api/providers', { signal }).then((page) => page.providers),
  keys: (signal: AbortSignal) => json<{ keys: Key[] }>('/api/keys', { signal }).then((page) => page.keys),
  config: (signal: AbortSignal) => json<Config>('/api/config', { signal }),

  /** Orders of an operator. The answer is told as it is. */
  order: async (what: 'drain' | 'undrain' | 'reload') => (await ask(`/${what}`, { method: 'POST' })).text(),

  stream: (path: '/api/requests/live' | '/health/events', signal: AbortSignal) =>
    ask(path, { signal, accept: 'text/event-stream', endless: true }),
};
