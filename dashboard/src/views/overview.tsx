/** Everything at one glance. */

import { useRef } from 'preact/hooks';
import { api } from '../api';
import { usePoll } from '../lib/poll';
import { href } from '../lib/route';
import { verdict } from '../lib/verdict';
import type { Overview } from '../types';
import { FirstRequest, Pending } from '../ui/states';
import { Panel } from '../ui/panel';
import { LastFailures } from './overview/failures';
import { Recorder } from './overview/recorder';
import { Tiles } from './overview/tiles';
import { VerdictBanner } from './overview/verdict';
import { RequestsChart } from './traffic/requests';

/** Looks at the counters that a rate is made of: a minute of them, and at least so many. */
const LOOKS = { most: 12, least: 4 };

/** Requests a second in the last minute; none until there are enough looks at the counters. */
function useRate(overview: Overview | null): number | null {
  const looks = useRef<{ begun: number; at: number; of: Overview }[]>([]);
  const last = looks.current.at(-1);
  if (overview !== null && overview !== last?.of) {
    const { begun } = overview.requests;
    // A process that has started anew counts from zero.
    const kept = last !== undefined && begun < last.begun ? [] : looks.current;
    looks.current = [...kept, { begun, at: performance.now(), of: overview }].slice(-LOOKS.most);
  }
  const [first, now] = [looks.current[0], looks.current.at(-1)];
  if (first === undefined || now === undefined || looks.current.length < LOOKS.least) return null;
  return (now.begun - first.begun) / ((now.at - first.at) / 1_000);
}

function midnight(): string {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate()).toISOString();
}

export function OverviewView() {
  const overview = usePoll('overview', 5_000, api.overview);
  const health = usePoll('health', 10_000, api.health);
  const providers = usePoll('providers', 10_000, api.providers);
  const hour = usePoll('hour', 15_000, (signal) => api.usage({ since: '1h', bucket: 'minute' }, signal));
  const today = usePoll('today', 60_000, (signal) => api.usage({ since: midnight() }, signal));
  const week = usePoll('week', 60_000, (signal) => api.usage({ since: '7d', bucket: 'day' }, signal));
  const failures = usePoll('failures', 15_000, (signal) => api.requests({ ending: ['failed'], since: '7d', limit: 7 }, signal));
  const rate = useRate(overview.data);
  const told = verdict(health.data, providers.data ?? [], overview.data);
  const never = hour.data?.total.requests === 0 && week.data?.total.requests === 0;
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Pending of={overview} what="the overview" />
      {health.error !== null && overview.error === null && <Pending of={health} what="the health" />}
      {told !== null && <VerdictBanner verdict={told} overview={overview.data} />}
      {hour.error !== null && overview.error === null && <Pending of={hour} what="the traffic" />}
      <Tiles overview={overview.data} rate={rate} hour={hour.data} today={today.data} week={week.data} />
      {never ? (
        <Panel title="First steps"><FirstRequest address={overview.data?.address} /></Panel>
      ) : (
        <div class="columns wide-first">
          <Panel title="Requests in the last hour" aside={<a href={href('traffic', null, { range: '1h' })}>Traffic</a>}>
            {hour.data === null ? <Pending of={hour} what="the traffic" /> : <RequestsChart usage={hour.data} height={310} />}
          </Panel>
          <Panel title="Last failures" aside={<a href={href('requests', null, { tab: 'history', ending: 'failed' })}>All</a>}>
            <Pending of={failures} what="the last failures" />
            {failures.data !== null && <LastFailures requests={failures.data.requests} />}
          </Panel>
        </div>
      )}
      {overview.data !== null && <Recorder overview={overview.data} />}
    </>
  );
}
