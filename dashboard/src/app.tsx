/** The frame around the views. */

import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useCell } from './lib/cell';
import { type Route, type View, href, route } from './lib/route';
import { session, signOut } from './lib/session';
import { useShortcuts } from './lib/shortcuts';
import { type Theme, nextTheme, theme } from './lib/theme';
import { Help } from './ui/help';
import { Icon, type IconName } from './ui/icons';
import { SignIn } from './ui/sign-in';
import { ConfigView } from './views/config';
import { HealthView } from './views/health';
import { OverviewView } from './views/overview';
import { ProvidersView } from './views/providers';
import { RequestsView } from './views/requests';
import { SpendView } from './views/spend';
import { TrafficView } from './views/traffic';

interface Entry {
  view: View;
  title: string;
  body: ComponentType<{ at: Route }>;
}

const ENTRIES: Entry[] = [
  { view: 'overview', title: 'Overview', body: OverviewView },
  { view: 'health', title: 'Health', body: HealthView },
  { view: 'traffic', title: 'Traffic', body: TrafficView },
  { view: 'spend', title: 'Spend', body: SpendView },
  { view: 'requests', title: 'Requests', body: RequestsView },
  { view: 'providers', title: 'Providers', body: ProvidersView },
  { view: 'config', title: 'Config', body: ConfigView },
];

const THEME: Record<Theme, [icon: IconName, text: string]> = {
  auto: ['auto', 'as the system'], light: ['sun', 'light'], dark: ['moon', 'dark'],
};

function Bar({ view, help }: { view: View; help: () => void }) {
  const views = useRef<HTMLUListElement>(null);
  // Where the views do not all fit, the present one is among those that are seen.
  useEffect(() => views.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' }), [view]);
  const { token } = useCell(session);
  const [icon, text] = THEME[useCell(theme)];
  return (
    <header class="bar">
      <a class="brand" href={href('overview')}>
        <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M13.500 11.200a6 6 0 1 0 0 9.600M24.500 11.200a6 6 0 1 0 0 9.600" /></svg>
        ccproxy
      </a>
      <nav aria-label="Views">
        <ul ref={views}>
          {ENTRIES.map((entry) => (
            <li key={entry.view}>
              <a href={href(entry.view)} aria-current={entry.view === view ? 'page' : undefined}>
                <Icon name={entry.view} />
                <span>{entry.title}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="tools">
        <button type="button" class="tool" onClick={nextTheme} aria-label={`Colours: ${text}. Change`} title={`Colours: ${text}`}>
          <Icon name={icon} />
        </button>
        <button type="button" class="tool" onClick={help} aria-label="Help and keyboard shortcuts" title="Help (?)">
          <Icon name="help" />
        </button>
        {token !== null && (
          <button type="button" class="tool" onClick={signOut} aria-label="Sign out" title="Sign out">
            <Icon name="leave" />
          </button>
        )}
      </div>
    </header>
  );
}

export function App() {
  const at = useCell(route);
  const { token, refused, why } = useCell(session);
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const entry = ENTRIES.find((one) => one.view === at.view) ?? ENTRIES[0];
  useShortcuts(() => setHelp(true));
  const title = at.view === 'requests' && at.rest !== null ? 'Request' : (entry?.title ?? '');
  const place = `${at.view}/${at.rest ?? ''}`;
  const first = useRef(true);
  useEffect(() => {
    document.title = `${title} · ccproxy`;
    // Who follows a link goes on from the new view, and a screen reader says its name.
    if (!first.current) main.current?.focus({ preventScroll: true });
    if (!first.current) scrollTo(0, 0);
    first.current = false;
  }, [place, title]);
  const skip = (event: MouseEvent) => {
    // The address is the view's; the fragment is not ours to change.
    event.preventDefault();
    main.current?.focus();
  };
  const Body = entry?.body ?? OverviewView;
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      <Bar view={at.view} help={() => setHelp(true)} />
      <main id="main" ref={main} tabIndex={-1} aria-label={title}>
        {refused === 'no' ? <Body key={token ?? ''} at={at} /> : <SignIn wrong={refused === 'wrong'} why={why ?? null} />}
      </main>
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}
