import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Knex from 'knex';
import pgvector from 'pgvector/knex';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, dimensionsMessage, metrics, query, rows } from './common.mjs';

const knex = Knex({ client: 'pg', connection, pool: { min: 1, max: 1 } });

before(async () => {
  await knex.schema.enableExtension('vector');
  await knex.schema.dropTableIfExists('items');
  await knex.schema.createTable('items', (table) => {
    table.increments('id');
    table.vector('v', 3);
    table.halfvec('h', { dimensions: 3 });
    table.specificType('b', 'bit(3)');
    table.sparsevec('s', 3);
    table.index(knex.raw('v vector_l2_ops'), 'by_hnsw', 'hnsw');
  });
  await knex('items').insert(Object.entries(rows).map(([id, row]) => (
    { id, v: pgvector.toSql(row), h: pgvector.toSql(row), b: bits[id], s: pgvector.toSql(new SparseVector(row)) })));
  await knex.raw('CREATE INDEX by_ivfflat ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)');
});
after(() => knex.destroy());

test('values both ways', async () => {
  for (const { id, v, h, b, s } of await knex('items').select()) {
    assert.deepEqual([pgvector.fromSql(v), pgvector.fromSql(h), b, pgvector.fromSql(s).toArray?.() ?? s], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test('distances by scan and by index', async () => {
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await knex.raw(`RESET enable_indexscan; SET ${setting} = off`);
    for (const { method, distance } of metrics) {
      for (const column of ['v', 'h']) {
        const found = await knex('items').orderBy(knex[method](column, query)).limit(5);
        assertNearest(found.map((row) => row.id), distance);
      }
    }
  }
  const plan = await knex.raw("EXPLAIN SELECT * FROM items ORDER BY v <-> '[1,2,2]' LIMIT 5");
  assert.match(plan.rows[0]['QUERY PLAN'] + plan.rows[1]['QUERY PLAN'], /Index Scan using by_hnsw/);
  assert.equal((await knex('items').orderBy(knex.hammingDistance('b', '111')))[0].id, 2);
});

test('errors arrive with their code', async () => {
  await assert.rejects(knex('items').insert({ v: pgvector.toSql([1, 2]) }), (error) => error.code === '22000' && error.message.includes(dimensionsMessage));
});
