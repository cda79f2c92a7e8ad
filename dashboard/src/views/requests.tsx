/** Requests as they end, those that were, or one of them. */

import { type Route, change, href } from '../lib/route';
import { Choice } from '../ui/fields';
import { RequestDetail } from './requests/detail';
import { History } from './requests/history';
import { Live } from './requests/live';

const TABS = [['live', 'Live'], ['history', 'History']] as const;

export function RequestsView({ at }: { at: Route }) {
  if (at.rest !== null) return <RequestDetail key={at.rest} id={at.rest} />;
  const tab = at.query.get('tab') === 'history' ? 'history' : 'live';
  const find = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const id = String(new FormData(form).get('id') ?? '').trim();
    if (id !== '') location.hash = href('requests', id);
  };
  return (
    <>
      <div class="view-head">
        <h1>Requests</h1>
        <Choice label="Which" value={tab} options={TABS} change={(next) => change({ tab: next, cursor: null }, true)} />
        <form class="find" onSubmit={find}>
          <label class="field inline"><span>Request id</span><input name="id" type="search" autocomplete="off" spellcheck={false} /></label>
          <button type="submit">Open</button>
        </form>
      </div>
      {tab === 'live' ? <Live at={at} /> : <History at={at} />}
    </>
  );
}
