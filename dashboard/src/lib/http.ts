/** Requests to the server that this page is from, and what went wrong with them. */

import { refuse, session } from './session';

const TIMEOUT_MS = 20_000;

export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 if there was no answer. */
    readonly status: number,
    message: string,
    /** What the reader can do about it. */
    readonly hint: string,
  ) {
    super(message);
  }
}

function hint(status: number): string {
  if (status === 0) return 'Is ccproxy running, and is this page still from its address? This page tries again by itself.';
  if (status === 401) return 'Sign in with the management token or [auth] token.';
  if (status === 403) return 'The token may not do this. The management token may, or the management port on the machine itself.';
  if (status === 421) return 'Open this page by the IP address or as localhost, or add its name to [server] allowed_hosts.';
  if (status === 404) return 'It is not there, or not any more.';
  if (status === 429) return 'Too many requests; this page tries again by itself.';
  if (status === 503) return 'If the service is starting, this takes a moment. If the store is switched off, set [store] enabled = true.';
  return 'The log of ccproxy says more. This page tries again by itself.';
}

/** The message in a body such as `{"error":{"message":"…"}}` or `{"error":"…"}`. */
function message(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('error' in body)) return null;
  const error: unknown = body.error;
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null || !('message' in error)) return null;
  return typeof error.message === 'string' ? error.message : null;
}

export interface Asking {
  method?: 'GET' | 'POST';
  accept?: string;
  signal?: AbortSignal;
  /** Statuses besides 2xx whose body is an answer. */
  also?: number[];
  /** Streams have no time to end by. */
  endless?: boolean;
}

export async function ask(path: string, asking: Asking = {}): Promise<Response> {
  const { token } = session.get();
  const headers: Record<string, string> = { accept: asking.accept ?? 'application/json' };
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  const signals = [asking.signal, asking.endless ? undefined : AbortSignal.timeout(TIMEOUT_MS)];
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  let response: Response;
  try {
    response = await fetch(path, { method: asking.method ?? 'GET', headers, signal, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (asking.signal?.aborted) throw error;
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiError(0, late ? 'ccproxy has not answered in time.' : 'ccproxy cannot be reached.', hint(0));
  }
  if (response.ok || asking.also?.includes(response.status)) return response;
  const body: unknown = await response.json().catch(() => null);
  const told = message(body);
  // A POST that is refused is a matter of rights, and no reason to ask for a token.
  if (response.status === 401 || (response.status === 403 && asking.method !== 'POST')) refuse(token, told);
  throw new ApiError(response.status, told ?? `The server answered ${response.status}.`, hint(response.status));
}
