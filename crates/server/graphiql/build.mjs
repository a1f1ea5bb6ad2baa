// Makes `dist/*.br` and `dist/manifest.json` from `src/` and the packages of the lock file.
//
//   npm ci && npm run build            writes the files
//   node build.mjs --into FOLDER       writes them elsewhere, so that they can be compared with what is committed
//
// Only the brotli form is kept: the server sends it as it is, and unpacks it once for clients that cannot read it. The
// manifest lists each file with its SHA-256 before compression (compressors may differ between versions of Node, the
// files may not), and one hash over all of them, which is part of the assets' URL.

import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';

const home = path.dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { into: { type: 'string', default: path.join(home, 'dist') } } });

const SHARED = {
  absWorkingDir: home,
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  outdir: '/',
  write: false,
  legalComments: 'none',
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** The page's script and style, with its icon font beside them. */
const page = await build({
  ...SHARED,
  entryPoints: { graphiql: 'src/page.jsx' },
  jsx: 'automatic',
  assetNames: '[name]',
  loader: { '.ttf': 'file', '.woff2': 'dataurl', '.svg': 'dataurl' },
});

/** The three scripts that run beside it. */
const workers = await build({
  ...SHARED,
  entryPoints: {
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
  },
});

const files = new Map([...page.outputFiles, ...workers.outputFiles].map(made => [path.basename(made.path), Buffer.from(made.contents)]));

const manifest = { hash: '', files: {} };
const all = createHash('sha256');
await rm(values.into, { recursive: true, force: true });
await mkdir(values.into, { recursive: true });
for (const name of [...files.keys()].sort()) {
  const bytes = files.get(name);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  all.update(`${name} ${sha256}\n`);
  manifest.files[name] = { bytes: bytes.length, sha256 };
  await writeFile(path.join(values.into, `${name}.br`), brotliCompressSync(bytes, { params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 22,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  } }));
}
manifest.hash = all.digest('hex').slice(0, 16);
await writeFile(path.join(values.into, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
