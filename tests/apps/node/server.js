import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import pg from 'pg';

const version = process.env.APP_VERSION ?? (await readFile('VERSION', 'utf8')).trim();

async function rows() {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  try {
    await client.query('CREATE TABLE IF NOT EXISTS node_rows (id bigserial PRIMARY KEY, text text NOT NULL)');
    await client.query('INSERT INTO node_rows (text) VALUES ($1)', [`${hostname()} ${version}`]);
    const { rows: found } = await client.query('SELECT text FROM node_rows ORDER BY id');
    return { rows: found.length, last: found.at(-1).text };
  } finally {
    await client.end();
  }
}

const answers = {
  '/': async () => ({ version, instance: hostname() }),
  '/db': rows,
  '/env': async () => ({ value: process.env.TEST_VALUE ?? null }),
};

const server = createServer(async (request, response) => {
  const answer = answers[request.url];
  let status = answer ? 200 : 404;
  const body = await (answer ? answer() : Promise.resolve({ error: 'not found' })).catch((error) => {
    console.error(error);
    status = 500;
    return { error: error.message };
  });
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
});

process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(Number(process.env.PORT), '::', () => console.log(`version ${version} is listening`));
