// What can be reached from here: names, doors (address and port), files, privileges. One JSON answer.
const dns = require('node:dns/promises');
const fs = require('node:fs');
const net = require('node:net');
const { spawnSync } = require('node:child_process');

const { names, doors, files } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

const knock = ([host, port]) => new Promise((done) => {
  const link = net.connect({ host, port });
  const end = (word) => { link.destroy(); done(word); };
  link.setTimeout(3000, () => end('silence'));
  link.on('connect', () => end('open'));
  link.on('error', (error) => end(error.code));
});

const look = (file) => {
  try {
    const found = fs.statSync(file);
    if (found.isSocket()) return 'a socket';
    fs.readFileSync(file);
    return 'readable';
  } catch (error) {
    return error.code;
  }
};

// Commands that only somebody with privileges can run; what each ended with. Where they write, they write what is
// there, so that nothing happens to a machine that lets them.
const again = (file) => ['sh', '-c', `value=$(cat ${file}) && echo "$value" > ${file}`];
const tries = {
  mount: ['mount', '-t', 'tmpfs', 'none', '/mnt'],
  'a device': ['mknod', '/tmp/disk', 'b', '8', '0'],
  'a new user namespace': ['unshare', '-Ur', 'true'],
  'a kernel setting': again('/proc/sys/kernel/panic'),
  'the core pattern': again('/proc/sys/kernel/core_pattern'),
  'a cgroup': ['sh', '-c', 'cd /sys/fs/cgroup/memory 2> /dev/null || cd /sys/fs/cgroup; mkdir evil'],
  'a magic key': ['sh', '-c', 'echo h > /proc/sysrq-trigger'],
};

(async () => {
  // Short: a line of a build's log has 8 KiB.
  const seen = { names: {}, doors: {}, open: [], files: {}, tries: {}, status: {}, limits: {} };
  await Promise.all(names.map(async (name) => {
    const found = await dns.lookup(name, { all: true }).then((all) => all.map((a) => a.address), () => []);
    if (found.length > 0) seen.names[name] = found;
  }));
  for (let i = 0; i < doors.length; i += 100) {
    await Promise.all(doors.slice(i, i + 100).map(async (door) => {
      const word = await knock(door);
      seen.doors[word] = (seen.doors[word] ?? 0) + 1;
      if (word === 'open') seen.open.push(door.join(' '));
    }));
  }
  for (const file of files) seen.files[file] = look(file);
  for (const [word, [program, ...words]] of Object.entries(tries)) {
    seen.tries[word] = spawnSync(program, words).status ?? -1;
    seen.tries[`${word} as root`] = spawnSync('sudo', ['-n', program, ...words]).status ?? -1;
  }
  for (const line of fs.readFileSync('/proc/self/status', 'utf8').split('\n')) {
    const [key, value] = line.split(':\t');
    if (['CapEff', 'CapBnd', 'Seccomp'].includes(key)) seen.status[key] = value.trim();
  }
  for (const line of fs.readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const match = /^(Max .*?) {2,}(\S+) +(\S+)/.exec(line);
    if (match) seen.limits[match[1]] = [match[2], match[3]];
  }
  console.log(`PROBE ${JSON.stringify(seen)}`);
})();
