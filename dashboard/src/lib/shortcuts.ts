/** Keys that lead somewhere. They can be switched off, for whoever speaks to the keyboard. */

import { useEffect, useRef } from 'preact/hooks';
import { Cell } from './cell';
import { type View, href } from './route';
import { nextTheme } from './theme';

const STORED = 'ccproxy.shortcuts';

export const GO: Record<string, View> = {
  o: 'overview', h: 'health', t: 'traffic', s: 'spend', r: 'requests', p: 'providers', c: 'config',
};

function wanted(): boolean {
  try {
    return localStorage.getItem(STORED) !== 'off';
  } catch {
    return true;
  }
}

export const enabled = new Cell<boolean>(wanted());
enabled.follow((on) => {
  try {
    localStorage.setItem(STORED, on ? 'on' : 'off');
  } catch {
    // Then it holds until the page is left.
  }
});

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

/** How long `g` waits for its second key, in ms. */
const PATIENCE = 1_500;

export function useShortcuts(help: () => void): void {
  const latest = useRef(help);
  latest.current = help;
  useEffect(() => {
    let going = 0;
    const pressed = (event: KeyboardEvent) => {
      if (!enabled.get() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const view = event.timeStamp - going < PATIENCE && going > 0 ? GO[event.key] : undefined;
      going = event.key === 'g' ? event.timeStamp : 0;
      if (view !== undefined) location.hash = href(view);
      else if (event.key === '?') latest.current();
      else if (event.key === 'd') nextTheme();
      else if (event.key === 'p') document.querySelector<HTMLElement>('[data-pause]')?.click();
      else if (event.key === '/') document.querySelector<HTMLElement>('[data-search]')?.focus();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
