import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import * as pgvector from 'pgvector/mikro-orm';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, dimensionsMessage, metrics, query, rows } from './common.mjs';

const { BitType, HalfvecType, SparsevecType, VectorType } = pgvector.default;
const Item = new EntitySchema({
  name: 'Item', tableName: 'items',
  properties: {
    id: { type: 'integer', primary: true },
    v: { type: VectorType, dimensions: 3, nullable: true },
    h: { type: HalfvecType, dimensions: 3, nullable: true },
    b: { type: BitType, length: 3, nullable: true },
    s: { type: SparsevecType, dimensions: 3, nullable: true },
  },
  indexes: [
    { name: 'by_hnsw', expression: 'CREATE INDEX by_hnsw ON items USING hnsw (v vector_l2_ops)' },
    { name: 'by_ivfflat', expression: 'CREATE INDEX by_ivfflat ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)' },
  ],
});
const orm = await MikroORM.init({
  entities: [Item], host: connection.host, port: connection.port, user: connection.user, password: connection.password, dbName: connection.database,
  pool: { min: 1, max: 1 }, discovery: { warnWhenNoEntities: false },
});
const run = (statement) => orm.em.fork().getConnection().execute(statement);

before(async () => {
  await run('CREATE EXTENSION IF NOT EXISTS vector');
  await orm.schema.dropSchema();
  await orm.schema.createSchema();
  const em = orm.em.fork();
  for (const [id, row] of Object.entries(rows)) em.create(Item, { id: Number(id), v: row, h: row, b: bits[id], s: new SparseVector(row) });
  await em.flush();
});
after(() => orm.close());

test('values both ways', async () => {
  const em = orm.em.fork();
  const items = await em.find(Item, {});
  assert.equal(items.length, 3);
  for (const { id, v, h, b, s } of items) {
    assert.deepEqual([v, h, b, s.toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
  em.create(Item, { id: 4 });
  await em.flush();
  const four = await orm.em.fork().findOneOrFail(Item, 4);
  assert.deepEqual([four.v, four.s], [null, null]);
  await em.nativeDelete(Item, { id: 4 });
});

// MikroORM reads the length back of columns of type vector only: it would alter the others each time.
test('a second comparison of the schema leaves vectors alone', async () => {
  const altered = (await orm.schema.getUpdateSchemaSQL()).match(/alter column "."/g);
  assert.deepEqual(altered, ['alter column "h"', 'alter column "s"']);
  await orm.schema.updateSchema();
});

test('distances by scan and by index', async () => {
  await run('SET ivfflat.probes = 10'); // the index was made on an empty table
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await run(`RESET enable_indexscan; SET ${setting} = off`);
    for (const { method, distance } of metrics) {
      for (const column of ['v', 'h', 's']) {
        const target = column === 's' ? new SparseVector(query) : query;
        const found = await orm.em.fork().createQueryBuilder(Item).orderBy({ [pgvector.default[method](column, target)]: 'ASC' }).limit(5).getResult();
        assertNearest(found.map((item) => item.id), distance);
      }
    }
  }
  for (const method of ['hammingDistance', 'jaccardDistance']) {
    const found = await orm.em.fork().createQueryBuilder(Item).orderBy({ [pgvector.default[method]('b', '111')]: 'ASC' }).limit(1).getResult();
    assert.equal(found[0].id, 2);
  }
});

test('errors arrive with their code', async () => {
  const em = orm.em.fork();
  em.create(Item, { id: 9, v: [1, 2] });
  await assert.rejects(em.flush(), (error) => error.code === '22000' && error.message.includes(dimensionsMessage));
});
