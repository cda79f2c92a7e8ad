/** Shares of what was spent. What has no known price is said to be unknown, never nothing. */

import { compact, count, percent, spent } from '../../lib/format';
import { href } from '../../lib/route';
import type { Usage, UsageRow } from '../../types';
import { Scroll } from '../../ui/panel';
import { type By, nameOf } from './days';

function Row({ row, all, by, range }: { row: UsageRow; all: number; by: By; range: string }) {
  const name = nameOf(row[by], by);
  const value = row[by];
  const unknown = row.cost_usd === null;
  return (
    <tr>
      <th scope="row">
        {value == null ? <span class="quiet">{name}</span> : <a href={href('traffic', null, { range: range === '90d' ? '30d' : range, [by]: String(value) })}>{name}</a>}
      </th>
      <td class="number">{count(row.requests)}</td>
      <td class="number nowrap">{compact(row.tokens.input)} / {compact(row.tokens.output)}</td>
      <td class="number">
        {unknown ? <span class="quiet">unknown</span> : spent(row.cost_usd)}
        {row.unpriced > 0 && !unknown && <span class="sub">+ {count(row.unpriced)} unpriced</span>}
      </td>
      <td class="share">
        <span class="share-bar" aria-hidden="true"><i style={{ width: `${all > 0 ? ((row.cost_usd ?? 0) / all) * 100 : 0}%` }} /></span>
        <span class="share-text">{unknown ? '–' : percent(row.cost_usd ?? 0, all)}</span>
      </td>
    </tr>
  );
}

export function SpendTable({ usage, by, range }: { usage: Usage; by: By; range: string }) {
  const rows = [...usage.rows].sort((a, b) => (b.cost_usd ?? 0) - (a.cost_usd ?? 0) || b.unpriced - a.unpriced);
  return (
    <>
      <Scroll label={`Spend by ${by}`}>
        <table class="spend">
          <caption class="hidden">Spend by {by}</caption>
          <thead>
            <tr>
              <th scope="col">{by === 'model' ? 'Model' : by === 'key' ? 'Key' : 'Provider'}</th>
              <th scope="col" class="number">Requests</th>
              <th scope="col" class="number">Tokens in / out</th>
              <th scope="col" class="number">Spent</th>
              <th scope="col">Share</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => <Row key={String(row[by])} row={row} all={usage.total.cost_usd ?? 0} by={by} range={range} />)}
          </tbody>
        </table>
      </Scroll>
      {usage.truncated === true && <p class="note">There are more than the server shows.</p>}
    </>
  );
}
