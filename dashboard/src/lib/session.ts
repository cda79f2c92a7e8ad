/** Who is signed in, in this tab and no longer. A token is sent as a header and never stands in an address. */

import { Cell } from './cell';

const KEY = 'ccproxy.token';

export interface Session {
  token: string | null;
  /** Whether something asked for has been refused for want of a token, or of another one. */
  refused: 'no' | 'missing' | 'wrong';
  /** What the server said then. */
  why?: string | null;
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null; // Storage may be switched off; then a reload asks again.
  }
}

export const session = new Cell<Session>({ token: stored(), refused: 'no' });

export function signIn(token: string): void {
  try {
    sessionStorage.setItem(KEY, token);
  } catch {
    // It is kept in memory all the same.
  }
  session.set({ token, refused: 'no' });
}

export function signOut(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was stored.
  }
  session.set({ token: null, refused: 'no' });
}

/** Has the reader show a token, or another one. */
export function askForToken(): void {
  session.set({ ...session.get(), refused: 'missing' });
}

/** Notes that a request was refused, and why; `token` is the one that it was sent with, which may be of yesterday. */
export function refuse(token: string | null, why: string | null): void {
  const now = session.get();
  // An answer that the page has left behind meanwhile tells nothing.
  if (token === now.token) session.set({ token, refused: token === null ? 'missing' : 'wrong', why: why ?? now.why ?? null });
}
