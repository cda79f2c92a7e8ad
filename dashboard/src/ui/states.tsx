/** What stands where there is no data: not yet, not any more, or none. */

import { useState } from 'preact/hooks';
import type { ApiError } from '../lib/http';
import type { Polled } from '../lib/poll';
import { StateIcon } from './icons';

export function Loading({ what }: { what: string }) {
  return <p class="loading" role="status">Loading {what}…</p>;
}

/** What went wrong and what to do. With data still shown above or below, it is a note of one line. */
export function Failure({ error, stale, retry }: { error: ApiError; stale?: boolean; retry?: () => void }) {
  return (
    <div class={stale ? 'failure stale' : 'failure'} role="alert">
      <StateIcon state={stale ? 'warn' : 'fail'} />
      <p>
        <strong>{stale ? `Not up to date: ${error.message}` : error.message}</strong> {error.hint}
      </p>
      {retry && <button type="button" onClick={retry}>Try again</button>}
    </div>
  );
}

/** Loading, or an error, or nothing if there is data that is up to date. */
export function Pending<T>({ of, what }: { of: Polled<T>; what: string }) {
  if (of.error !== null) return <Failure error={of.error} stale={of.data !== null} retry={of.reload} />;
  return of.loading ? <Loading what={what} /> : null;
}

export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).then(() => setCopied(true), () => undefined);
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()} aria-label={copied ? undefined : label}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}

/** Where requests go: the address as the server tells it, or that of this page. */
function base(address: string | null | undefined): string {
  if (address == null || address === '') return location.origin;
  // An address that means all of a machine's is no address to ask.
  const host = address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, location.hostname);
  return /^https?:/.test(host) ? host : `${location.protocol}//${host}`;
}

/** Nothing has been asked yet: here is how to ask. */
export function FirstRequest({ address, what = 'Nothing has been recorded yet.' }: { address?: string | null | undefined; what?: string }) {
  const command = `curl ${base(address)}/v1/chat/completions -H 'content-type: application/json' \\\n  -d '{"model":"demo","messages":[{"role":"user","content":"Hello"}]}'`;
  return (
    <div class="empty">
      <p><strong>{what}</strong> A first request (add <code>-H 'authorization: Bearer …'</code> where a key is needed):</p>
      <div class="command">
        <pre tabIndex={0}>{command}</pre>
        <Copy text={command} label="Copy the command" />
      </div>
    </div>
  );
}
