import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { asc, cosineDistance, hammingDistance, innerProduct, l1Distance, l2Distance, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bit, halfvec, integer, pgTable, sparsevec, vector } from 'drizzle-orm/pg-core';
import { assertNearest, bits, connection, create, metrics, query, rows } from './common.mjs';

const client = new pg.Client(connection);
const db = drizzle(client);
const items = pgTable('items', {
  id: integer('id').primaryKey(), v: vector('v', { dimensions: 3 }), h: halfvec('h', { dimensions: 3 }), b: bit('b', { dimensions: 3 }), s: sparsevec('s', { dimensions: 3 }),
});
const functions = { '<->': l2Distance, '<#>': innerProduct, '<=>': cosineDistance, '<+>': l1Distance };
const sparse = (row) => `{${row.map((x, i) => `${i + 1}:${x}`).join(',')}}/3`;

before(async () => {
  await client.connect();
  await client.query(`DROP TABLE IF EXISTS items; ${create}`);
  await db.insert(items).values(Object.entries(rows).map(([id, row]) => ({ id: Number(id), v: row, h: row, b: bits[id], s: sparse(row) })));
  await client.query('CREATE INDEX ON items USING hnsw (v vector_l2_ops); CREATE INDEX ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)');
});
after(() => client.end());

test('values both ways', async () => {
  for (const { id, v, h, b, s } of await db.select().from(items)) {
    assert.deepEqual([v, h, b], [rows[id], rows[id], bits[id]]);
    assert.ok(s.endsWith('/3'));
  }
});

test('distances by scan and by index', async () => {
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await client.query(`RESET enable_indexscan; SET ${setting} = off`);
    for (const { op, distance } of metrics) {
      for (const column of ['v', 'h']) {
        const far = functions[op](items[column], query);
        const found = await db.select({ id: items.id, far: sql`${far}` }).from(items).orderBy(asc(far)).limit(5);
        assertNearest(found.map((row) => row.id), distance);
      }
    }
  }
  const near = await db.select().from(items).orderBy(hammingDistance(items.b, '111')).limit(1);
  assert.equal(near[0].id, 2);
});

test('errors arrive with their code', async () => {
  await assert.rejects(db.insert(items).values({ id: 9, v: [1, 2] }), (error) => (error.cause ?? error).code === '22000');
});
