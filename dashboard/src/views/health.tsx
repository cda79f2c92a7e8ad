/** Every check, with its history. */

import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api';
import { usePoll } from '../lib/poll';
import { useEvents } from '../lib/sse';
import type { Health, Provider, Transition } from '../types';
import { Pending } from '../ui/states';
import { verdict } from '../lib/verdict';
import { VerdictBanner } from './overview/verdict';
import { Checks } from './health/checks';
import { Changes } from './health/changes';

interface Everything {
  core: Health;
  plugins: { name: string; health: Health }[];
  providers: Provider[];
}

const DAY_MS = 86_400_000;
/** As many changes as are asked for: the window of a day, or the last of a restless one. */
const MAX_CHANGES = 1_000;
/** How many pages are asked for at once. */
const ABREAST = 4;

async function everything(signal: AbortSignal): Promise<Everything> {
  const [core, providers] = await Promise.all([api.health(signal), api.providers(signal)]);
  const plugins: Everything['plugins'] = [];
  for (let at = 0; at < providers.length; at += ABREAST) {
    const some = providers.slice(at, at + ABREAST);
    plugins.push(...(await Promise.all(some.map(async ({ name }) => ({ name, health: await api.pluginHealth(name, signal) })))));
  }
  return { core, plugins, providers };
}

/** Looks again soon after something was told, and not for each of a flood of events. */
function useSoon(look: () => void, ms: number): () => void {
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return () => {
    if (timer.current !== 0) return;
    timer.current = window.setTimeout(() => {
      timer.current = 0;
      look();
    }, ms);
  };
}

export function HealthView() {
  const all = usePoll('checks', 20_000, everything);
  const history = usePoll('transitions', 60_000, (signal) => api.transitions(new Date(Date.now() - DAY_MS).toISOString(), MAX_CHANGES, signal));
  const overview = usePoll('overview', 30_000, api.overview);
  const soon = useSoon(() => {
    all.reload();
    history.reload();
  }, 1_500);
  const link = useEvents('/health/events', ({ event }) => {
    if (event === 'transition' || event === 'phase' || event === 'gap') soon();
  });
  const told = all.data === null ? null : verdict(all.data.core, all.data.providers, overview.data);
  const changes: Transition[] = history.data ?? [];
  return (
    <>
      <div class="view-head">
        <h1>Health</h1>
        <p class={`link ${link}`} role="status">{link === 'open' ? 'Live' : link === 'connecting' ? 'Connecting…' : 'Not live; looking every 20 s'}</p>
      </div>
      <Pending of={all} what="the checks" />
      {told !== null && <VerdictBanner verdict={told} overview={null} />}
      {history.error !== null && <Pending of={history} what="the history" />}
      {all.data !== null && (
        <>
          <Checks title="ccproxy" plugin="" started={overview.data?.started} health={all.data.core} changes={changes} />
          {all.data.plugins.map(({ name, health }) => (
            <Checks key={name} title={`Provider ${name}`} plugin={name} started={overview.data?.started} health={health} changes={changes} />
          ))}
          <Changes changes={changes} />
        </>
      )}
    </>
  );
}
