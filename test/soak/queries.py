"""Questions to an index, and whether the answers are right.

The truth is a sequential scan in the same snapshot.  `flat` must give the very distances, ivfflat
and hnsw rows that are there, each once, in order of their distances, and enough of the nearest.
"""

import math

from session import Broken, Expected, FULL, quote

INDEX_ONLY = ("SET enable_seqscan = off; SET enable_sort = off; SET enable_indexscan = on; "
              "SET enable_bitmapscan = off;")
NO_INDEX = "SET enable_seqscan = on; SET enable_sort = on; SET enable_indexscan = off;"
ALL_ROWS = {
    "hnsw": "SET hnsw.iterative_scan = relaxed_order; SET hnsw.ef_search = 100; "
            "SET hnsw.max_scan_tuples = 2147483647; SET hnsw.scan_mem_multiplier = 1000;",
    "ivfflat": "SET ivfflat.probes = 32768; SET ivfflat.iterative_scan = off;",
    "flat": "",
}


def order(distance):
    """As PostgreSQL sorts float8: NaN, then NULL, at the end."""
    if distance is None:
        return (2, 0.0)
    return (1, 0.0) if math.isnan(distance) else (0, distance)


def same(a, b):
    return order(a) == order(b)


class Question:
    """Settings and text of one query for the nearest."""

    def __init__(self, rng, table, index, wanted=None):
        self.rng, self.table, self.index = rng, table, index
        self.limit = wanted if wanted is not None else rng.choice((1, 5, 10, 10, 40, None))
        self.filter = index.predicate or "true"
        self.filtered = rng.random() < 0.2
        if self.filtered:
            self.filter += f" AND note % 3 = {rng.randrange(3)}"
        self.relaxed = self.exact = self.thorough = False
        self.settings = self.choose_settings()

    def choose_settings(self):
        rng, method = self.rng, self.index.method
        memory = f"SET work_mem = '{rng.choice(('64kB', '256kB', '4MB'))}'; "
        if method == "hnsw":
            ef = rng.choice((1, 10, 40, 100, 100, 400))
            mode = rng.choice(("off", "off", "strict_order", "relaxed_order"))
            self.relaxed = mode == "relaxed_order"
            most = rng.choice((1, 100, 20000))
            # Dead rows count among the most tuples, too.
            self.thorough = ef >= 100 and not self.filtered and (mode == "off" or most > 100)
            return (memory + f"SET hnsw.ef_search = {ef}; SET hnsw.iterative_scan = {mode}; "
                    f"SET hnsw.max_scan_tuples = {most}; "
                    f"SET hnsw.scan_mem_multiplier = {rng.choice((1, 2))};")
        if method == "ivfflat":
            probes = rng.choice((1, 2, 10, 32768))
            mode = rng.choice(("off", "off", "relaxed_order"))
            self.relaxed = mode == "relaxed_order"
            self.exact = probes == 32768
            return memory + f"SET ivfflat.probes = {probes}; SET ivfflat.iterative_scan = {mode};"
        self.exact = True
        return memory

    def text(self, literal, limit=True):
        tail = f" LIMIT {self.limit}" if limit and self.limit is not None else ""
        distance = self.index.distance(literal)
        return (f"SELECT id, {distance} FROM {self.table.name} WHERE {self.filter} "
                f"ORDER BY {distance}{tail}")


def query_value(client, rng, table, index):
    """A literal to ask for: some row's value, near it, or a new one; of the indexed type."""
    rows = client.model[table.name]
    text = None
    if rows and rng.random() < 0.6:
        text = rows[rng.choice(sorted(rows))][1]
    if text is None:
        text = table.text(table.value(rng))
    if text is None:
        text = table.text([0] * table.dims if table.type != "sparsevec" else {})
    if table.kind == "expression" and index.expression != "val":
        literal = f"{quote(text)}::{table.type}({table.dims})"
        return "(" + index.expression.replace("val", literal) + ")"
    return f"{quote(text)}::{index.type}"


