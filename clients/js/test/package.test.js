import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';

const FOLDER = join(import.meta.dirname, '..');
const ROOT = join(FOLDER, '../..');

const run = (program, ...parameters) => {
  try {
    return execFileSync(program, parameters, { cwd: FOLDER, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${program} ${parameters.join(' ')} has failed:\n${error.stdout}${error.stderr}`);
  }
};

const tool = (name, ...parameters) => run(join(FOLDER, 'node_modules/.bin', name), ...parameters);
const read = (name) => readFileSync(join(FOLDER, name), 'utf8');

// In KiB, as a page has them.
const LIMITS = { 'dist/chatkit.js': 8, 'dist/chatkit.fallback.js': 5.5, 'dist/react.js': 3.5 };

test('The package has these files, and they are small', async () => {
  const [{ files, size }] = Object.values(JSON.parse(run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts')));

  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'LICENSE', 'README.md',
    'dist/chatkit.d.ts', 'dist/chatkit.fallback.js', 'dist/chatkit.fallback.js.map', 'dist/chatkit.js', 'dist/chatkit.js.map',
    'dist/react.d.ts', 'dist/react.js', 'dist/react.js.map', 'package.json',
  ]);
  assert.ok(size < 72 * 1024, `${size} bytes`);
  for (const [name, limit] of Object.entries(LIMITS)) {
    const { code } = await transform(read(name), { minify: true });
    const { length } = gzipSync(code);
    assert.ok(length < limit * 1024, `${name} has ${length} bytes`);
  }
});

test('The source maps have the source', () => {
  for (const name of Object.keys(LIMITS)) {
    const { sources, sourcesContent } = JSON.parse(read(`${name}.map`));
    assert.equal(sources.length, sourcesContent.length);
    assert.match(read(name), /\n\/\/# sourceMappingURL=\S+\.js\.map\n$/);
  }
});

test('The version is that of the last release of the libraries, or of the next one', () => {
  const { version } = JSON.parse(read('package.json'));
  const tags = execFileSync('git', ['tag', '--list', 'v[0-9]*', '--sort=version:refname'], { cwd: ROOT, encoding: 'utf8' }).trim();
  const bundle = readFileSync(join(ROOT, 'src/ChatKit.AspNetCore/wwwroot/chatkit.js'), 'utf8');
  const [, next] = /^\/\/ ChatKit (\d+\.\d+\.\d+)/.exec(bundle); // At a tag, the version of the tag.
  const last = tags ? tags.split('\n').at(-1).slice(1) : next;

  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok([version, last].sort((x, y) => x.localeCompare(y, 'en', { numeric: true }))[0] === last, `${version} is older than ${last}.`);
});

test('The lock names no registry', () => {
  assert.doesNotMatch(read('package-lock.json'), /"resolved"/);
});

test('The package follows the rules of publint and attw', () => {
  tool('publint', '--strict', 'test/app/node_modules/chatkit');
  tool('attw', '--pack', '.', '--profile', 'esm-only');
});

test('The types, and the snippets of the documentation, compile', () => {
  tool('tsc', '--project', 'test/app');
});
