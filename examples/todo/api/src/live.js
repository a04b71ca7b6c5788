// Valkey: counters, the queue of the worker, and the channel on which changes are announced.
import { createClient } from '@redis/client';

const QUEUE = 'todo:queue';
const CHANNEL = 'todo:changes';

export class Live {
  #client = createClient({ url: process.env.CACHE_URL, disableOfflineQueue: true });
  #subscriber = this.#client.duplicate();
  #listeners = new Set();

  constructor() {
    // The client reconnects by itself.
    this.#client.on('error', (error) => console.error(`cache: ${error.message}`));
    this.#subscriber.on('error', () => {});
  }

  // Does not wait for the connection: the server answers /healthz before the cache is there.
  start() {
    const report = (error) => console.error(`cache: ${error.message}`);
    this.#client.connect().catch(report);
    this.#subscriber
      .connect()
      .then(() => this.#subscriber.subscribe(CHANNEL, (message) => this.#tell(message)))
      .catch(report);
  }

  #tell(message) {
    for (const listener of this.#listeners) listener(message);
  }

  // Calls `listener` with every announced change until the returned function is called.
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // A counter or an announcement that is lost harms nobody: the to-do itself is in the database.
  async announce(kind, todo) {
    try {
      await this.#client.hIncrBy('todo:counters', kind, 1);
      if (kind === 'added') await this.#client.lPush(QUEUE, JSON.stringify({ id: todo.id, title: todo.title }));
      await this.#client.publish(CHANNEL, JSON.stringify({ kind, id: todo.id }));
    } catch (error) {
      console.error(`cache: ${kind} ${todo.id} not announced: ${error.message}`);
    }
  }

  async stats() {
    const [counters, waiting] = await Promise.all([
      this.#client.hGetAll('todo:counters'),
      this.#client.lLen(QUEUE),
    ]);
    return { counters, waiting };
  }

  async check() {
    await this.#client.ping();
  }

  close() {
    for (const client of [this.#client, this.#subscriber]) if (client.isOpen) client.destroy();
  }
}
