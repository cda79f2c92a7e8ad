/** Requests by how they ended, stacked. */

import { useMemo } from 'preact/hooks';
import { pick, stepOf, timeline } from '../../lib/buckets';
import { compact } from '../../lib/format';
import type { Usage } from '../../types';
import { Chart } from '../../ui/chart';
import { whenOf } from './when';

export function RequestsChart({ usage, height }: { usage: Usage; height?: number }) {
  const of = useMemo(() => timeline(usage), [usage]);
  const lines = useMemo(() => [
    { label: 'Done', color: 'f-done', values: pick(of.rows, (row) => Math.max(row.requests - row.failed - row.client_gone, 0), 0) },
    { label: 'Client gone', color: 'f-gone', values: pick(of.rows, (row) => row.client_gone, 0) },
    { label: 'Failed: client', color: 'f-client', values: pick(of.rows, (row) => row.faults.client, 0) },
    { label: 'Failed: ccproxy', color: 'f-us', values: pick(of.rows, (row) => row.faults.us, 0) },
    { label: 'Failed: provider', color: 'f-upstream', values: pick(of.rows, (row) => row.faults.upstream, 0) },
  ], [of]);
  const { bucket } = usage;
  return (
    <Chart
      title={`Requests per ${bucket}`}
      kind="stack"
      whole
      times={of.times}
      lines={lines}
      step={stepOf(bucket)}
      format={compact}
      when={whenOf(bucket)}
      {...(height === undefined ? {} : { height })}
    />
  );
}
