/** Requests, latency and tokens over time. */

import { useMemo } from 'preact/hooks';
import { api } from '../api';
import { RANGES, type RangeName, pick, rangeOf, stepOf, timeline } from '../lib/buckets';
import { compact, count, millis, percent } from '../lib/format';
import { usePoll } from '../lib/poll';
import { type Route, change } from '../lib/route';
import type { Percentiles, Usage, UsageRow } from '../types';
import { Chart } from '../ui/chart';
import { Choice } from '../ui/fields';
import { Panel } from '../ui/panel';
import { FirstRequest, Pending } from '../ui/states';
import { Dimensions, filtersOf } from './traffic/dimensions';
import { RequestsChart } from './traffic/requests';
import { whenOf } from './traffic/when';

const CHOICES = (['15m', '1h', '24h', '7d', '30d'] as const).map((name) => [name, RANGES[name].label] as const);

function PercentileChart({ title, usage, of }: { title: string; usage: Usage; of: (row: UsageRow) => Percentiles | null }) {
  const { times, lines } = useMemo(() => {
    const line = timeline(usage);
    const at = (key: 'p50' | 'p95' | 'p99') => pick(line.rows, (row) => of(row)?.[key], null);
    return {
      times: line.times,
      lines: [
        { label: 'p50', color: 'c1', values: at('p50') },
        { label: 'p95', color: 'c2', values: at('p95') },
        { label: 'p99', color: 'c4', values: at('p99') },
      ],
    };
  }, [usage, of]);
  return <Chart title={title} kind="lines" times={times} lines={lines} step={stepOf(usage.bucket)} format={millis} when={whenOf(usage.bucket)} />;
}

function TokenChart({ usage }: { usage: Usage }) {
  const { times, lines } = useMemo(() => {
    const line = timeline(usage);
    const part = (figure: (row: UsageRow) => number) => pick(line.rows, (row) => Math.max(figure(row), 0), 0);
    return {
      times: line.times,
      lines: [
        { label: 'Cache read', color: 'c6', values: part((row) => row.tokens.cache_read) },
        { label: 'Cache write', color: 'c5', values: part((row) => row.tokens.cache_write) },
        { label: 'Other input', color: 'c1', values: part((row) => row.tokens.input - row.tokens.cache_read - row.tokens.cache_write) },
        { label: 'Reasoning', color: 'c4', values: part((row) => row.tokens.reasoning) },
        { label: 'Other output', color: 'c3', values: part((row) => row.tokens.output - row.tokens.reasoning) },
      ],
    };
  }, [usage]);
  return <Chart title="Tokens" kind="stack" whole times={times} lines={lines} step={stepOf(usage.bucket)} format={compact} when={whenOf(usage.bucket)} />;
}

const durationOf = (row: UsageRow) => row.duration_ms;
const tokenOf = (row: UsageRow) => row.first_token_ms;

function Summary({ usage }: { usage: Usage }) {
  const { total } = usage;
  const facts: [string, string][] = [
    ['Requests', count(total.requests)],
    ['Failed', `${count(total.failed)} (${percent(total.failed, total.requests)})`],
    ['Calls of providers', count(total.attempts)],
    ['Latency p50 / p95', `${millis(total.duration_ms?.p50)} / ${millis(total.duration_ms?.p95)}`],
    ['First token p50 / p95', `${millis(total.first_token_ms?.p50)} / ${millis(total.first_token_ms?.p95)}`],
    ['Tokens in / out', `${compact(total.tokens.input)} / ${compact(total.tokens.output)}`],
  ];
  return <dl class="facts boxed">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

export function TrafficView({ at }: { at: Route }) {
  const name: RangeName = rangeOf(at.query.get('range'), '1h');
  const { since, bucket, every } = RANGES[name];
  const filters = filtersOf(at.query);
  const usage = usePoll(`traffic ${name} ${JSON.stringify(filters)}`, every, (signal) => api.usage({ since, bucket, ...filters }, signal));
  const filtered = Object.values(filters).some((values) => values !== undefined);
  return (
    <>
      <div class="view-head">
        <h1>Traffic</h1>
        <Choice label="Range" value={name} options={CHOICES} change={(range) => change({ range }, true)} />
      </div>
      <Dimensions at={at} since={since} />
      <Pending of={usage} what="the traffic" />
      {usage.data !== null && <Summary usage={usage.data} />}
      {usage.data?.total.requests === 0 && (
        <Panel title="Nothing here">
          {filtered ? <p class="quiet">No request in this time is of this choice.</p> : <FirstRequest what={`No request in the last ${RANGES[name].label}.`} />}
        </Panel>
      )}
      {usage.data !== null && usage.data.total.requests > 0 && (
        <div class="charts">
          <Panel title={`Requests per ${bucket}`}><RequestsChart usage={usage.data} /></Panel>
          <Panel title="Latency"><PercentileChart title="Latency" usage={usage.data} of={durationOf} /></Panel>
          <Panel title="Time to the first token"><PercentileChart title="Time to the first token" usage={usage.data} of={tokenOf} /></Panel>
          <Panel title={`Tokens per ${bucket}`}><TokenChart usage={usage.data} /></Panel>
        </div>
      )}
    </>
  );
}
