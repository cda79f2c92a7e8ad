/** Who spends what, on what, when. */

import { useState } from 'preact/hooks';
import { type UsageQuery, api } from '../api';
import { RANGES, type RangeName, rangeOf } from '../lib/buckets';
import { compact, count, spent } from '../lib/format';
import { ApiError } from '../lib/http';
import { usePoll } from '../lib/poll';
import { type Route, change } from '../lib/route';
import { Choice } from '../ui/fields';
import { Icon, StateIcon } from '../ui/icons';
import { Panel } from '../ui/panel';
import { Failure, FirstRequest, Pending } from '../ui/states';
import { type By, DaysChart } from './spend/days';
import { SpendTable } from './spend/table';

const CHOICES = (['24h', '7d', '30d', '90d'] as const).map((name) => [name, RANGES[name].label] as const);
const BY: readonly (readonly [By, string])[] = [['model', 'By model'], ['key', 'By key'], ['provider', 'By provider']];

/** Saves what the server gives; a link could not show a token. */
function Csv({ query, name }: { query: UsageQuery; name: string }) {
  const [error, setError] = useState<ApiError | null>(null);
  const save = async () => {
    setError(null);
    try {
      const url = URL.createObjectURL(await api.usageCsv(query));
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      URL.revokeObjectURL(url);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <>
      <button type="button" onClick={() => void save()}><Icon name="save" /> Save as CSV</button>
      {error !== null && <Failure error={error} />}
    </>
  );
}

export function SpendView({ at }: { at: Route }) {
  const range: RangeName = rangeOf(at.query.get('range'), '30d');
  const by = BY.find(([name]) => name === at.query.get('by'))?.[0] ?? 'model';
  const { since } = RANGES[range];
  const bucket = range === '24h' ? 'hour' : 'day';
  const days = usePoll(`days ${range} ${by}`, 60_000, (signal) => api.usage({ since, bucket, group: [by] }, signal));
  const models = usePoll(`models ${range}`, 60_000, (signal) => api.usage({ since, group: ['model'] }, signal));
  const keys = usePoll(`keys ${range}`, 60_000, (signal) => api.usage({ since, group: ['key'] }, signal));
  const total = models.data?.total;
  return (
    <>
      <div class="view-head">
        <h1>Spend</h1>
        <Choice label="Range" value={range} options={CHOICES} change={(next) => change({ range: next }, true)} />
        <Csv query={{ since, bucket: 'day', group: ['model', 'key'] }} name={`ccproxy-spend-${range}.csv`} />
      </div>
      <Pending of={models} what="the spend" />
      {total !== undefined && (
        <dl class="facts boxed">
          <div><dt>Spent</dt><dd class="great">{spent(total.cost_usd)}</dd></div>
          <div><dt>Requests</dt><dd>{count(total.requests)}</dd></div>
          <div><dt>Tokens in / out</dt><dd>{compact(total.tokens.input)} / {compact(total.tokens.output)}</dd></div>
          <div><dt>Of the input from cache</dt><dd>{compact(total.tokens.cache_read)}</dd></div>
        </dl>
      )}
      {total !== undefined && total.unpriced > 0 && (
        <p class="remark">
          <StateIcon state="warn" /> {count(total.unpriced)} requests used models whose price is not known; what they cost is not in these sums.
          Give prices in the pricing file; <code>ccproxy pricing check</code> names the models.
        </p>
      )}
      {total?.requests === 0 ? <Panel title="Nothing here"><FirstRequest what={`No request in the last ${RANGES[range].label}.`} /></Panel> : (
        <>
          <Panel title={`Spent per ${bucket}`} aside={<Choice label="Split" value={by} options={BY} change={(next) => change({ by: next })} />}>
            <Pending of={days} what="the days" />
            {days.data !== null && <DaysChart usage={days.data} by={by} />}
          </Panel>
          <div class="columns">
            <Panel title="By model">{models.data !== null && <SpendTable usage={models.data} by="model" range={range} />}</Panel>
            <Panel title="By key"><Pending of={keys} what="the keys" />{keys.data !== null && <SpendTable usage={keys.data} by="key" range={range} />}</Panel>
          </div>
        </>
      )}
    </>
  );
}
