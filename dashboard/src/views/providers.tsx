/** The provider instances, and the clients' keys. */

import { api } from '../api';
import { usePoll } from '../lib/poll';
import { Panel } from '../ui/panel';
import { Pending } from '../ui/states';
import { ProviderCard } from './providers/card';
import { KeyTable } from './providers/keys';

export function ProvidersView() {
  const providers = usePoll('providers', 5_000, api.providers);
  const keys = usePoll('keys', 15_000, api.keys);
  return (
    <>
      <div class="view-head"><h1>Providers</h1></div>
      <Pending of={providers} what="the providers" />
      {providers.data?.length === 0 && <p class="quiet">There is no provider. Add a section <code>[providers.NAME]</code> to the configuration.</p>}
      <div class="cards">{providers.data?.map((one) => <ProviderCard key={one.name} of={one} />)}</div>
      <Panel title="Keys" aside="who may use what, and how much of it is used">
        <Pending of={keys} what="the keys" />
        {keys.data !== null && <KeyTable keys={keys.data} />}
      </Panel>
    </>
  );
}
