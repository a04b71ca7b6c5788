// The to-dos in PostgreSQL.
import pg from 'pg';

export class Todos {
  #pool = new pg.Pool({
    connectionString: process.env.DATABASE_URL,
    max: 10,
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
  });

  constructor() {
    // An idle connection that breaks is replaced by the pool; without a listener it would end us.
    this.#pool.on('error', (error) => console.error(`database: ${error.message}`));
  }

  async list() {
    return (await this.#pool.query('SELECT * FROM todos ORDER BY id DESC LIMIT 200')).rows;
  }

  async add(title) {
    const { rows } = await this.#pool.query('INSERT INTO todos (title) VALUES ($1) RETURNING *', [title]);
    return rows[0];
  }

  // undefined when there is no such to-do; what is not given stays.
  async change(id, { title = null, done = null }) {
    const { rows } = await this.#pool.query(
      'UPDATE todos SET title = coalesce($2, title), done = coalesce($3, done) WHERE id = $1 RETURNING *',
      [id, title, done],
    );
    return rows[0];
  }

  async remove(id) {
    return (await this.#pool.query('DELETE FROM todos WHERE id = $1', [id])).rowCount > 0;
  }

  async check() {
    await this.#pool.query('SELECT 1');
  }

  close() {
    return this.#pool.end();
  }
}
