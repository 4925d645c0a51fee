import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import pgvector from 'pgvector/pg';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, create, dimensionsMessage, expected, metrics, query, rows } from './common.mjs';

const client = new pg.Client(connection);

before(async () => {
  await client.connect();
  await client.query(`DROP TABLE IF EXISTS items; ${create}`);
  await pgvector.registerTypes(client);
  for (const [id, row] of Object.entries(rows)) {
    await client.query('INSERT INTO items VALUES ($1, $2, $3, $4, $5)',
      [id, pgvector.toSql(row), pgvector.toSql(row), bits[id], pgvector.toSql(new SparseVector(row))]);
  }
});
after(() => client.end());

test('values both ways', async () => {
  const { rows: found } = await client.query('SELECT * FROM items');
  assert.equal(found.length, 3);
  for (const { id, v, h, b, s } of found) {
    assert.deepEqual([v, h, b, s.toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test('distances by scan and by index', async () => {
  for (const method of [null, 'hnsw', 'ivfflat']) {
    for (const { op, name, distance } of metrics) {
      for (const [column, type] of [['v', 'vector'], ['h', 'halfvec']]) {
        if (method === 'ivfflat' && name === 'l1') continue;
        if (method) {
          const options = method === 'ivfflat' ? 'WITH (lists = 1)' : '';
          await client.query(`DROP INDEX IF EXISTS i; CREATE INDEX i ON items USING ${method} (${column} ${type}_${name}_ops) ${options}; SET enable_seqscan = off`);
        }
        const { rows: found } = await client.query(`SELECT id, ${column} ${op} $1 AS distance FROM items ORDER BY ${column} ${op} $1 LIMIT 5`, [pgvector.toSql(query)]);
        assertNearest(found.map((row) => row.id), distance);
        expected(distance).forEach(([, wanted], i) => assert.ok(Math.abs(found[i].distance - wanted) < 1e-5));
      }
    }
  }
});

test('prepared statements', async () => {
  for (let i = 0; i < 10; i++) {
    const { rows: found } = await client.query({ name: 'nearest', text: 'SELECT id FROM items ORDER BY v <-> $1 LIMIT 1', values: [pgvector.toSql([1, 1, 1.1])] });
    assert.equal(found[0].id, 2);
  }
});

test('errors arrive with their code', async () => {
  await assert.rejects(client.query('INSERT INTO items (id, v) VALUES (9, $1)', [pgvector.toSql([1, 2])]), { code: '22000', message: dimensionsMessage });
  await assert.rejects(client.query('SELECT $1::vector', ['[1,']), { code: '22P02' });
});
