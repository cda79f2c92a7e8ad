/** Asking again and again, while somebody looks. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './http';
import { session } from './session';

export interface Polled<T> {
  /** The last answer; it stays while newer ones fail. */
  data: T | null;
  /** Why the last try failed. */
  error: ApiError | null;
  /** Whether nothing has come yet, neither answer nor error. */
  loading: boolean;
  /** Asks at once. */
  reload: () => void;
}

interface Answer<T> {
  key: string;
  data: T | null;
  error: ApiError | null;
}

const MAX_PAUSE_MS = 60_000;

/**
 * Asks every `every` ms, or once if that is 0. A hidden tab asks nothing. What fails is asked again after longer and
 * longer pauses. With another `key` it is another question, and the old answer is dropped.
 */
export function usePoll<T>(key: string, every: number, question: (signal: AbortSignal) => Promise<T>): Polled<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ key, data: null, error: null });
  const latest = useRef(question);
  latest.current = question;
  const again = useRef<() => void>(() => undefined);
  useEffect(() => {
    let abort = new AbortController();
    let timer = 0;
    let failures = 0;
    let asked = false;
    const next = () => {
      const pause = failures === 0 ? every : Math.min(Math.max(every, 2_000) * 2 ** (failures - 1), MAX_PAUSE_MS);
      if (every > 0 || failures > 0) timer = window.setTimeout(() => void run(), pause);
    };
    const run = async () => {
      window.clearTimeout(timer);
      abort.abort();
      if (document.hidden) return;
      abort = new AbortController();
      const { signal } = abort;
      try {
        const data = await latest.current(signal);
        if (signal.aborted) return;
        failures = 0;
        asked = true;
        setAnswer({ key, data, error: null });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const told = error instanceof ApiError ? error : new ApiError(0, String(error), 'Load the page again.');
        setAnswer((last) => ({ key, data: last.key === key ? last.data : null, error: told }));
        // Who asks wrongly, or without a key, is not better off asking again.
        if (told.status >= 400 && told.status < 429) return;
      }
      next();
    };
    const seen = () => {
      if (!document.hidden && (every > 0 || !asked)) void run();
    };
    again.current = () => {
      failures = 0;
      void run();
    };
    document.addEventListener('visibilitychange', seen);
    const unfollow = session.follow((now) => now.refused === 'no' && void run());
    void run();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      unfollow();
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [key, every]);
  const mine = answer.key === key;
  const reload = useCallback(() => again.current(), []);
  const data = mine ? answer.data : null;
  const error = mine ? answer.error : null;
  return { data, error, loading: data === null && error === null, reload };
}
