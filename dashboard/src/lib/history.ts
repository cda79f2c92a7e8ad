/** What a component's state was, as spans of a window of time. */

import type { State, Transition } from '../types';

export interface Span {
  from: number;
  to: number;
  state: State;
  output: string | null;
}

/** How many changes of one component are drawn; older ones are one span that is not known. */
const MAX_SPANS = 200;

/** Which component a change is of. The store tells name and plugin apart, a label does not. */
function isOf(change: Transition, plugin: string, names: string[]): boolean {
  if (change.plugin !== plugin) return false;
  const label = plugin !== '' && change.component.startsWith(`${plugin}/`) ? change.component.slice(plugin.length + 1) : change.component;
  return names.includes(label);
}

/** The names by which history may call a check: its key, its name alone, or its label. */
export function namesOf(key: string, id: string, alone: boolean): string[] {
  const name = key.split(':', 1)[0] ?? key;
  const label = `${name}(${id})`;
  return alone ? [key, name, label] : [label];
}

export function changesOf(changes: Transition[], plugin: string, names: string[]): Transition[] {
  return changes
    .filter((change) => isOf(change, plugin, names))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(-MAX_SPANS);
}

/** The spans of the window, oldest first; `since` is from when on the present state holds. */
export function spans(changes: Transition[], present: State, since: string | undefined, start: number, end: number): Span[] {
  const result: Span[] = [];
  const add = (from: number, to: number, state: State, output: string | null) => {
    const [begin, finish] = [Math.max(from, start), Math.min(to, end)];
    if (finish > begin) result.push({ from: begin, to: finish, state, output });
  };
  if (changes.length === 0) {
    const began = since === undefined ? start : Date.parse(since);
    add(start, began, 'unknown', null);
    add(began, end, present, null);
    return result;
  }
  let at = start;
  let state: State = changes[0]?.from ?? 'unknown';
  let output: string | null = null;
  for (const change of changes) {
    const when = Date.parse(change.at);
    add(at, when, state, output);
    at = when;
    state = change.to;
    output = change.output;
  }
  // A change that has not been told yet: what is seen now is true.
  add(at, end, state === present ? state : present, output);
  return result;
}

/** The share of the known time in which a component passed or warned. */
export function uptime(of: Span[]): number | null {
  const known = of.filter((span) => span.state !== 'unknown');
  const all = known.reduce((sum, span) => sum + span.to - span.from, 0);
  const good = known.filter((span) => span.state !== 'fail').reduce((sum, span) => sum + span.to - span.from, 0);
  return all === 0 ? null : good / all;
}
