import { apiUrl } from './config.js';

// The API answers under its own name, by the same scheme and port as this page; without a name it
// is this page's own address.
function apiBase() {
  const base = new URL(location.href);
  if (apiUrl !== '') base.hostname = new URL(apiUrl).hostname;
  base.pathname = '/api/';
  base.search = '';
  base.hash = '';
  return base;
}

const api = apiBase();
const element = (id) => document.getElementById(id);
const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

async function ask(path, method = 'GET', body = undefined) {
  const answer = await fetch(new URL(path, api), {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error ?? data.detail ?? `the API answered ${answer.status}`);
  return data;
}

// Runs what the user asked for, says what went wrong, and shows how things are now.
async function attempt(action) {
  const problem = element('problem');
  try {
    await action();
    await show();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error instanceof TypeError ? 'The API cannot be reached. Trying again…' : error.message;
    problem.hidden = false;
  }
}

function row(todo) {
  const item = element('todo').content.firstElementChild.cloneNode(true);
  item.dataset.id = todo.id;
  const box = item.querySelector('input');
  const remove = item.querySelector('.remove');
  box.addEventListener('change', () => attempt(() => ask(`todos/${todo.id}`, 'PATCH', { done: box.checked })));
  remove.addEventListener('click', () => {
    // The button goes away with its row: keep the keyboard where it was.
    const next = item.nextElementSibling ?? item.previousElementSibling;
    (next?.querySelector('.remove') ?? element('title')).focus();
    attempt(() => ask(`todos/${todo.id}`, 'DELETE'));
  });
  fill(item, todo);
  return item;
}

function fill(item, todo) {
  item.classList.toggle('done', todo.done);
  item.querySelector('input').checked = todo.done;
  item.querySelector('.title').textContent = todo.title;
  item.querySelector('.label').textContent = todo.label ?? '';
  item.querySelector('.remove').setAttribute('aria-label', `Remove: ${todo.title}`);
}

// Rows that stay are kept, so that nobody loses the focus when another browser changes something.
function showTodos(todos) {
  const list = element('todos');
  const old = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const rows = todos.map((todo) => {
    const item = old.get(todo.id);
    if (!item) return row(todo);
    fill(item, todo);
    return item;
  });
  const kept = new Set(rows);
  for (const item of old.values()) if (!kept.has(item)) item.remove();
  rows.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  const open = todos.filter((todo) => !todo.done).length;
  element('summary').textContent = `${open} of ${plural(todos.length, 'to-do')} open`;
  element('empty').hidden = todos.length > 0;
}

function showStats({ counters, waiting, container, version }) {
  const facts = [
    ['added', counters.added ?? 0],
    ['finished', counters.finished ?? 0],
    ['labelled by the worker', counters.labelled ?? 0],
    ['waiting', waiting],
    ['answered by', container],
    ['version', version],
  ];
  element('stats').replaceChildren(
    ...facts.map(([name, value]) => {
      const pair = document.createElement('div');
      pair.append(document.createElement('dt'), document.createElement('dd'));
      pair.firstChild.textContent = name;
      pair.lastChild.textContent = value;
      return pair;
    }),
  );
}

async function show() {
  const [todos, stats] = await Promise.all([ask('todos'), ask('stats')]);
  showTodos(todos);
  showStats(stats);
}

element('add').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = element('title');
  attempt(async () => {
    await ask('todos', 'POST', { title: input.value });
    input.value = '';
    input.focus();
  });
});

// The browser opens the stream again by itself when it breaks, and what was missed shows then.
const events = new EventSource(new URL('events', api));
events.addEventListener('change', () => attempt(() => {}));
events.addEventListener('open', () => attempt(() => {}));
attempt(() => {});
