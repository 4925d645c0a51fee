import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pgvector, * as functions from 'pgvector/kysely';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, dimensionsMessage, metrics, query, rows } from './common.mjs';

const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ ...connection, max: 1 }) }) });

before(async () => {
  await sql`CREATE EXTENSION IF NOT EXISTS vector`.execute(db);
  await db.schema.dropTable('items').ifExists().execute();
  await db.schema.createTable('items').addColumn('id', 'integer', (column) => column.primaryKey()).addColumn('v', sql`vector(3)`)
    .addColumn('h', sql`halfvec(3)`).addColumn('b', sql`bit(3)`).addColumn('s', sql`sparsevec(3)`).execute();
  await db.insertInto('items').values(Object.entries(rows).map(([id, row]) => (
    { id, v: pgvector.toSql(row), h: pgvector.toSql(row), b: bits[id], s: pgvector.toSql(new SparseVector(row)) }))).execute();
  await db.schema.createIndex('by_hnsw').on('items').using('hnsw').expression(sql`v vector_l2_ops`).execute();
  await sql`CREATE INDEX by_ivfflat ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)`.execute(db);
});
after(() => db.destroy());

test('values both ways', async () => {
  for (const { id, v, h, b, s } of await db.selectFrom('items').selectAll().execute()) {
    assert.deepEqual([pgvector.fromSql(v), pgvector.fromSql(h), b, pgvector.fromSql(s).toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test('distances by scan and by index', async () => {
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await sql`RESET enable_indexscan; SET ${sql.raw(setting)} = off`.execute(db);
    for (const { method, distance } of metrics) {
      for (const column of ['v', 'h']) {
        const found = await db.selectFrom('items').select('id').orderBy(functions[method](column, query)).limit(5).execute();
        assertNearest(found.map((row) => row.id), distance);
      }
      const found = await db.selectFrom('items').select('id').orderBy(functions[method]('s', new SparseVector(query))).execute();
      assertNearest(found.map((row) => row.id), distance);
    }
  }
  const plan = await sql`EXPLAIN SELECT * FROM items ORDER BY v <-> '[1,2,2]' LIMIT 5`.execute(db);
  assert.match(JSON.stringify(plan.rows), /Index Scan using by_hnsw/);
  for (const method of ['hammingDistance', 'jaccardDistance']) {
    assert.equal((await db.selectFrom('items').select('id').orderBy(functions[method]('b', '111')).execute())[0].id, 2);
  }
});

test('a distance in a condition', async () => {
  const found = await db.selectFrom('items').select('id').where(functions.l2Distance('v', query), '<', 1.1).execute();
  assert.deepEqual(found, [{ id: 1 }]);
});

test('errors arrive with their code', async () => {
  await assert.rejects(db.insertInto('items').values({ id: 9, v: pgvector.toSql([1, 2]) }).execute(), { code: '22000', message: dimensionsMessage });
});
