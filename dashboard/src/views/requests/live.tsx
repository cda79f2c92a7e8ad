/** Requests as they end. Never more than so many rows, however long it is left open. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api';
import { count } from '../../lib/format';
import { usePoll } from '../../lib/poll';
import { type Route, change } from '../../lib/route';
import { type ServerEvent, useEvents } from '../../lib/sse';
import { ENDING, ENDINGS } from '../../lib/words';
import type { Exchange } from '../../types';
import { Select, Text } from '../../ui/fields';
import { Icon } from '../../ui/icons';
import { Panel } from '../../ui/panel';
import { FirstRequest, Pending } from '../../ui/states';
import { RequestTable } from './table';

export const MAX_ROWS = 500;
/** How many of the past stand there at first. */
const PAST = 50;
/** How often the rows are drawn at most, in ms. */
const BEAT = 300;

const ENDING_OPTIONS = [['', 'Any'], ...ENDINGS.map((one) => [one, ENDING[one]] as const)] as const;

/** Whether the words are all somewhere in what the row shows. */
function has(one: Exchange, words: string[]): boolean {
  const text = [one.id, one.model, one.served_model, one.provider, one.key, one.operation, one.error, one.status, one.session].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

function record(data: string): Exchange | null {
  try {
    return JSON.parse(data) as Exchange;
  } catch {
    return null;
  }
}

/** The newest first, each once. */
function merge(fresh: Exchange[], known: Exchange[]): Exchange[] {
  const seen = new Set<string>();
  const all = [...fresh, ...known].filter((one) => {
    const key = `${one.id} ${one.began}`;
    return seen.has(key) ? false : seen.add(key);
  });
  return all.slice(0, MAX_ROWS);
}

export function Live({ at }: { at: Route }) {
  const [rows, setRows] = useState<Exchange[]>([]);
  const [paused, setPaused] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const [lost, setLost] = useState(0);
  const queue = useRef<Exchange[]>([]);
  const past = usePoll('past', 0, (signal) => api.requests({ since: '24h', limit: PAST }, signal));
  useEffect(() => {
    const page = past.data;
    if (page !== null) setRows((known) => merge(known, page.requests));
  }, [past.data]);

  const take = ({ event, data }: ServerEvent) => {
    if (event === 'dropped') setLost((all) => all + ((JSON.parse(data) as { dropped?: number }).dropped ?? 0));
    const one = event === 'request' ? record(data) : null;
    if (one === null) return;
    // The newest stand first; while paused, the oldest that wait give way.
    queue.current.unshift(one);
    if (queue.current.length > MAX_ROWS) queue.current.length = MAX_ROWS;
  };
  const link = useEvents('/api/requests/live', take);
  useEffect(() => {
    const beat = window.setInterval(() => {
      if (paused) return setWaiting(queue.current.length);
      if (queue.current.length === 0) return undefined;
      const fresh = queue.current;
      queue.current = [];
      setRows((known) => merge(fresh, known));
      return setWaiting(0);
    }, BEAT);
    return () => window.clearInterval(beat);
  }, [paused]);

  const [text, ending] = [at.query.get('q') ?? '', at.query.get('ending') ?? ''];
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const shown = rows.filter((one) => (ending === '' || one.ending === ending) && has(one, words));
  const state = paused ? `Paused; ${count(waiting)}${waiting >= MAX_ROWS ? ' or more' : ''} wait` : link === 'open' ? 'Live' : link === 'connecting' ? 'Connecting…' : 'Connection lost; trying again';
  return (
    <Panel
      title="As they end"
      aside={
        <>
          <span class={`link ${paused ? 'paused' : link}`} role="status">{state}</span>
          <button type="button" data-pause="" aria-pressed={paused} onClick={() => setPaused(!paused)}>
            <Icon name={paused ? 'play' : 'pause'} /> {paused ? 'Go on' : 'Pause'}
          </button>
        </>
      }
    >
      <div class="filters" role="search" aria-label="Filter what is shown">
        <Text label="Filter" search placeholder="model, provider, key, id, error" value={text} change={(q) => change({ q })} />
        <Select label="Ended" value={ending} options={ENDING_OPTIONS} change={(value) => change({ ending: value })} />
        <p class="quiet tally">{count(shown.length)} of {count(rows.length)} shown, at most {MAX_ROWS} are kept{lost > 0 && `; ${count(lost)} came too fast and are in the history only`}</p>
      </div>
      {past.error !== null && <Pending of={past} what="the last requests" />}
      {shown.length > 0 ? <RequestTable requests={shown} label="Live requests" />
        : rows.length > 0 ? <p class="quiet">None of these is of this choice.</p>
        : past.loading ? <Pending of={past} what="the last requests" /> : <FirstRequest what="Nothing in the last 24 hours; what comes appears here." />}
    </Panel>
  );
}
