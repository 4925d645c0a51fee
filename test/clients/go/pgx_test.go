package clients

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sort"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pgvector/pgvector-go"
	pgxvector "github.com/pgvector/pgvector-go/pgx"
)

var (
	rows  = map[int][]float32{1: {1, 2, 3}, 2: {1, 1, 1}, 3: {0, -2.5, 4}}
	bits  = map[int]string{1: "101", 2: "111", 3: "010"}
	query = []float32{1, 2, 2}
	ctx   = context.Background()
)

type metric struct {
	op, name string
	distance func(a, b []float32) float64
}

func sum(a, b []float32, term func(x, y float64) float64) (total float64) {
	for i := range a {
		total += term(float64(a[i]), float64(b[i]))
	}
	return total
}

func dot(a, b []float32) float64 {
	return sum(a, b, func(x, y float64) float64 { return x * y })
}

var metrics = []metric{
	{"<->", "l2", func(a, b []float32) float64 {
		return math.Sqrt(sum(a, b, func(x, y float64) float64 { return (x - y) * (x - y) }))
	}},
	{"<#>", "ip", func(a, b []float32) float64 { return -dot(a, b) }},
	{"<=>", "cosine", func(a, b []float32) float64 { return 1 - dot(a, b)/math.Sqrt(dot(a, a)*dot(b, b)) }},
	{"<+>", "l1", func(a, b []float32) float64 {
		return sum(a, b, func(x, y float64) float64 { return math.Abs(x - y) })
	}},
}

func nearest(m metric) []int {
	ids := []int{1, 2, 3}
	sort.Slice(ids, func(i, j int) bool {
		return m.distance(rows[ids[i]], query) < m.distance(rows[ids[j]], query)
	})
	return ids
}

// Where to connect to is in the environment, as for libpq.
func connect(t *testing.T) *pgx.Conn {
	conn, err := pgx.Connect(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "DROP TABLE IF EXISTS items")
	execute(t, conn, "CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), b bit(3), s sparsevec(3))")
	for id, row := range rows {
		execute(t, conn, "INSERT INTO items VALUES ($1, $2, $3, $4, $5)", id, pgvector.NewVector(row),
			pgvector.NewHalfVector(row), bits[id], pgvector.NewSparseVector(row))
	}
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, arguments ...any) {
	t.Helper()
	if _, err := conn.Exec(ctx, sql, arguments...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestValuesBothWaysAsTextAndBinary(t *testing.T) {
	conn := connect(t)
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeSimpleProtocol} {
		found, err := conn.Query(ctx, "SELECT id, v, h, s FROM items", mode)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for ; found.Next(); count++ {
			var id int
			var v pgvector.Vector
			var h pgvector.HalfVector
			var s pgvector.SparseVector
			if err := found.Scan(&id, &v, &h, &s); err != nil {
				t.Fatal(err)
			}
			for _, got := range [][]float32{v.Slice(), h.Slice(), s.Slice()} {
				if !reflect.DeepEqual(got, rows[id]) {
					t.Errorf("row %d: %v, not %v", id, got, rows[id])
				}
			}
		}
		if count != len(rows) || found.Err() != nil {
			t.Errorf("%d rows, %v", count, found.Err())
		}
	}
}

func TestBinaryCopy(t *testing.T) {
	conn := connect(t)
	count, err := conn.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "v", "h", "s"}, pgx.CopyFromRows([][]any{
		{4, pgvector.NewVector([]float32{7, 8, 9}), pgvector.NewHalfVector([]float32{7, 8, 9}), pgvector.NewSparseVector([]float32{0, 8, 0})}}))
	if err != nil || count != 1 {
		t.Fatal(count, err)
	}
	var text string
	if err := conn.QueryRow(ctx, "SELECT concat(v, h, s) FROM items WHERE id = 4").Scan(&text); err != nil || text != "[7,8,9][7,8,9]{2:8}/3" {
		t.Fatal(text, err)
	}
}

func TestDistancesByScanAndByIndex(t *testing.T) {
	conn := connect(t)
	for _, method := range []string{"", "hnsw", "ivfflat"} {
		for _, m := range metrics {
			for column, argument := range map[string]any{"v": pgvector.NewVector(query), "h": pgvector.NewHalfVector(query), "s": pgvector.NewSparseVector(query)} {
				if method == "ivfflat" && (m.name == "l1" || column == "s") {
					continue
				}
				if method != "" {
					kind := map[string]string{"v": "vector", "h": "halfvec", "s": "sparsevec"}[column]
					options := map[string]string{"ivfflat": "WITH (lists = 1)"}[method]
					execute(t, conn, "DROP INDEX IF EXISTS i")
					execute(t, conn, fmt.Sprintf("CREATE INDEX i ON items USING %s (%s %s_%s_ops) %s", method, column, kind, m.name, options))
					execute(t, conn, "SET enable_seqscan = off")
				}
				found, err := conn.Query(ctx, fmt.Sprintf("SELECT id, %s %s $1 FROM items ORDER BY %s %s $1 LIMIT 5", column, m.op, column, m.op), argument)
				if err != nil {
					t.Fatal(err)
				}
				var ids []int
				for found.Next() {
					var id int
					var distance float64
					if err := found.Scan(&id, &distance); err != nil {
						t.Fatal(err)
					}
					ids = append(ids, id)
					if math.Abs(distance-m.distance(rows[id], query)) > 1e-5 {
						t.Errorf("%s %s: %v is %v away", method, m.name, id, distance)
					}
				}
				if found.Err() != nil || !reflect.DeepEqual(ids, nearest(m)) {
					t.Errorf("%s %s %s: %v, not %v; %v", method, column, m.name, ids, nearest(m), found.Err())
				}
			}
		}
	}
}

func TestErrorsArriveWithTheirCode(t *testing.T) {
	conn := connect(t)
	_, err := conn.Exec(ctx, "INSERT INTO items (id, v) VALUES (9, $1)", pgvector.NewVector([]float32{1, 2}))
	var failure *pgconn.PgError
	if !errors.As(err, &failure) || failure.Code != "22000" || failure.Message != "expected 3 dimensions, not 2" {
		t.Error(err)
	}
}
