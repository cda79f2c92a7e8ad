/** Where the reader is: `#/view/rest?filters`. */

import { Cell } from './cell';

export const VIEWS = ['overview', 'health', 'traffic', 'spend', 'requests', 'providers', 'config'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** What follows the view, such as a request's id. */
  rest: string | null;
  query: URLSearchParams;
}

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [name = '', rest] = path.split('/', 2);
  const view = VIEWS.find((one) => one === name) ?? 'overview';
  let decoded: string | null = null;
  try {
    decoded = rest === undefined || rest === '' ? null : decodeURIComponent(rest);
  } catch {
    decoded = rest ?? null;
  }
  return { view, rest: decoded, query: new URLSearchParams(query) };
}

export type Query = Record<string, string | null | undefined>;

export function href(view: View, rest?: string | null, query: Query | URLSearchParams = {}): string {
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  const kept = pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string' && pair[1] !== '');
  const text = new URLSearchParams(kept).toString();
  const path = rest == null ? `#/${view}` : `#/${view}/${encodeURIComponent(rest)}`;
  return text === '' ? path : `${path}?${text}`;
}

export const route = new Cell<Route>(parse(location.hash));
addEventListener('hashchange', () => route.set(parse(location.hash)));

/** Changes some of the filters in the address; one step of the history only if `push`. */
export function change(changes: Query, push = false): void {
  const now = route.get();
  const query = new URLSearchParams(now.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value == null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const next = href(now.view, now.rest, query);
  if (push) location.hash = next;
  else {
    history.replaceState(null, '', next);
    route.set(parse(next));
  }
}
