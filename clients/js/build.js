// Makes dist/: the browser client, whose source ChatKit.AspNetCore has, and the React hooks.

import { copyFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

const SERVER = '../../src/ChatKit.AspNetCore';

process.chdir(import.meta.dirname);
await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    chatkit: `${SERVER}/Client/chatkit.js`,
    'chatkit.fallback': `${SERVER}/Client/fallback/fallback.js`,
    react: 'src/react.js',
  },
  external: ['./chatkit.js', './chatkit.fallback.js', 'react'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  target: 'es2023',
  sourcemap: true,
});
await copyFile(`${SERVER}/wwwroot/chatkit.d.ts`, 'dist/chatkit.d.ts');
await copyFile('src/react.d.ts', 'dist/react.d.ts');
await copyFile('../../LICENSE', 'LICENSE');
