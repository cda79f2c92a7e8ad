/** The server's words, as people say them. */

import type { Ending, Fault, State } from '../types';

export const STATE: Record<State, string> = { pass: 'Pass', warn: 'Warning', fail: 'Failing', unknown: 'Not known' };
export const ENDING: Record<Ending, string> = { done: 'Done', failed: 'Failed', client_gone: 'Client gone' };
export const FAULT: Record<Fault, string> = { client: 'Client', us: 'ccproxy', upstream: 'Provider' };
export const ENDINGS = Object.keys(ENDING) as Ending[];
export const FAULTS = Object.keys(FAULT) as Fault[];

/** `file_descriptors:utilization` as `File descriptors utilization`. */
export function title(name: string): string {
  const text = name.replace(/[_:-]+/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
