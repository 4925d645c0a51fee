import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Knex from 'knex';
import { Model } from 'objection';
import pgvector from 'pgvector/objection';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, dimensionsMessage, metrics, query, rows } from './common.mjs';

const knex = Knex({ client: 'pg', connection, pool: { min: 1, max: 1 } });
Model.knex(knex);
class Item extends Model {
  static tableName = 'items';
}

before(async () => {
  await knex.schema.enableExtension('vector');
  await knex.schema.dropTableIfExists('items');
  await knex.schema.createTable('items', (table) => {
    table.integer('id').primary();
    table.vector('v', 3);
    table.halfvec('h', 3);
    table.specificType('b', 'bit(3)');
    table.sparsevec('s', 3);
    table.index(knex.raw('v vector_l2_ops'), 'by_hnsw', 'hnsw');
  });
  await Item.query().insert(Object.entries(rows).map(([id, row]) => (
    { id: Number(id), v: pgvector.toSql(row), h: pgvector.toSql(row), b: bits[id], s: pgvector.toSql(new SparseVector(row)) })));
  await knex.raw('CREATE INDEX by_ivfflat ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)');
});
after(() => knex.destroy());

test('values both ways', async () => {
  for (const { id, v, h, b, s } of await Item.query()) {
    assert.deepEqual([pgvector.fromSql(v), pgvector.fromSql(h), b, pgvector.fromSql(s).toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test('distances by scan and by index', async () => {
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await knex.raw(`RESET enable_indexscan; SET ${setting} = off`);
    for (const { method, distance } of metrics) {
      for (const column of ['v', 'h', 's']) {
        const target = column === 's' ? new SparseVector(query) : query;
        const found = await Item.query().orderBy(pgvector[method](column, target)).limit(5);
        assertNearest(found.map((item) => item.id), distance);
      }
    }
  }
  for (const method of ['hammingDistance', 'jaccardDistance']) {
    assert.equal((await Item.query().orderBy(pgvector[method]('b', '111')))[0].id, 2);
  }
});

test('errors arrive with their code', async () => {
  await assert.rejects(Item.query().insert({ id: 9, v: pgvector.toSql([1, 2]) }), (error) => error.nativeError.code === '22000' && error.message.includes(dimensionsMessage));
});
