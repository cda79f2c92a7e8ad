/** Server-sent events by `fetch`, since `EventSource` sends no header of ours. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { ApiError } from './http';
import { session } from './session';

export interface ServerEvent {
  event: string;
  data: string;
}

/** An event longer than this is no event of ours. */
const MAX_BUFFER = 1 << 20;

export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      const blocks = buffer.split(/\r?\n\r?\n/);
      buffer = blocks.pop() ?? '';
      if (buffer.length > MAX_BUFFER) throw new Error('an event without an end');
      for (const block of blocks) {
        const event = parse(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function parse(block: string): ServerEvent | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}

export type Link = 'connecting' | 'open' | 'lost';

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 30_000;

/** Follows a stream while the tab is seen, and connects again when it breaks off. */
export function useEvents(path: '/api/requests/live' | '/health/events', take: (event: ServerEvent) => void): Link {
  const [link, setLink] = useState<Link>('connecting');
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    let abort = new AbortController();
    let timer = 0;
    let pause = FIRST_PAUSE_MS;
    const later = () => {
      if (abort.signal.aborted) return;
      setLink('lost');
      timer = window.setTimeout(() => void connect(), pause);
      pause = Math.min(pause * 2, LAST_PAUSE_MS);
    };
    const connect = async () => {
      const { signal } = abort;
      try {
        const { body } = await api.stream(path, signal);
        if (body === null) throw new Error('no body');
        setLink('open');
        pause = FIRST_PAUSE_MS;
        for await (const event of events(body)) {
          if (signal.aborted) return;
          latest.current(event);
        }
      } catch (error) {
        // Without a token, it is no use to try again: signing in mounts the view anew.
        if (error instanceof ApiError && error.status === 401) return setLink('lost');
      }
      if (!signal.aborted) later();
    };
    const seen = () => {
      abort.abort();
      window.clearTimeout(timer);
      if (document.hidden) return;
      abort = new AbortController();
      setLink('connecting');
      void connect();
    };
    document.addEventListener('visibilitychange', seen);
    const unfollow = session.follow(seen);
    seen();
    return () => {
      document.removeEventListener('visibilitychange', seen);
      unfollow();
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [path]);
  return link;
}
