/** Reload, drain, undrain: after a question, and with a plain answer where it is refused. */

import { useState } from 'preact/hooks';
import { api } from '../../api';
import { ApiError } from '../../lib/http';
import { askForToken } from '../../lib/session';
import type { Phase } from '../../types';
import { Dialog } from '../../ui/dialog';
import { StateIcon } from '../../ui/icons';
import { Copy } from '../../ui/states';

type Order = 'reload' | 'drain' | 'undrain';

const WORDS: Record<Order, { button: string; question: string; what: string }> = {
  reload: { button: 'Reload', question: 'Read the configuration again?', what: 'Requests that run go on as they began. A file with a mistake changes nothing.' },
  drain: { button: 'Drain', question: 'Take this instance out of rotation?', what: 'Readiness fails at once, so that balancers send requests elsewhere. Everything that comes is served meanwhile; undrain takes it back.' },
  undrain: { button: 'Undrain', question: 'Put this instance back into rotation?', what: 'Readiness passes again if nothing critical fails.' },
};

type Result = { done: string } | { error: ApiError } | null;

function Refused({ order, error }: { order: Order; error: ApiError }) {
  const command = `curl -X POST ${location.origin}/${order} -H "authorization: Bearer $CCPROXY_MANAGEMENT_TOKEN"`;
  return (
    <div role="alert">
      <p class="why-not"><StateIcon state="fail" /> <span>{error.message}</span></p>
      {error.status === 403 && (
        <>
          <p>Orders take the management token, or this page at the management port. <button type="button" onClick={askForToken}>Sign in with it</button></p>
          <p>From a shell:</p>
          <div class="command"><pre tabIndex={0}>{command}</pre><Copy text={command} label="Copy the command" /></div>
        </>
      )}
    </div>
  );
}

function Question({ order, close, done }: { order: Order; close: () => void; done: () => void }) {
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<Result>(null);
  const give = async () => {
    setBusy(true);
    try {
      setResult({ done: await api.order(order) });
      done();
    } catch (problem) {
      setResult({ error: problem instanceof ApiError ? problem : new ApiError(0, String(problem), '') });
    }
    setBusy(false);
  };
  const words = WORDS[order];
  const confirm = <button type="button" class="primary" disabled={busy} onClick={() => void give()}>{words.button}</button>;
  return (
    <Dialog title={words.question} close={close} actions={result === null ? confirm : undefined} closing={result === null ? 'Cancel' : 'Close'}>
      {result === null && <p>{words.what}</p>}
      {result !== null && 'error' in result && <Refused order={order} error={result.error} />}
      {result !== null && 'done' in result && <div role="status"><p class="why-not"><StateIcon state="pass" /> Done.</p><pre class="answer" tabIndex={0}>{result.done}</pre></div>}
    </Dialog>
  );
}

export function Orders({ phase, done }: { phase: Phase | null; done: () => void }) {
  const [order, setOrder] = useState<Order | null>(null);
  const shown: Order[] = ['reload', phase === 'draining' ? 'undrain' : 'drain'];
  return (
    <div class="orders">
      {shown.map((one) => <button key={one} type="button" onClick={() => setOrder(one)}>{WORDS[one].button}…</button>)}
      {order !== null && <Question order={order} close={() => setOrder(null)} done={done} />}
    </div>
  );
}
