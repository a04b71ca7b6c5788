// Copies src/ to dist/ and writes down where the API is.
import { cp, rm, writeFile } from 'node:fs/promises';

const api = process.env.API_URL ?? '';
const known = URL.canParse(api);
if (api !== '' && !known) console.warn(`API_URL is not a URL ("${api}"): the page will ask its own address`);

await rm('dist', { recursive: true, force: true });
await cp('src', 'dist', { recursive: true });
await writeFile('dist/config.js', `export const apiUrl = ${JSON.stringify(known ? api : '')};\n`);
console.log(`built dist/, the API is at ${known ? api : 'the address of the page'}`);
