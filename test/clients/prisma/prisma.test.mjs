// Prisma has no type for vectors: its schema calls them Unsupported, and raw queries write, read and
// compare them as text.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '@prisma/client';
import pgvector, { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, create, dimensionsMessage, expected, metrics, query, rows } from './common.mjs';

const prisma = new PrismaClient({ adapter: new PrismaPg({ ...connection, max: 1 }) });

before(async () => {
  await prisma.$executeRaw`CREATE EXTENSION IF NOT EXISTS vector`;
  await prisma.$executeRaw`DROP TABLE IF EXISTS items`;
  await prisma.$executeRawUnsafe(create);
  for (const [id, row] of Object.entries(rows)) {
    const [dense, sparse] = [pgvector.toSql(row), pgvector.toSql(new SparseVector(row))];
    await prisma.$executeRaw`INSERT INTO items VALUES (${Number(id)}, ${dense}::vector, ${dense}::halfvec, ${bits[id]}::bit(3), ${sparse}::sparsevec)`;
  }
});
after(() => prisma.$disconnect());

test('values both ways', async () => {
  const found = await prisma.$queryRaw`SELECT id, v::text, h::text, b::text, s::text FROM items`;
  assert.equal(found.length, 3);
  for (const { id, v, h, b, s } of found) {
    assert.deepEqual([pgvector.fromSql(v), pgvector.fromSql(h), b, pgvector.fromSql(s).toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test("the model's other columns, beside the vectors that it does not know", async () => {
  assert.deepEqual(await prisma.item.findMany({ where: { id: { gt: 1 } }, orderBy: { id: 'asc' } }), [{ id: 2 }, { id: 3 }]);
  assert.equal(await prisma.item.count(), 3);
});

test('distances by scan and by index', async () => {
  const target = pgvector.toSql(query);
  for (const method of [null, 'hnsw', 'ivfflat']) {
    for (const { op, name, distance } of metrics) {
      for (const [column, type] of [['v', 'vector'], ['h', 'halfvec']]) {
        if (method === 'ivfflat' && name === 'l1') continue;
        if (method) {
          await prisma.$executeRaw`DROP INDEX IF EXISTS i`;
          await prisma.$executeRawUnsafe(`CREATE INDEX i ON items USING ${method} (${column} ${type}_${name}_ops)${method === 'ivfflat' ? ' WITH (lists = 1)' : ''}`);
          await prisma.$executeRaw`SET enable_seqscan = off`;
        }
        const far = Prisma.sql`${Prisma.raw(`${column} ${op}`)} ${target}::${Prisma.raw(type)}`;
        const found = await prisma.$queryRaw`SELECT id, ${far} AS distance FROM items ORDER BY ${far} LIMIT 5`;
        assertNearest(found.map((row) => row.id), distance);
        expected(distance).forEach(([, wanted], i) => assert.ok(Math.abs(found[i].distance - wanted) < 1e-5));
      }
    }
  }
  for (const op of ['<~>', '<%>']) {
    const near = await prisma.$queryRaw`SELECT id FROM items ORDER BY b ${Prisma.raw(op)} ${'111'}::bit(3) LIMIT 1`;
    assert.equal(near[0].id, 2);
  }
});

test('errors arrive with their code', async () => {
  await assert.rejects(prisma.$executeRaw`INSERT INTO items (id, v) VALUES (9, ${'[1,2]'}::vector)`,
    (error) => /22000/.test(JSON.stringify(error.meta)) && (error.message + JSON.stringify(error.meta)).includes(dimensionsMessage));
});
