import { useCell } from '../lib/cell';
import { GO, enabled } from '../lib/shortcuts';
import { title } from '../lib/words';
import { Dialog } from './dialog';

const KEYS: [keys: string[], what: string][] = [
  ...Object.entries(GO).map(([key, view]): [string[], string] => [['g', key], title(view)]),
  [['/'], 'Search or filter'],
  [['p'], 'Pause the live requests, or go on'],
  [['d'], 'Light, dark, as the system'],
  [['←', '→'], 'Read a chart or a history that has the focus'],
  [['?'], 'This help'],
];

export function Help({ close }: { close: () => void }) {
  const on = useCell(enabled);
  return (
    <Dialog title="Help" close={close}>
      <table class="keys">
        <caption>Keys</caption>
        <tbody>
          {KEYS.map(([keys, what]) => (
            <tr key={what}>
              <th scope="row">{keys.map((key) => <kbd key={key}>{key}</kbd>)}</th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="check">
        <input type="checkbox" checked={on} onChange={(event) => enabled.set(event.currentTarget.checked)} />
        Shortcuts are on
      </label>
      <p class="note">
        Times are in your zone, and in UTC where you point at them; days in charts are days in UTC. Figures of latency are within 10 %.
        A page that nobody looks at asks for nothing.
      </p>
    </Dialog>
  );
}
