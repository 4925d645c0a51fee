import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DataSource, EntitySchema } from 'typeorm';
import { assertNearest, connection, metrics, query, rows } from './common.mjs';

// TypeORM has had the column types vector and halfvec itself since 0.3.27.
const Item = new EntitySchema({
  name: 'Item', tableName: 'items',
  columns: { id: { type: 'int', primary: true }, v: { type: 'vector', length: 3, nullable: true }, h: { type: 'halfvec', length: 3, nullable: true } },
});
const source = new DataSource({ type: 'postgres', host: connection.host, port: connection.port, username: connection.user, password: connection.password, database: connection.database, entities: [Item], poolSize: 1 });

before(async () => {
  await source.initialize();
  await source.query('DROP TABLE IF EXISTS items');
  await source.synchronize();
  await source.query('CREATE INDEX ON items USING hnsw (v vector_l2_ops)');
  await source.getRepository(Item).save(Object.entries(rows).map(([id, row]) => ({ id: Number(id), v: row, h: row })));
});
after(() => source.destroy());

test('values both ways', async () => {
  for (const { id, v, h } of await source.getRepository(Item).find()) {
    assert.deepEqual([v, h], [rows[id], rows[id]]);
  }
});

test('a second synchronization finds nothing to do', async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  assert.deepEqual(upQueries.filter(({ query: statement }) => /ALTER TABLE/.test(statement)).map(({ query: statement }) => statement), []);
});

test('distances', async () => {
  await source.query('SET enable_seqscan = off');
  for (const { op, distance } of metrics) {
    const found = await source.getRepository(Item).createQueryBuilder('item').orderBy(`item.v ${op} :query`).setParameters({ query: JSON.stringify(query) }).limit(5).getMany();
    assertNearest(found.map((item) => item.id), distance);
  }
});
