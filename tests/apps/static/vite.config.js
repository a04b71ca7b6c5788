import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

const version = process.env.APP_VERSION ?? readFileSync('VERSION', 'utf8').trim();

// What the other applications answer from the environment is fixed here at build time.
const facts = {
  'version.json': { version },
  'env.json': { value: process.env.TEST_VALUE ?? null },
};

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [
    {
      name: 'facts',
      generateBundle() {
        for (const [fileName, fact] of Object.entries(facts)) {
          this.emitFile({ type: 'asset', fileName, source: `${JSON.stringify(fact)}\n` });
        }
      },
    },
  ],
});
