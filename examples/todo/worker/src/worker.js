// Takes new to-dos from the queue and labels them. A job moves to a list of jobs in work before it
// is done and leaves it afterwards, so that a worker that dies loses none: at its next start a
// worker puts back what was left. Labelling twice does no harm.
import { utimes, writeFile } from 'node:fs/promises';
import { createClient } from '@redis/client';
import pg from 'pg';
import { labelOf } from './labels.js';

const QUEUE = 'todo:queue';
const IN_WORK = 'todo:in-work';
const CHANNEL = 'todo:changes';
const ALIVE = '/tmp/worker-alive';

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2, query_timeout: 5000 });
database.on('error', (error) => console.error(`database: ${error.message}`));
const cache = createClient({ url: process.env.CACHE_URL });
cache.on('error', (error) => console.error(`cache: ${error.message}`));

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    console.log('stopping after the job in work');
    stopping = true;
  });
}

async function beat() {
  const now = new Date();
  await utimes(ALIVE, now, now).catch(() => writeFile(ALIVE, ''));
}

async function work(job) {
  const { id, title } = JSON.parse(job);
  const label = labelOf(title);
  await database.query('UPDATE todos SET label = $2 WHERE id = $1', [id, label]);
  await cache.hIncrBy('todo:counters', 'labelled', 1);
  await cache.publish(CHANNEL, JSON.stringify({ kind: 'labelled', id }));
  console.log(`to-do ${id}: ${label}`);
}

await cache.connect();
while ((await cache.lMove(IN_WORK, QUEUE, 'LEFT', 'RIGHT')) !== null);
console.log('waiting for to-dos');
while (!stopping) {
  await beat();
  let job = null;
  try {
    // One second: a stop waits no longer than that.
    job = await cache.blMove(QUEUE, IN_WORK, 'RIGHT', 'LEFT', 1);
    if (job === null) continue;
    await work(job);
    await cache.lRem(IN_WORK, 1, job);
  } catch (error) {
    console.error(`job ${job ?? 'none'}: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (job !== null) await cache.lMove(IN_WORK, QUEUE, 'LEFT', 'RIGHT').catch(() => {});
  }
}
cache.destroy();
await database.end();