def check_answer(question, answer, truth, recall=None):
    """`truth` has all rows that the query's condition takes, answer what the index gave."""
    index = question.index
    exact = dict(truth)
    where = f"{index.name} ({index.method}, {question.settings})"
    if len({i for i, _ in answer}) != len(answer):
        raise Broken(f"{where}: a row came twice")
    for i, distance in answer:
        if i not in exact:
            raise Broken(f"{where}: row {i} came, which is not there")
        if not same(exact[i], distance):
            raise Broken(f"{where}: row {i} at {distance}, not {exact[i]}")
    got = [order(distance) for _, distance in answer]
    if not question.relaxed and got != sorted(got):
        raise Broken(f"{where}: not in order: {[d for _, d in answer]}")
    if question.limit is not None and len(answer) > question.limit:
        raise Broken(f"{where}: more rows than LIMIT")
    best = sorted(order(distance) for _, distance in truth)
    if index.method != "flat":
        best = [key for key in best if key[0] == 0]   # no NULL, and no vector without direction
    best = best[:question.limit]
    if question.exact and not question.relaxed:
        if index.method == "ivfflat":
            got = [key for key in got if key[0] == 0]
        if got != best:
            raise Broken(f"{where}: not the nearest rows: {len(got)} rows {got[:12]}, "
                         f"the truth has {len(best)}: {best[:12]}")
    elif recall is not None and question.thorough and question.limit and best:
        found = sum(1 for key in got if key <= best[-1])
        recall.append((min(found, len(best)), len(best)))


def ask(client, question, literal, recall=None):
    """Asks the index in one of many ways, compares with the truth."""
    rng = question.rng
    way = rng.choice(("plain", "plain", "cursor", "prepared", "lateral", "parallel", "changes"))
    if way == "cursor" and question.limit is None and rng.random() < 0.5:
        way = "plain"
    alone = not client.in_transaction
    if alone:
        client.begin("REPEATABLE READ")
    elif client.isolation == "READ COMMITTED" and client.shared:
        return  # two statements, two snapshots
    client.sql(NO_INDEX)
    truth = client.sql(question.text(literal, limit=False))
    client.sql(question.settings + INDEX_ONLY)
    if rng.random() < 0.2:
        plan = "\n".join(row[0] for row in client.sql("EXPLAIN " + question.text(literal)))
        if "Order By:" not in plan:
            raise Broken(f"the plan has no index scan:\n{plan}")
    {"plain": plain, "cursor": cursor, "prepared": prepared, "lateral": lateral,
     "parallel": parallel, "changes": changes}[way](client, question, literal, truth, recall)
    client.count(f"queries {question.index.method}")
    if alone:
        client.commit()


def plain(client, question, literal, truth, recall):
    check_answer(question, client.sql(question.text(literal)), truth, recall)


def cursor(client, question, literal, truth, recall):
    kind = question.rng.choice(("NO SCROLL", "SCROLL"))
    client.sql(f"CLOSE ALL; DECLARE near {kind} CURSOR FOR {question.text(literal)}")
    answer = []
    while True:
        rows = client.sql(f"FETCH {question.rng.choice((1, 3, 20))} FROM near")
        if not rows:
            break
        answer += rows
        if kind == "SCROLL" and question.rng.random() < 0.2:
            again = client.sql("FETCH BACKWARD 1 FROM near")
            client.sql("FETCH 1 FROM near")
            if again and again[0][0] not in [i for i, _ in answer]:
                raise Broken("a cursor went back to another row")
    client.sql("CLOSE near")
    check_answer(question, answer, truth, recall)


def prepared(client, question, literal, truth, recall):
    mode = question.rng.choice(("force_generic_plan", "force_custom_plan", "auto"))
    # One that was cut short by a timeout may have left its own.
    client.sql(f"SET plan_cache_mode = {mode}; DEALLOCATE ALL")
    client.sql(f"PREPARE near ({question.index.type.split('(')[0]}) AS {question.text('$1')}")
    for _ in range(2):
        answer = client.sql(f"EXECUTE near ({literal})")
        check_answer(question, answer, truth, recall)
    client.sql("DEALLOCATE near; RESET plan_cache_mode")


def lateral(client, question, literal, truth, recall):
    """The scan is started again for each of some values, the first and last being the same."""
    other = query_value(client, question.rng, question.table, question.index)
    distance = question.index.distance("q.v")
    limit = question.limit or 50
    rows = client.sql(
        f"SELECT q.n, r.id, r.d FROM (VALUES (1, {literal}), (2, {other}), (3, {literal})) q (n, v), "
        f"LATERAL (SELECT id, {distance} AS d FROM {question.table.name} "
        f"WHERE {question.filter} ORDER BY {distance} LIMIT {limit}) r")
    question.limit = limit
    for n in (1, 3):
        check_answer(question, [(i, d) for m, i, d in rows if m == n], truth, recall)


def parallel(client, question, literal, truth, recall):
    """The same order from sorting in workers: distance functions there, no index."""
    client.sql(NO_INDEX + "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; "
               "SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;")
    rows = client.sql(question.text(literal))
    client.sql("RESET max_parallel_workers_per_gather; RESET parallel_setup_cost; "
               "RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;")
    best = sorted(order(d) for _, d in truth)[:question.limit]
    if [order(d) for _, d in rows] != best:
        raise Broken("a parallel plan gives another order")


