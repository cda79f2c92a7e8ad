/** Icons, drawn on a grid of 16. They say nothing that words beside them do not. */

import type { View } from '../lib/route';
import type { State } from '../types';

const PATHS = {
  overview: 'M2.5 2.5h4.5v5h-4.5zM9 2.5h4.5v3h-4.5zM9 8h4.5v5.5h-4.5zM2.5 10h4.5v3.5h-4.5z',
  health: 'M1.5 8.5h3l1.6-4.5 3 8.5 2-6 .9 2h2.5',
  traffic: 'M2 13.5h12M3.5 11v-3.500M6.500 11v-7M9.500 11v-4.500M12.500 11v-8.500',
  spend: 'M8 1.800v12.400M11.200 4.600c-.6-1.100-1.800-1.500-3.200-1.500-1.700 0-3.100.8-3.100 2.400 0 3.500 6.500 1.500 6.500 5 0 1.600-1.500 2.400-3.400 2.400-1.600 0-2.900-.6-3.500-1.800',
  requests: 'M2.500 4h11M2.500 8h11M2.500 12h7',
  providers: 'M3 2.500h10v4h-10zM3 9.500h10v4h-10zM5.200 4.500h.1M5.200 11.500h.1M8 6.500v3',
  config: 'M2.500 4.500h5M11 4.500h2.500M2.500 11.500h2.500M8.500 11.500h5M7.500 4.500a1.750 1.750 0 1 0 3.500 0a1.750 1.750 0 1 0-3.500 0M5 11.500a1.750 1.750 0 1 0 3.500 0a1.750 1.750 0 1 0-3.500 0',
  sun: 'M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6M8 1.500v1.200M8 13.300v1.200M1.500 8h1.200M13.300 8h1.200M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9',
  moon: 'M13 9.800a5.500 5.500 0 1 1-6.800-6.800a4.500 4.500 0 0 0 6.800 6.800z',
  auto: 'M8 2.500a5.500 5.500 0 1 0 0 11a5.500 5.500 0 0 0 0-11M8 2.500v11M10 3.500v9M12 5v6',
  help: 'M6 6.200c0-1.300.9-2 2-2s2 .8 2 1.900c0 1.500-2 1.600-2 3.100M8 11.700v.1M8 1.800a6.200 6.200 0 1 0 0 12.400a6.200 6.200 0 0 0 0-12.400',
  leave: 'M6.500 2.500h-4v11h4M7 8h6.500M11 5.500l2.500 2.500-2.500 2.500',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  play: 'M5 3.500l7 4.500-7 4.500z',
  back: 'M13 8h-10M6.500 4.500l-3.500 3.500 3.500 3.500',
  save: 'M8 2.500v7.500M5 7.200l3 3 3-3M2.500 13.500h11',
  key: 'M10.500 2.500a3 3 0 1 0 0 6a3 3 0 0 0 0-6M8.400 7.600l-5.400 5.400M5 11l1.500 1.500',
} satisfies Record<View, string> & Record<string, string>;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A shape for each state, so that nobody depends on colour. */
const SHAPES: Record<State, { outline: string; sign: string }> = {
  pass: { outline: 'M8 1.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 0 0 0-13', sign: 'M5 8.200l2.100 2.100 3.900-4.400' },
  warn: { outline: 'M8 1.600l6.800 12.200h-13.600z', sign: 'M8 6v3.600M8 11.600v.1' },
  fail: { outline: 'M5.200 1.500h5.600l3.700 3.700v5.600l-3.700 3.700h-5.600l-3.700-3.700v-5.600z', sign: 'M5.700 5.700l4.600 4.600M10.300 5.700l-4.600 4.600' },
  unknown: { outline: 'M8 1.500a6.500 6.500 0 1 0 0 13a6.500 6.500 0 0 0 0-13', sign: 'M5 8h6' },
};

export function StateIcon({ state }: { state: State }) {
  const shape = SHAPES[state];
  return (
    <svg class={`state-icon ${state}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path class="outline" d={shape.outline} />
      <path class="sign" d={shape.sign} />
    </svg>
  );
}
