// Packs the package, and installs it for the pages in test/app, as a user would. Takes the snippets of the documentation as they stand there.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../..');
const app = join(folder, 'test/app');
const installed = join(app, 'node_modules/chatkit');
const docs = join(app, 'docs');

rmSync(installed, { recursive: true, force: true });
mkdirSync(installed, { recursive: true });
const output = execFileSync('npm', ['pack', '--json', '--foreground-scripts=false', '--pack-destination', app], { cwd: folder });
const [{ filename }] = Object.values(JSON.parse(output));
execFileSync('tar', ['-xzf', join(app, filename), '-C', installed, '--strip-components', '1']);
rmSync(join(app, filename));

rmSync(docs, { recursive: true, force: true });
mkdirSync(docs);
for (const [page, path] of [['docs', '../../docs/javascript-client.md'], ['readme', 'README.md']]) {
  const snippets = readFileSync(join(folder, path), 'utf8').matchAll(/^```(tsx?)\n(.*?)^```$/gms);
  for (const [index, [, extension, code]] of [...snippets].entries()) {
    const [, component] = /^export function (\w+)/m.exec(code) ?? [];
    writeFileSync(join(docs, `${page === 'docs' && component ? component : `${page}-${index}`}.${extension}`), code);
  }
}
