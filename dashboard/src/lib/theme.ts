/** Light, dark, or as the system has it. */

import { Cell } from './cell';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'ccproxy.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = new Cell<Theme>(stored());
/** What is seen. */
export const dark = new Cell<boolean>(false);

function apply(): void {
  const chosen = theme.get();
  const isDark = chosen === 'dark' || (chosen === 'auto' && system.matches);
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
  dark.set(isDark);
}

theme.follow((chosen) => {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Then it holds until the page is left.
  }
  apply();
});
system.addEventListener('change', apply);
apply();

export function nextTheme(): void {
  const order: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
  theme.set(order[theme.get()]);
}
