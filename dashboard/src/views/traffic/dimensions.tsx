/** Choosing by model, provider and key, of those that there are. */

import { type Filters, api } from '../../api';
import { usePoll } from '../../lib/poll';
import { type Route, change } from '../../lib/route';
import type { Usage } from '../../types';
import { Select } from '../../ui/fields';

const DIMENSIONS = ['model', 'provider', 'key'] as const;
type Dimension = (typeof DIMENSIONS)[number];

/** More than this is no list to choose from; the address takes any. */
const MAX_OPTIONS = 200;

export function filtersOf(query: URLSearchParams): Pick<Filters, Dimension> {
  const filters: Pick<Filters, Dimension> = {};
  for (const name of DIMENSIONS) {
    const values = query.getAll(name).filter((value) => value !== '');
    if (values.length > 0) filters[name] = values;
  }
  return filters;
}

function valuesOf(usage: Usage, name: Dimension): string[] {
  const values = usage.rows.map((row) => row[name]).filter((value) => value != null);
  return values.slice(0, MAX_OPTIONS).map(String);
}

/** What there is to choose from, asked for once per range. */
export function useDimensions(since: string): Record<Dimension, string[]> {
  const known = usePoll(`dimensions ${since}`, 0, async (signal) => {
    const [model, provider, key] = await Promise.all(
      DIMENSIONS.map(async (name) => valuesOf(await api.usage({ since, group: [name] }, signal), name)),
    );
    return { model: model ?? [], provider: provider ?? [], key: key ?? [] };
  });
  return known.data ?? { model: [], provider: [], key: [] };
}

const LABEL: Record<Dimension, [label: string, all: string]> = {
  model: ['Model', 'All models'], provider: ['Provider', 'All providers'], key: ['Key', 'All keys'],
};

export function Dimensions({ at, since }: { at: Route; since: string }) {
  const known = useDimensions(since);
  const chosen = DIMENSIONS.some((name) => at.query.has(name));
  return (
    <div class="filters" role="search" aria-label="Filters">
      {DIMENSIONS.map((name) => {
        const [label, all] = LABEL[name];
        const options = [['', all], ...known[name].map((value) => [value, value] as const)] as const;
        return <Select key={name} label={label} value={at.query.get(name) ?? ''} options={options} change={(value) => change({ [name]: value, cursor: null })} />;
      })}
      {chosen && <button type="button" onClick={() => change({ model: null, provider: null, key: null })}>Clear</button>}
    </div>
  );
}
