use half::f16;
use pgvector::{HalfVector, SparseVector, Vector};
use postgres::types::ToSql;
use postgres::{Client, NoTls};
use std::env;

const ROWS: [(i32, [f32; 3]); 3] = [(1, [1.0, 2.0, 3.0]), (2, [1.0, 1.0, 1.0]), (3, [0.0, -2.5, 4.0])];
const QUERY: [f32; 3] = [1.0, 2.0, 2.0];

type Metric = (&'static str, &'static str, fn(&[f32; 3], &[f32; 3]) -> f64);

fn sum(a: &[f32; 3], b: &[f32; 3], term: fn(f64, f64) -> f64) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| term(x as f64, y as f64)).sum()
}

fn dot(a: &[f32; 3], b: &[f32; 3]) -> f64 {
    sum(a, b, |x, y| x * y)
}

const METRICS: [Metric; 4] = [
    ("<->", "l2", |a, b| sum(a, b, |x, y| (x - y) * (x - y)).sqrt()),
    ("<#>", "ip", |a, b| -dot(a, b)),
    ("<=>", "cosine", |a, b| 1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()),
    ("<+>", "l1", |a, b| sum(a, b, |x, y| (x - y).abs())),
];

fn halves(row: &[f32; 3]) -> HalfVector {
    HalfVector::from(row.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>())
}

/// The tests share a server, so each has a table of its own.
fn connect(table: &str) -> Client {
    let var = |name| env::var(name).unwrap();
    let parameters = format!("host={} port={} user={} password={} dbname={}", var("PGHOST"), var("PGPORT"), var("PGUSER"), var("PGPASSWORD"), var("PGDATABASE"));
    let mut client = Client::connect(&parameters, NoTls).unwrap();
    client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id int PRIMARY KEY, v vector(3), h halfvec(3), s sparsevec(3))"
        ))
        .unwrap();
    for (id, row) in &ROWS {
        let values: [&(dyn ToSql + Sync); 4] = [id, &Vector::from(row.to_vec()), &halves(row), &SparseVector::from_dense(row)];
        client.execute(&format!("INSERT INTO {table} VALUES ($1, $2, $3, $4)"), &values).unwrap();
    }
    client
}

#[test]
fn values_both_ways_as_binary() {
    let mut client = connect("items_values");
    let found = client.query("SELECT id, v, h, s FROM items_values ORDER BY id", &[]).unwrap();
    assert_eq!(found.len(), 3);
    for (row, (id, expected)) in found.iter().zip(&ROWS) {
        assert_eq!(row.get::<_, i32>(0), *id);
        assert_eq!(row.get::<_, Vector>(1).to_vec(), expected.to_vec());
        assert_eq!(row.get::<_, HalfVector>(2), halves(expected));
        assert_eq!(row.get::<_, SparseVector>(3).to_vec(), expected.to_vec());
    }
}

#[test]
fn distances_by_scan_and_by_index() {
    let mut client = connect("items_distances");
    let (vector, half, sparse) = (Vector::from(QUERY.to_vec()), halves(&QUERY), SparseVector::from_dense(&QUERY));
    let columns: [(&str, &str, &(dyn ToSql + Sync)); 3] = [("v", "vector", &vector), ("h", "halfvec", &half), ("s", "sparsevec", &sparse)];
    for method in ["", "hnsw", "ivfflat"] {
        for (op, name, distance) in METRICS {
            for (column, kind, query) in columns {
                if method == "ivfflat" && (name == "l1" || column == "s") {
                    continue;
                }
                if !method.is_empty() {
                    let options = if method == "ivfflat" { "WITH (lists = 1)" } else { "" };
                    client
                        .batch_execute(&format!(
                            "DROP INDEX IF EXISTS i; CREATE INDEX i ON items_distances USING {method} ({column} {kind}_{name}_ops) {options}; SET enable_seqscan = off"
                        ))
                        .unwrap();
                }
                let sql = format!("SELECT id, {column} {op} $1 FROM items_distances ORDER BY {column} {op} $1 LIMIT 5");
                let found = client.query(&sql, &[query]).unwrap();
                let mut expected: Vec<(i32, f64)> = ROWS.iter().map(|(id, row)| (*id, distance(row, &QUERY))).collect();
                expected.sort_by(|a, b| a.1.total_cmp(&b.1));
                assert_eq!(found.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>(), expected.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "{method} {sql}");
                for (row, (_, wanted)) in found.iter().zip(&expected) {
                    assert!((row.get::<_, f64>(1) - wanted).abs() < 1e-5, "{method} {sql}");
                }
            }
        }
    }
}

#[test]
fn errors_arrive_with_their_code() {
    let mut client = connect("items_errors");
    let error = client.execute("INSERT INTO items_errors (id, v) VALUES (9, $1)", &[&Vector::from(vec![1.0, 2.0])]).unwrap_err();
    let failure = error.as_db_error().unwrap();
    assert_eq!((failure.code().code(), failure.message()), ("22000", "expected 3 dimensions, not 2"));
}
