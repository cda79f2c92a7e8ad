/** The configuration in force, and an operator's orders. */

import { api } from '../api';
import { usePoll } from '../lib/poll';
import { type Route, change } from '../lib/route';
import { Text } from '../ui/fields';
import { Panel } from '../ui/panel';
import { Copy, Pending } from '../ui/states';
import { Orders } from './config/orders';

interface Line {
  number: number;
  text: string;
}

/** The lines that have the text, each with the section it stands in. */
function found(toml: string, text: string): Line[] {
  const lines = toml.split('\n').map((line, at): Line => ({ number: at + 1, text: line }));
  if (text === '') return lines;
  const wanted = text.toLowerCase();
  const result: Line[] = [];
  let section: Line | null = null;
  for (const line of lines) {
    if (line.text.startsWith('[')) section = line;
    if (!line.text.toLowerCase().includes(wanted)) continue;
    if (section !== null && section !== line && !result.includes(section)) result.push(section);
    result.push(line);
  }
  return result;
}

function Marked({ text, wanted }: { text: string; wanted: string }) {
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted.toLowerCase());
  if (at < 0) return <>{text}</>;
  return <>{text.slice(0, at)}<mark>{text.slice(at, at + wanted.length)}</mark>{text.slice(at + wanted.length)}</>;
}

function kind(text: string): string {
  return text.startsWith('[') ? 'section' : text.trimStart().startsWith('#') ? 'comment' : '';
}

export function ConfigView({ at }: { at: Route }) {
  const config = usePoll('config', 30_000, api.config);
  const overview = usePoll('overview', 10_000, api.overview);
  const wanted = at.query.get('q') ?? '';
  const files = config.data?.files ?? [];
  const lines = found(config.data?.toml ?? '', wanted);
  return (
    <>
      <div class="view-head">
        <h1>Config</h1>
        <Orders phase={overview.data?.phase ?? null} done={() => { config.reload(); overview.reload(); }} />
      </div>
      <Pending of={config} what="the configuration" />
      {config.data !== null && (
        <Panel
          title="In force"
          aside={<span class="quiet">{files.length === 0 ? '' : `${files.join(', ')} · `}secrets are masked</span>}
        >
          <div class="filters" role="search">
            <Text label="Search" search placeholder="retry" value={wanted} change={(q) => change({ q })} />
            <p class="quiet tally" role="status">{wanted === '' ? `${lines.length} lines` : `${lines.filter((line) => line.text.toLowerCase().includes(wanted.toLowerCase())).length} lines have it`}</p>
            <Copy text={config.data.toml} label="Copy the configuration" />
          </div>
          <pre class="toml" tabIndex={0} aria-label="Configuration">
            {lines.map((line) => (
              <code key={line.number} class={kind(line.text)} data-line={line.number}><Marked text={line.text} wanted={wanted} />{'\n'}</code>
            ))}
          </pre>
        </Panel>
      )}
    </>
  );
}
