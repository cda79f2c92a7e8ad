// Chromium, as the tests and the pictures use it.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Where Chromium is: `CHROMIUM`, or one that the system has. */
export function chromiumPath() {
  const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return places.find((place) => place !== undefined && existsSync(place));
}

export async function launch() {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium, or set CHROMIUM');
  // A container's own sandbox is what is left where the kernel gives none to Chromium.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb', '--font-render-hinting=none'] });
}

/** A page that notes what it complains of: errors, and what the policy forbids. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', timezoneId: 'Europe/Berlin', ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    // Chromium says itself what answered with an error; what the page makes of that is looked at apart.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  return { context, page, complaints };
}

/** Waits until the view shows what it has to show. */
export async function settled(page) {
  await page.waitForSelector('main h1');
  await page.waitForFunction(() => document.querySelector('.loading') === null && document.querySelector('main').childElementCount > 1);
}
