/** Figures with their last hour. */

import type { ComponentChildren } from 'preact';
import { pick, timeline } from '../../lib/buckets';
import { count, millis, percent, rate as perSecond, spent } from '../../lib/format';
import type { Overview, Usage } from '../../types';
import { Shares } from '../../ui/meter';
import { Sparkline } from '../../ui/sparkline';

interface TileProps {
  title: string;
  value: string;
  unit?: string;
  note?: ComponentChildren;
  children?: ComponentChildren;
}

function Tile({ title, value, unit, note, children }: TileProps) {
  return (
    <section class="tile" aria-label={title}>
      <h2>{title}</h2>
      <p class="figure">{value}{unit !== undefined && <span class="unit">{unit}</span>}</p>
      <p class="tile-note">{note}</p>
      {children}
    </section>
  );
}

interface Props {
  overview: Overview | null;
  rate: number | null;
  hour: Usage | null;
  today: Usage | null;
  week: Usage | null;
}

function Money({ today, week }: { today: Usage; week: Usage | null }) {
  const days = week === null ? [] : pick(timeline(week).rows, (row) => row.cost_usd, 0);
  const note = (
    <>
      {week === null ? '' : `7 days ${spent(week.total.cost_usd)}`}
      {week !== null && week.total.unpriced > 0 && ` · ${count(week.total.unpriced)} unpriced`}
    </>
  );
  return (
    <Tile title="Spent today" value={spent(today.total.cost_usd)} note={note}>
      <Sparkline values={days} label="Spent a day, last 7 days" color="c3" />
    </Tile>
  );
}

export function Tiles({ overview, rate, hour, today, week }: Props) {
  // The minute that is not over yet would look like a fall.
  const rows = hour === null ? [] : timeline(hour).rows.slice(0, -1);
  const total = hour?.total;
  const duration = total?.duration_ms ?? null;
  const token = total?.first_token_ms ?? null;
  const second = rate ?? (total === undefined ? null : total.requests / 3_600);
  const slow = second !== null && second < 1;
  return (
    <div class="tiles">
      <Tile
        title="Requests"
        value={perSecond(slow ? second * 60 : second)}
        unit={slow ? 'per minute' : 'per second'}
        note={<>{count(overview?.requests.running)} running · {count(total?.requests)} in the last hour</>}
      >
        <Sparkline values={pick(rows, (row) => row.requests, 0)} label="Requests a minute, last hour" />
      </Tile>
      <Tile
        title="Failed"
        value={total === undefined ? '–' : percent(total.failed, total.requests)}
        note={<>{count(total?.failed)} failed · {count(total?.client_gone)} clients gone</>}
      >
        {total !== undefined && (
          <Shares
            parts={[
              { label: 'Provider', value: total.faults.upstream, text: count(total.faults.upstream), color: 'f-upstream' },
              { label: 'ccproxy', value: total.faults.us, text: count(total.faults.us), color: 'f-us' },
              { label: 'Client', value: total.faults.client, text: count(total.faults.client), color: 'f-client' },
            ]}
          />
        )}
      </Tile>
      <Tile title="Latency" value={millis(duration?.p50)} unit="median" note={<>p95 {millis(duration?.p95)} · p99 {millis(duration?.p99)}</>}>
        <Sparkline values={pick(rows, (row) => row.duration_ms?.p95, null)} label="95th percentile of latency, last hour" color="c2" />
      </Tile>
      <Tile title="First token" value={millis(token?.p50)} unit="median" note={<>p95 {millis(token?.p95)} · p99 {millis(token?.p99)}</>}>
        <Sparkline values={pick(rows, (row) => row.first_token_ms?.p95, null)} label="95th percentile of the first token, last hour" color="c4" />
      </Tile>
      {today === null ? <Tile title="Spent today" value="–" /> : <Money today={today} week={week} />}
    </div>
  );
}
