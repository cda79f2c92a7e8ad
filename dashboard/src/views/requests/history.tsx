/** What was, page by page. The choice stands in the address. */

import { useEffect, useState } from 'preact/hooks';
import { type Filters, api } from '../../api';
import { RANGES, rangeOf } from '../../lib/buckets';
import { usePoll } from '../../lib/poll';
import { type Route, change } from '../../lib/route';
import { ENDING, ENDINGS, FAULT, FAULTS } from '../../lib/words';
import { Select, Text } from '../../ui/fields';
import { Panel } from '../../ui/panel';
import { FirstRequest, Pending } from '../../ui/states';
import { useDimensions } from '../traffic/dimensions';
import { RequestTable } from './table';

const PAGE = 100;
/** How many pages one can go back to. */
const MAX_BACK = 200;

const RANGE_OPTIONS = Object.entries(RANGES).map(([name, range]) => [name, range.label] as const);
const ENDING_OPTIONS = [['', 'Any'], ...ENDINGS.map((one) => [one, ENDING[one]] as const)] as const;
const FAULT_OPTIONS = [['', 'Any'], ...FAULTS.map((one) => [one, FAULT[one]] as const)] as const;
const NAMES = ['model', 'provider', 'key', 'ending', 'fault', 'error', 'status', 'session', 'min_duration_ms'] as const;

function filtersOf(query: URLSearchParams): Filters {
  const filters: Filters = { since: RANGES[rangeOf(query.get('range'), '24h')].since };
  for (const name of NAMES) {
    const values = query.getAll(name).filter((value) => value !== '');
    if (values.length === 0) continue;
    if (name === 'min_duration_ms') filters[name] = values[0] ?? '';
    else filters[name] = values;
  }
  return filters;
}

function Choices({ at }: { at: Route }) {
  const range = rangeOf(at.query.get('range'), '24h');
  const known = useDimensions(RANGES[range].since);
  const value = (name: string) => at.query.get(name) ?? '';
  const set = (name: string) => (next: string) => change({ [name]: next });
  const list = (all: string, values: string[]) => [['', all], ...values.map((one) => [one, one] as const)] as const;
  const chosen = NAMES.some((name) => at.query.has(name));
  return (
    <div class="filters" role="search" aria-label="Search the history">
      <Select label="Range" value={range} options={RANGE_OPTIONS} change={set('range')} />
      <Select label="Model" value={value('model')} options={list('All models', known.model)} change={set('model')} />
      <Select label="Provider" value={value('provider')} options={list('All providers', known.provider)} change={set('provider')} />
      <Select label="Key" value={value('key')} options={list('All keys', known.key)} change={set('key')} />
      <Select label="Ended" value={value('ending')} options={ENDING_OPTIONS} change={set('ending')} />
      <Select label="By fault of" value={value('fault')} options={FAULT_OPTIONS} change={set('fault')} />
      <Text label="Error" search placeholder="timeout" value={value('error')} change={set('error')} />
      <Text label="Status" numeric placeholder="429" value={value('status')} change={set('status')} />
      <Text label="Session" value={value('session')} change={set('session')} />
      <Text label="At least, in ms" numeric placeholder="1000" value={value('min_duration_ms')} change={set('min_duration_ms')} />
      {chosen && <button type="button" onClick={() => change(Object.fromEntries(NAMES.map((name) => [name, null])))}>Clear</button>}
    </div>
  );
}

export function History({ at }: { at: Route }) {
  const filters = filtersOf(at.query);
  const choice = JSON.stringify(filters);
  const [back, setBack] = useState<{ choice: string; cursors: string[] }>({ choice, cursors: [] });
  // Another choice begins with its newest.
  const cursors = back.choice === choice ? back.cursors : [];
  const cursor = cursors.at(-1);
  useEffect(() => setBack({ choice, cursors: [] }), [choice]);
  const page = usePoll(`history ${choice} ${cursor ?? ''}`, 0, (signal) =>
    api.requests({ ...filters, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal));
  const next = page.data?.next ?? null;
  const turn = (to: string[]) => setBack({ choice, cursors: to.slice(-MAX_BACK) });
  const requests = page.data?.requests ?? [];
  const filtered = Object.keys(filters).length > 1;
  return (
    <Panel title="History" aside={<button type="button" onClick={page.reload}>Look again</button>}>
      <Choices at={at} />
      <Pending of={page} what="the history" />
      {requests.length > 0 && <RequestTable requests={requests} label="Requests, newest first" />}
      {page.data !== null && requests.length === 0 && (filtered ? <p class="quiet">No request in this time is of this choice.</p> : <FirstRequest what="No request in this time." />)}
      <nav class="pager" aria-label="Pages">
        <button type="button" disabled={cursors.length === 0} onClick={() => turn([])}>Newest</button>
        <button type="button" disabled={cursors.length === 0} onClick={() => turn(cursors.slice(0, -1))}>Newer</button>
        <span role="status">Page {cursors.length + 1}</span>
        <button type="button" disabled={next === null} onClick={() => next !== null && turn([...cursors, next])}>Older</button>
      </nav>
    </Panel>
  );
}
