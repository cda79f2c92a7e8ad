// Makes of Vite's output what the crate embeds: texts compressed, the list of files, and what they were built from.
// The same sources give the same bytes everywhere: the compressor is in JavaScript, since zlib differs between builds of Node.

import { createHash } from 'node:crypto';
import { readFile, readdir, unlink, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { gzip } from 'pako';

const ROOT = new URL('../', import.meta.url);
const DIST = process.env.DASHBOARD_DIST === undefined
  ? new URL('../../crates/dashboard/dist/', import.meta.url)
  : pathToFileURL(`${process.env.DASHBOARD_DIST}/`);
/** What the build reads. */
const SOURCES = ['build', 'src', 'index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.mjs'];
/** Less is not worth compressing. */
const LEAST = 1_024;
/** As much as the page may have on the wire. */
const MOST = 150 * 1_000;
const TYPES = {
  css: 'text/css; charset=utf-8', html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml',
};

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function files(url, name) {
  const entries = await readdir(new URL(`${name}/`, url), { withFileTypes: true }).catch(() => null);
  if (entries === null) return [name];
  const below = await Promise.all(entries.map((entry) => files(url, `${name}/${entry.name}`)));
  return below.flat();
}

async function embed(name) {
  const plain = await readFile(new URL(name, DIST));
  const type = TYPES[name.split('.').at(-1)];
  if (type === undefined) throw new Error(`${name}: what is its content type?`);
  const compress = plain.length >= LEAST;
  const bytes = compress ? gzip(plain, { level: 9 }) : plain;
  const file = compress ? `${name}.gz` : name;
  if (compress) {
    await writeFile(new URL(file, DIST), bytes);
    await unlink(new URL(name, DIST));
  }
  const etag = sha256(plain).slice(0, 16);
  const row = `    ("${name}", Asset { bytes: include_bytes!("${file}"), content_type: "${type}", content_encoding: ${compress ? 'Some("gzip")' : 'None'}, `
    + `etag: "\\"${etag}\\"", immutable: ${name !== 'index.html'} }),\n`;
  return { row, file, hash: sha256(bytes), length: bytes.length };
}

const built = await Promise.all((await readdir(DIST)).sort().map(embed));
const size = built.reduce((sum, file) => sum + file.length, 0);
if (size > MOST) throw new Error(`${size} bytes are more than ${MOST}`);
await writeFile(new URL('files.rs', DIST), `&[\n${built.map((file) => file.row).join('')}]\n`);

const sources = (await Promise.all(SOURCES.map((name) => files(ROOT, name)))).flat().sort();
const lines = await Promise.all(sources.map(async (name) => `${sha256(await readFile(new URL(name, ROOT)))}  dashboard/${name}\n`));
const made = built.map(({ file, hash }) => `${hash}  crates/dashboard/dist/${file}\n`);
await writeFile(new URL('manifest.sha256', DIST), [...lines, ...made].join(''));
console.log(`${size} bytes on the wire`);