def changes(client, question, literal, truth, recall):
    """The rows a cursor has yet to give are changed meanwhile: it gives them as they were."""
    rng, name = question.rng, question.table.name
    rows = sorted(client.model[name])
    if not rows:
        return plain(client, question, literal, truth, recall)
    client.sql(f"CLOSE ALL; DECLARE near NO SCROLL CURSOR FOR {question.text(literal)}")
    answer = client.sql("FETCH 2 FROM near")
    client.savepoint()
    ids = rng.sample(rows, min(len(rows), 5))
    client.update(name, ids[:2])
    client.update(name, ids[2:3], [question.table.value(rng)])
    client.delete(name, ids[3:])
    client.insert(name, [question.table.value(rng) for _ in range(4)], [0, 1, 2, 3])
    answer += client.sql("FETCH ALL FROM near")
    client.sql("CLOSE near")
    check_answer(question, answer, truth)
    if rng.random() < 0.5:
        client.rollback_to()
    else:
        client.release()


# ---- everything that is there ------------------------------------------------------------------

def check_table(client, table):
    """The table has what the model says."""
    client.sql(NO_INDEX)
    rows = client.sql(f"SELECT id, note, val::text FROM {table.name} WHERE id >= {client.first_id} "
                      f"AND id < {client.last_id}")
    there = {i: (note, text) for i, note, text in rows}
    if there != client.model[table.name]:
        model = client.model[table.name]
        raise Broken(f"{table.name}: {len(there)} rows, {len(model)} expected; lost "
                     f"{sorted(model.keys() - there.keys())[:9]}, too many "
                     f"{sorted(there.keys() - model.keys())[:9]}, changed "
                     f"{[i for i in model if i in there and model[i] != there[i]][:9]}")


def check_index(client, table, index):
    """A scan of the whole index gives every row that has a place in it, once."""
    literal = f"{quote(table.text([1] * table.dims if table.type != 'sparsevec' else {0: 1.0}))}"
    literal = f"{literal}::{table.type}({table.dims})"
    if index.expression != "val":
        literal = "(" + index.expression.replace("val", literal) + ")"
    distance = index.distance(literal)
    text = (f"SELECT id, {distance} FROM {table.name} WHERE {index.predicate or 'true'} "
            f"ORDER BY {distance}")
    client.sql(NO_INDEX)
    truth = dict(client.sql(text))
    client.sql("SET work_mem = '64MB';" + ALL_ROWS[index.method] + INDEX_ONLY)
    rows = client.sql(text)
    client.sql("SET work_mem = '4MB';")
    there = dict(rows)
    if len(there) != len(rows):
        raise Broken(f"{index.name}: {len(rows) - len(there)} rows came twice")
    wanted = set(truth)
    if index.method != "flat":
        wanted = {i for i, d in truth.items() if order(d)[0] == 0}
    if index.metric == "cosine" and index.method != "flat":
        there = {i: d for i, d in there.items() if order(d)[0] == 0}
    missing = wanted - there.keys()
    if missing or there.keys() - truth.keys():
        raise Broken(f"{index.name}: {len(there)} rows come, {len(wanted)} should; missing "
                     f"{sorted(missing)[:9]}, too many {sorted(there.keys() - truth.keys())[:9]}")
    client.count("whole indexes compared")


def check_structure(client, table):
    """hnsw_check() of all indexes of the table.

    A vacuum that was interrupted leaves nodes whose parent in the tree is dying, an insert that was
    killed one that nobody knows.  The next vacuum makes up for both, unless the disk is too full
    for it: then nothing can be said.
    """
    if table.cut_short:
        try:
            client.sql(f"VACUUM (INDEX_CLEANUP ON) {table.name}", FULL)
        except Expected:
            return
        table.cut_short = False
    names = client.sql(
        "SELECT i.oid::regclass::text FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid "
        "JOIN pg_am a ON a.oid = i.relam WHERE a.amname = 'hnsw' AND i.relkind = 'i' "
        f"AND x.indisvalid AND x.indrelid IN (SELECT relid FROM pg_partition_tree('{table.name}') "
        f"UNION SELECT '{table.name}'::regclass)")
    for (name,) in names:
        problems = [row[0] for row in client.sql(f"SELECT * FROM hnsw_check('{name}')")]
        client.count("structure checks")
        if problems:
            raise Broken(f"hnsw_check('{name}'): {len(problems)}: {problems[:9]}")
