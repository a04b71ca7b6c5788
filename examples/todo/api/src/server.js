import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { Live } from './live.js';
import { Todos } from './todos.js';

const MAX_BODY_BYTES = 16 * 1024;

const todos = new Todos();
const live = new Live();
const eventStreams = new Set();
let stopping = false;

class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function send(response, status, body) {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(text);
}

async function readBody(request) {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size > MAX_BODY_BYTES) throw new Problem(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    pieces.push(piece);
  }
  try {
    const body = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    if (body !== null && typeof body === 'object') return body;
  } catch {
    // Said below.
  }
  throw new Problem(400, 'the body must be a JSON object');
}

function validTitle(title) {
  if (typeof title !== 'string') throw new Problem(400, 'title must be text');
  const trimmed = title.trim();
  if (trimmed.length < 1 || trimmed.length > 200) throw new Problem(400, 'title must have 1 to 200 characters');
  return trimmed;
}

async function add(request, response) {
  const todo = await todos.add(validTitle((await readBody(request)).title));
  await live.announce('added', todo);
  send(response, 201, todo);
}

async function change(request, response, id) {
  const body = await readBody(request);
  const wanted = {};
  if ('title' in body) wanted.title = validTitle(body.title);
  if ('done' in body) {
    if (typeof body.done !== 'boolean') throw new Problem(400, 'done must be true or false');
    wanted.done = body.done;
  }
  const todo = await todos.change(id, wanted);
  if (!todo) throw new Problem(404, `there is no to-do ${id}`);
  await live.announce(wanted.done ? 'finished' : 'changed', todo);
  send(response, 200, todo);
}

async function remove(_request, response, id) {
  if (!(await todos.remove(id))) throw new Problem(404, `there is no to-do ${id}`);
  await live.announce('removed', { id });
  response.writeHead(204).end();
}

async function stats(_request, response) {
  send(response, 200, {
    ...(await live.stats()),
    container: hostname(),
    version: process.env.appVersionId ?? 'unknown',
  });
}

function events(request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('retry: 1000\n\n');
  const stop = live.listen((message) => response.write(`event: change\ndata: ${message}\n\n`));
  // Comments keep what stands between us from closing a quiet stream.
  const beat = setInterval(() => response.write(': still here\n\n'), 15_000);
  eventStreams.add(response);
  request.on('close', () => {
    stop();
    clearInterval(beat);
    eventStreams.delete(response);
  });
}

async function ready(_request, response) {
  const missing = [];
  if (stopping) missing.push('stopping');
  await todos.check().catch((error) => missing.push(`database: ${error.message}`));
  await live.check().catch((error) => missing.push(`cache: ${error.message}`));
  send(response, missing.length === 0 ? 200 : 503, { ready: missing.length === 0, missing });
}

const routes = [
  ['GET', /^\/healthz$/, (_request, response) => send(response, 200, { ok: true })],
  ['GET', /^\/readyz$/, ready],
  ['GET', /^\/(?:api)?$/, (_request, response) => send(response, 200, { service: 'todo api', todos: '/api/todos' })],
  ['GET', /^\/api\/todos$/, async (_request, response) => send(response, 200, await todos.list())],
  ['POST', /^\/api\/todos$/, add],
  ['PATCH', /^\/api\/todos\/(\d{1,15})$/, change],
  ['DELETE', /^\/api\/todos\/(\d{1,15})$/, remove],
  ['GET', /^\/api\/stats$/, stats],
  ['GET', /^\/api\/events$/, events],
];

async function handle(request, response) {
  // The page is served under another name, and the API has no cookies to protect.
  response.setHeader('Access-Control-Allow-Origin', '*');
  const path = request.url.split('?', 1)[0];
  const matching = routes.filter(([, pattern]) => pattern.test(path));
  if (matching.length === 0) throw new Problem(404, `there is nothing at ${path}`);
  if (request.method === 'OPTIONS') {
    response.writeHead(204, {
      'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
      'Access-Control-Allow-Headers': 'Content-Type',
      'Access-Control-Max-Age': '600',
    });
    response.end();
    return;
  }
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = matching.find(([each]) => each === method);
  if (!route) throw new Problem(405, `${request.method} is not possible at ${path}`);
  await route[2](request, response, ...path.match(route[1]).slice(1));
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    const status = error.status ?? 500;
    if (status === 500) console.error(`${request.method} ${request.url}: ${error.stack}`);
    if (response.headersSent) response.destroy();
    else send(response, status, { error: status === 500 ? 'something went wrong here' : error.message });
  });
});

// Finishes the requests that are being answered; event streams would last for ever, browsers open
// a new one elsewhere.
function stop() {
  if (stopping) return;
  stopping = true;
  console.log('stopping');
  for (const stream of eventStreams) stream.end();
  server.close(async () => {
    live.close();
    await todos.close();
    process.exit(0);
  });
  server.closeIdleConnections();
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

live.start();
const port = Number(process.env.PORT ?? 3000);
server.listen(port, '::', () => console.log(`listening on port ${port}`));
