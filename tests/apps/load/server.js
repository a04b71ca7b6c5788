// Answers the load client of tests/load: everything it sends can be checked, and who answered is always said.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { hostname } from 'node:os';

const version = process.env.appVersionId ?? 'none';
const instance = hostname();
const who = { 'X-App-Version': version, 'X-Instance': instance };
// After SIGTERM long connections may stay so long; then WebSockets get 1001 and streams their end.
const drainMs = Number(process.env.DRAIN_SECONDS ?? 10) * 1000;
const beatMs = 500;
const block = Buffer.alloc(65536);
for (let i = 0; i < block.length; i++) block[i] = (i * 7 + (i >> 8)) & 0xff;

let draining = false;
const sockets = new Set(); // open WebSockets
const streams = new Set(); // open event streams
const checksums = new Map();

function home(request, response) {
  const body = `${JSON.stringify({ version, instance, setting: process.env.SETTING ?? null })}\n`;
  response.writeHead(200, { ...who, 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

async function echo(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  response.writeHead(200, { ...who, 'Content-Type': 'application/octet-stream', 'Content-Length': body.length });
  response.end(body);
}

function events(request, response) {
  response.writeHead(200, { ...who, 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let number = 0;
  const send = () => response.write(`id: ${number}\ndata: ${number++}\n\n`);
  send();
  const timer = setInterval(send, beatMs);
  streams.add(response);
  response.on('close', () => {
    clearInterval(timer);
    streams.delete(response);
  });
}

function piecesOf(bytes) {
  const pieces = [];
  for (let left = bytes; left > 0; left -= block.length) pieces.push(block.subarray(0, Math.min(left, block.length)));
  return pieces;
}

function checksumOf(bytes) {
  if (!checksums.has(bytes)) {
    const hash = createHash('sha256');
    for (const piece of piecesOf(bytes)) hash.update(piece);
    checksums.set(bytes, hash.digest('hex'));
  }
  return checksums.get(bytes);
}

function roomIn(response) {
  return new Promise((go) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      go();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

// ?bytes=N&seconds=S: N bytes, spread over S seconds.
async function download(request, response, query) {
  const bytes = Math.min(Number(query.get('bytes') ?? 1048576), 64 * 1048576);
  const pieces = piecesOf(bytes);
  const pauseMs = (Number(query.get('seconds') ?? 0) * 1000) / pieces.length;
  response.writeHead(200, { ...who, 'Content-Type': 'application/octet-stream', 'Content-Length': bytes,
    'X-Checksum': checksumOf(bytes) });
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await roomIn(response);
    if (pauseMs > 0) await new Promise((go) => setTimeout(go, pauseMs));
  }
  response.end();
}

const routes = { 'GET /': home, 'POST /echo': echo, 'GET /events': events, 'GET /download': download };

const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://app');
  const route = routes[`${request.method} ${url.pathname}`];
  if (draining) response.setHeader('Connection', 'close');
  if (!route) {
    response.writeHead(404, who);
    response.end('no such route\n');
    return;
  }
  Promise.resolve(route(request, response, url.searchParams)).catch((error) => {
    console.error(error);
    response.destroy();
  });
});

// WebSocket (RFC 6455), as much as an echo of short messages needs.

function frame(opcode, payload) {
  const size = payload.length;
  const head = size < 126 ? Buffer.from([0x80 | opcode, size]) : Buffer.from([0x80 | opcode, 126, size >> 8, size & 0xff]);
  return Buffer.concat([head, payload]);
}

// The first client frame of `data`: its opcode, payload and length, or null while it is not whole.
function parseFrame(data) {
  if (data.length < 2) return null;
  let size = data[1] & 0x7f;
  let at = 2;
  if (size === 126) {
    if (data.length < 4) return null;
    size = data.readUInt16BE(2);
    at = 4;
  } else if (size === 127) throw new Error('message too long');
  if (data.length < at + 4 + size) return null;
  const payload = Buffer.from(data.subarray(at + 4, at + 4 + size));
  for (let i = 0; i < size; i++) payload[i] ^= data[at + (i & 3)];
  return { opcode: data[0] & 0x0f, payload, length: at + 4 + size };
}

function closeSocket(socket, payload) {
  sockets.delete(socket);
  socket.end(frame(8, payload));
}

server.on('upgrade', (request, socket, head) => {
  const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    + `Sec-WebSocket-Accept: ${key.digest('base64')}\r\nX-App-Version: ${version}\r\nX-Instance: ${instance}\r\n\r\n`);
  sockets.add(socket);
  let pending = head;
  const take = (data) => {
    pending = Buffer.concat([pending, data]);
    for (let one = parseFrame(pending); one; one = parseFrame(pending)) {
      pending = pending.subarray(one.length);
      if (one.opcode === 8) closeSocket(socket, one.payload);
      else if (one.opcode === 9) socket.write(frame(10, one.payload));
      else if (one.opcode === 1 || one.opcode === 2) socket.write(frame(one.opcode, one.payload));
    }
  };
  socket.on('data', (data) => {
    try {
      take(data);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => {});
  socket.on('end', () => socket.end()); // HTTP servers leave sockets half open
  socket.on('close', () => sockets.delete(socket));
});

const echoes = new Set();
const tcp = createTcpServer((socket) => {
  echoes.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => echoes.delete(socket));
  // A pipe would stop reading after end(), and never see the other side's end.
  socket.on('data', (data) => socket.write(data));
});

function endLongOnes() {
  for (const socket of sockets) closeSocket(socket, Buffer.from([1001 >> 8, 1001 & 0xff]));
  for (const stream of streams) stream.end();
  for (const socket of echoes) socket.end();
}

process.on('SIGTERM', () => {
  if (draining) return;
  draining = true;
  console.log(`draining: ${sockets.size} WebSockets, ${streams.size} streams`);
  server.close();
  tcp.close();
  setTimeout(endLongOnes, drainMs).unref();
  const look = () => {
    if (sockets.size + streams.size + echoes.size > 0) return;
    server.getConnections((error, count) => count === 0 && process.exit(0));
  };
  setInterval(look, 100);
  look();
});

tcp.listen(Number(process.env.TCP_PORT ?? 4000), '::');
server.listen(Number(process.env.PORT ?? 3000), '::', () => console.log(`version ${version} is listening`));
