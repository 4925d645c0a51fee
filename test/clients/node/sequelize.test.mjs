import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Sequelize from 'sequelize';
import pgvector from 'pgvector/sequelize';
import { SparseVector } from 'pgvector';
import { assertNearest, bits, connection, dimensionsMessage, metrics, query, rows } from './common.mjs';

pgvector.registerTypes(Sequelize);
const sequelize = new Sequelize(connection.database, connection.user, connection.password, { host: connection.host, port: connection.port, dialect: 'postgres', logging: false, pool: { max: 1 } });
const { DataTypes } = Sequelize;
const Item = sequelize.define('Item', {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  v: { type: DataTypes.VECTOR(3) },
  h: { type: DataTypes.HALFVEC(3) },
  b: { type: 'BIT(3)' },
  s: { type: DataTypes.SPARSEVEC(3) },
}, {
  tableName: 'items', timestamps: false,
  indexes: [{ fields: ['v'], using: 'hnsw', operator: 'vector_l2_ops', name: 'by_hnsw' }, { fields: ['h'], using: 'ivfflat', operator: 'halfvec_ip_ops', name: 'by_ivfflat' }],
});

before(async () => {
  await sequelize.query('CREATE EXTENSION IF NOT EXISTS vector');
  await Item.sync({ force: true });
  await Item.bulkCreate(Object.entries(rows).map(([id, row]) => ({ id, v: row, h: row, b: bits[id], s: new SparseVector(row) })));
});
after(() => sequelize.close());

test('values both ways', async () => {
  for (const { id, v, h, b, s } of await Item.findAll()) {
    assert.deepEqual([v, h, b, s.toArray()], [rows[id], rows[id], bits[id], rows[id]]);
  }
});

test('distances by scan and by index', async () => {
  await sequelize.query('SET ivfflat.probes = 100'); // the index was made on an empty table
  for (const setting of ['enable_indexscan', 'enable_seqscan']) {
    await sequelize.query(`RESET enable_indexscan; SET ${setting} = off`);
    for (const { method, distance } of metrics) {
      for (const column of ['v', 'h']) {
        const found = await Item.findAll({ order: pgvector[method](column, query, sequelize), limit: 5 });
        assertNearest(found.map((item) => item.id), distance);
      }
    }
  }
});

test('errors arrive', async () => {
  await assert.rejects(Item.create({ id: 9, v: [1, 2] }), (error) => error.message.includes(dimensionsMessage) && error.original.code === '22000');
});
