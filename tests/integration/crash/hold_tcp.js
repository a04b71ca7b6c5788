// Holds COUNT connections to HOST:PORT for SECONDS, on each a request and its reply again and again; says what became of them.
const net = require('node:net');
const [host, port, count, seconds] = process.argv.slice(1);
const end = Date.now() + Number(seconds) * 1000;
const told = { connections: 0, lost: 0, beats: 0, longest_ms: 0, errors: [] };
let open = 0;

function finish() {
  console.log(JSON.stringify(told));
  process.exit(0);
}

function lose(error) {
  told.lost++;
  if (told.errors.length < 5) told.errors.push(String(error));
}

for (let i = 0; i < Number(count); i++) {
  const socket = net.connect(Number(port), host);
  let sent = 0;
  let text = '';
  let over = false;
  const done = (error) => {
    if (over) return;
    over = true;
    if (error) lose(error);
    socket.destroy();
    if (--open === 0) finish();
  };
  const beat = () => {
    if (Date.now() >= end) return done();
    sent = Date.now();
    text = '';
    return socket.write(`beat ${told.beats}\n`);
  };
  open++;
  socket.setTimeout(10000, () => done('no reply for 10 s'));
  socket.on('connect', () => { told.connections++; beat(); });
  socket.on('data', (data) => {
    text += data;
    if (!text.endsWith('\n')) return;
    told.beats++;
    told.longest_ms = Math.max(told.longest_ms, Date.now() - sent);
    setTimeout(beat, 20);
  });
  socket.on('error', done);
  socket.on('close', () => done('closed by the other side'));
}
