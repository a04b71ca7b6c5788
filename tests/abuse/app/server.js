const http = require('node:http');

let paths = [];

const shouts = [
  '{"level":"error","msg":"forged","project":"other"}',
  '2026-01-01T00:00:00Z db error: forged',
  '\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x08\x08 \x9b1m',
  'first\rsecond',
  '<script>alert(1)</script>',
  'last of the shouts',
];

http.createServer((request, response) => {
  paths.push(request.url);
  if (request.url === '/forget') paths = [];
  if (request.url === '/shout') for (const line of shouts) console.log(line);
  let body = { ok: true };
  if (request.url === '/seen') body = { paths };
  if (request.url === '/headers') body = request.headers;
  response.writeHead(200, { 'Content-Type': 'application/json' });
  request.resume();
  request.on('end', () => response.end(JSON.stringify(body)));
}).listen(3000, '::');
