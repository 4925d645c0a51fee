// What every Node client is asked: the rows, the distances, and the answers computed here.

import assert from 'node:assert/strict';

export const rows = { 1: [1, 2, 3], 2: [1, 1, 1], 3: [0, -2.5, 4] };
export const query = [1, 2, 2];
export const bits = { 1: '101', 2: '111', 3: '010' };
export const bitQuery = '110';

const sum = (a, b, term) => a.reduce((total, x, i) => total + term(x, b[i]), 0);
const dot = (a, b) => sum(a, b, (x, y) => x * y);
const l2 = (a, b) => Math.sqrt(sum(a, b, (x, y) => (x - y) ** 2));
const ip = (a, b) => -dot(a, b);
const cosine = (a, b) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const l1 = (a, b) => sum(a, b, (x, y) => Math.abs(x - y));

export const metrics = [
  { op: '<->', name: 'l2', method: 'l2Distance', distance: l2 },
  { op: '<#>', name: 'ip', method: 'maxInnerProduct', distance: ip },
  { op: '<=>', name: 'cosine', method: 'cosineDistance', distance: cosine },
  { op: '<+>', name: 'l1', method: 'l1Distance', distance: l1 },
];

export function expected(distance) {
  return Object.entries(rows).map(([id, row]) => [Number(id), distance(row, query)]).sort((a, b) => a[1] - b[1]);
}

// found: ids in the order in which the database gave them
export function assertNearest(found, distance) {
  assert.deepEqual(found.map(Number), expected(distance).map(([id]) => id));
}

export const connection = {
  host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER, password: process.env.PGPASSWORD, database: process.env.PGDATABASE,
};

export const create = 'CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3))';
export const dimensionsMessage = 'expected 3 dimensions, not 2';
