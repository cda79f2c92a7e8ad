/** A state: its shape, its word, and its colour last. */

import { STATE, ENDING, FAULT } from '../lib/words';
import type { Exchange, State } from '../types';
import { StateIcon } from './icons';

export function Status({ state, text }: { state: State; text?: string }) {
  return (
    <span class={`status ${state}`}>
      <StateIcon state={state} />
      <span>{text ?? STATE[state]}</span>
    </span>
  );
}

/** How an exchange ended, and whose doing it was. */
export function EndingStatus({ of }: { of: Exchange }) {
  if (of.ending === 'done') return <Status state="pass" text="Done" />;
  if (of.ending === 'client_gone') return <Status state="unknown" text={ENDING.client_gone} />;
  return <Status state={of.fault === 'client' ? 'warn' : 'fail'} text={of.fault === null ? 'Failed' : `Failed: ${FAULT[of.fault]}`} />;
}
