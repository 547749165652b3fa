// The software that a test requires besides Node.js. If it is missing, the test is skipped with a reason that states what to install. With the
// environment variable CHATKIT_TESTS_REQUIRE_ALL set to 1, the test fails instead.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');

const isAllRequired = process.env.CHATKIT_TESTS_REQUIRE_ALL === '1';

export const findOnPath = (...programs) => programs
  .flatMap((program) => process.env.PATH.split(delimiter).map((folder) => join(folder, program)))
  .find((path) => existsSync(path));

const sample = ['Debug', 'Release'].map((kind) => join(ROOT, 'samples/ChatRoom/bin', kind, 'net10.0/ChatRoom.dll')).find((path) => existsSync(path));

export const needs = {
  server: {
    path: findOnPath('dotnet') && sample,
    reason: 'The sample is not built, or there is no dotnet on the PATH; run: dotnet build samples/ChatRoom',
  },
  chromium: {
    path: findOnPath('chromium', 'chromium-browser', 'google-chrome'),
    reason: 'chromium is not on the PATH; install it (Debian: apt-get install chromium).',
  },
  firefox: {
    path: findOnPath('firefox-esr', 'firefox'),
    reason: 'firefox is not on the PATH; install it (Debian: apt-get install firefox-esr).',
  },
  bun: {
    path: findOnPath('bun'),
    reason: 'bun is not on the PATH; install it (npm install --global bun).',
  },
};

/** The options of a test, or of a suite. */
export function requires(...names) {
  const missing = names.map((name) => needs[name]).find(({ path }) => !path);
  return { skip: !isAllRequired && missing?.reason };
}

/** The path of a program. */
export function required(name) {
  const { path, reason } = needs[name];
  if (!path) throw new Error(reason);
  return path;
}
