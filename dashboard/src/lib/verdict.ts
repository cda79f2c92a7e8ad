/** How everything is, in words, and why it is not well. */

import type { Health, Overview, Provider, State, Status } from '../types';
import { title } from './words';

export interface Reason {
  state: State;
  /** Whose trouble it is. */
  who: string;
  text: string;
}

export interface Verdict {
  state: State;
  headline: string;
  detail: string;
  reasons: Reason[];
}

const WORSE: Record<State, number> = { pass: 0, unknown: 1, warn: 2, fail: 3 };

export function worst(states: State[]): State {
  return states.reduce((a, b) => (WORSE[b] > WORSE[a] ? b : a), 'pass' as State);
}

/** What in the core is not well. */
function ofCore(health: Health): Reason[] {
  const reasons: Reason[] = [];
  for (const [key, entries] of Object.entries(health.checks ?? {})) {
    for (const check of entries) {
      if (check.status === undefined || check.status === 'pass') continue;
      reasons.push({ state: check.status, who: title(key), text: check.output ?? 'It does not say why.' });
    }
  }
  if (reasons.length === 0 && health.status !== 'pass') {
    reasons.push({ state: health.status, who: 'ccproxy', text: health.output ?? 'Sign in to see why.' });
  }
  return reasons;
}

function useless({ credentials = [] }: Provider): boolean {
  return credentials.length > 0 && credentials.every((one) => !one.usable);
}

function ofProvider(provider: Provider): Reason | null {
  if (provider.status === 'pass') return null;
  const why = provider.started === false ? 'has not started'
    : provider.breaker === 'open' ? 'its breaker is open: it is left alone for now'
    : useless(provider) ? 'none of its credentials can be used'
    : provider.shut_ms !== null ? 'it rests, as it asked us to'
    : provider.breaker === 'half_open' ? 'its breaker tries again'
    : provider.status === 'fail' ? 'one of its checks fails' : 'one of its checks warns';
  return { state: provider.status, who: provider.name, text: why };
}

/** How many, and of what. */
function many(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

export function verdict(health: Health | null, providers: Provider[], overview: Overview | null): Verdict | null {
  if (health === null) return null;
  const broken = providers.map(ofProvider).filter((reason) => reason !== null);
  const reasons = [...ofCore(health), ...broken].sort((a, b) => WORSE[b.state] - WORSE[a.state]);
  const down = providers.filter((one) => one.status === 'fail').length;
  const uneasy = reasons.filter((reason) => reason.state === 'warn').length;
  if (overview?.phase === 'starting') {
    return { state: 'unknown', headline: 'Starting', detail: 'It takes no requests yet. This page follows by itself.', reasons };
  }
  if (overview?.phase === 'draining' || overview?.phase === 'stopped') {
    return { state: 'warn', headline: 'Draining', detail: 'Balancers send nothing new; what runs goes on to its end.', reasons };
  }
  if (health.status === 'fail') {
    return { state: 'fail', headline: 'Failing', detail: 'Balancers have been told to send requests elsewhere if it is critical.', reasons };
  }
  if (down > 0) {
    const all = down === providers.length;
    return {
      state: all ? 'fail' : 'warn',
      headline: all ? (down === 1 ? 'The provider is failing' : 'All providers are failing') : `${many(down, 'provider')} of ${providers.length} failing`,
      detail: 'ccproxy itself works; requests go to what is left of each route.',
      reasons,
    };
  }
  if (uneasy > 0) {
    return { state: 'warn', headline: `Works, with ${many(uneasy, 'warning')}`, detail: 'Requests are served; somebody should have a look.', reasons };
  }
  const detail = providers.length === 0 ? 'Every check passes.' : `Every check of ccproxy and ${many(providers.length, 'provider')} passes.`;
  return { state: 'pass', headline: 'Healthy', detail, reasons };
}

export function statusOf(health: Health | null): Status | 'unknown' {
  return health?.status ?? 'unknown';
}
