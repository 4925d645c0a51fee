"""What clients do.  Each step is chosen and filled in by a generator of its own, made from the seed
and the step's number, so that a step is the same whatever became of those before it."""

import random

from queries import ask, check_index, check_structure, check_table, query_value, Question
from session import Broken, Client, Expected, FULL, TIMEOUT
from tables import options_of

BUSY = {"55006", "55P03", "40P01"}   # in use; locked; deadlock
NO_MEMORY = {"53200", "54000"}


class Worker(Client):
    """A client that does random steps.  `alone` ones own the tables and may do everything."""

    def __init__(self, server, tables, seed, alone=True, timing=True, **rest):
        super().__init__(server, tables, **rest)
        self.seed, self.alone, self.timing = seed, alone, timing
        self.shared = not alone
        self.admin = alone or self.first_id == 0
        self.stays = False       # does not connect anew
        self.steps = 0
        self.recall = {}         # index name -> [(found, of)]
        self.full = set()        # errors that a small disk may give

    def step(self):
        rng = random.Random(f"{self.seed}:{self.steps}")
        self.steps += 1
        table = self.tables[rng.choice(sorted(self.tables))]
        self.full = FULL if table.place else set()
        names = WEIGHTS_ALONE if self.alone else WEIGHTS_SHARED
        what = rng.choices(list(names), list(names.values()))[0]
        if self.in_transaction and what in OUTSIDE:
            what = rng.choice(("commit", "commit", "rollback"))
        self.note(f"-- step {self.steps - 1}: {what} {table.name}")
        try:
            getattr(self, "do_" + what)(rng, table)
            self.count("steps")
        except Expected:
            table.cut_short = True
            self.count("steps refused")
            if self.in_transaction and rng.random() < 0.3:
                self.rollback()

    # ---- rows ---------------------------------------------------------------------------------

    def some_ids(self, rng, table, most=12):
        ids = sorted(self.model[table.name])
        return rng.sample(ids, min(len(ids), rng.randrange(1, most))) if ids else []

    def values(self, rng, table, count):
        """New values, and copies of those that are there: HNSW keeps equal ones in one node."""
        values = [table.value(rng) for _ in range(count)]
        if count > 1 and rng.random() < 0.3:
            values = [rng.choice(values) for _ in values]
        return values

    def do_insert(self, rng, table):
        count = rng.choice((1, 1, 3, 10, 30))
        if len(self.model[table.name]) > 1500:
            return self.do_delete(rng, table)
        self.insert(table.name, self.values(rng, table, count),
                    [rng.randrange(6) for _ in range(count)], self.full,
                    by=rng.choice(("VALUES", "SELECT")))

    def do_fill(self, rng, table):
        if len(self.model[table.name]) > 600:
            return
        count = rng.choice((100, 200, 300))
        self.insert(table.name, self.values(rng, table, count),
                    [rng.randrange(6) for _ in range(count)], self.full)

    def do_update_note(self, rng, table):
        ids = self.some_ids(rng, table)
        if ids:
            self.update(table.name, ids, allowed=self.full)

    def do_update_value(self, rng, table):
        ids = self.some_ids(rng, table)
        if ids:
            self.update(table.name, ids, [table.value(rng)], allowed=self.full)

    def do_delete(self, rng, table):
        ids = self.some_ids(rng, table, rng.choice((3, 12, 60, 400)))
        if ids:
            self.delete(table.name, ids, allowed=self.full)

    def do_truncate(self, rng, table):
        self.truncate(table.name)

    # ---- transactions -------------------------------------------------------------------------

    def do_begin(self, rng, table):
        if self.in_transaction:
            return self.do_savepoint(rng, table)
        self.begin(rng.choice(("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")))

    def do_savepoint(self, rng, table):
        if not self.in_transaction:
            return self.do_begin(rng, table)
        if len(self.stack) < 5:
            self.savepoint()

    def do_back(self, rng, table):
        if len(self.stack) > 1:
            self.rollback_to() if rng.random() < 0.6 else self.release()

    def do_commit(self, rng, table):
        if self.in_transaction:
            self.commit()

    def do_rollback(self, rng, table):
        if self.in_transaction:
            self.rollback()

    # ---- questions ----------------------------------------------------------------------------

    def do_query(self, rng, table):
        index = rng.choice(table.indexes)
        judged = table.style in ("uniform", "grid") and index.has_floor()
        ask(self, Question(rng, table, index), query_value(self, rng, table, index),
            self.recall.setdefault(index.name, []) if judged else None)

    def do_check(self, rng, table):
        if self.shared:
            return check_table(self, table)
        check_table(self, table)
        for index in table.indexes:
            check_index(self, table, index)
        if not self.in_transaction or not table.cut_short:
            check_structure(self, table)

    # ---- maintenance --------------------------------------------------------------------------

    def do_vacuum(self, rng, table):
        if rng.random() < 0.5:
            self.sql(f"SET maintenance_work_mem = '{rng.choice(('1MB', '64MB'))}'")
        options = rng.choice(("", "(INDEX_CLEANUP ON)", "(INDEX_CLEANUP ON, PARALLEL 2)",
                              "(FREEZE, INDEX_CLEANUP ON)", "(ANALYZE)", "(FULL)"))
        if options == "(FULL)" and self.shared:
            options = ""
        if "FREEZE" in options and self.shared:
            # It waits until nobody has a page of the table pinned.  One whose cursor has may wait for
            # a lock behind a REINDEX of a partitioned index, and that for the vacuum's lock on the
            # index: a circle that PostgreSQL does not see.
            options = "(INDEX_CLEANUP ON)"
        # What builds the indexes anew needs the memory for it.
        allowed = self.full | NO_MEMORY if options == "(FULL)" else self.full
        self.maintain(f"VACUUM {options} {table.name}", allowed)

    def do_reindex(self, rng, table):
        if not self.admin:   # two at once would take one another's leavings away
            return
        self.sql(f"SET maintenance_work_mem = '{rng.choice(('1MB', '2MB', '64MB'))}'; "
                 f"SET max_parallel_maintenance_workers = {rng.choice((0, 2))}; "
                 f"SET min_parallel_table_scan_size = {rng.choice((0, 1000))}")
        index = rng.choice(table.indexes)
        concurrently = rng.random() < 0.5 and table.kind != "temporary"
        self.maintain("REINDEX INDEX " + ("CONCURRENTLY " if concurrently else "") + index.name,
                      self.full | NO_MEMORY)
        self.drop_invalid(table)

    def drop_invalid(self, table):
        """What a REINDEX CONCURRENTLY that failed has left."""
        for (name,) in self.sql(
                "SELECT i.oid::regclass::text FROM pg_class i JOIN pg_index x ON x.indexrelid = i.oid "
                "JOIN pg_class t ON t.oid = x.indrelid WHERE NOT x.indisvalid "
                f"AND t.relname LIKE '{table.name}%' AND i.relname ~ '_ccnew|_ccold'"):
            self.maintain(f"DROP INDEX {name}")

    def do_recreate(self, rng, table):
        """Another index in place of one, with other options.  In a transaction it may come back."""
        index = rng.choice(table.indexes)
        before = index.options
        alone = not self.in_transaction
        if alone:
            self.begin()
        self.savepoint()
        self.sql(f"DROP INDEX {index.name}")
        index.options = options_of(rng, index.method)
        try:
            self.sql(index.create(table.name), self.full | NO_MEMORY)
        except Expected:
            index.options = before
            self.rollback() if alone else self.rollback_to()
            raise
        if rng.random() < 0.4:
            self.rollback_to()
            index.options = before
        else:
            self.release()
            if not alone:
                self.commit()   # or a later rollback would bring back the old options
        if alone:
            self.commit()

    def do_checkpoint(self, rng, table):
        self.maintain("CHECKPOINT")

    def do_reconnect(self, rng, table):
        if not self.stays and not any(t.kind == "temporary" for t in self.tables.values()):
            self.connect()

    # ---- what must be refused -----------------------------------------------------------------

    def do_refused(self, rng, table):
        """Values that the column or the index does not take."""
        wrong = {
            "vector": ("[1,2,3,4,5,6,7]", "[NaN]", "[]", "[1e40]", "x"),
            "halfvec": ("[1,2,3,4,5,6,7]", "[NaN]", "[]", "[1e6]", "x"),
            "bit": ("0101010", "2", "x"),
            "sparsevec": ("{1:1}/7", "{0:1}/5", "{}/0", "{1:NaN}/5", "x"),
        }[table.type]
        name = f"INSERT INTO {table.name} VALUES ({self.next_id}, 0, '{rng.choice(wrong)}')"
        try:
            self.sql(name, allowed={"22000", "22P02", "22003", "22026", "54000", "22023"})
            raise Broken(f"not refused: {name}")
        except Expected:
            pass
        rows = self.model[table.name]   # as it is now: the error may have ended a transaction
        if rows and not self.in_transaction:
            try:
                self.sql(f"INSERT INTO {table.name} VALUES ({rng.choice(sorted(rows))}, 0, NULL)",
                         allowed={"23505"})
                raise Broken("a duplicate key was taken")
            except Expected:
                pass

    # ---- interruptions ------------------------------------------------------------------------

    def interrupted(self, rng, work):
        """work(), cut short by a timeout or a cancel request, or not."""
        if not self.timing:
            return work()
        self.hasty = True
        try:
            if rng.random() < 0.5 and not self.in_transaction:
                result = self.canceled_after(rng.uniform(0, 0.03), work)
            else:
                self.sql(f"SET statement_timeout = '{rng.randrange(1, 25)}ms'")
                result = work()
        except Expected:
            self.be_patient()
            raise
        self.be_patient()
        return result

    def be_patient(self):
        while True:
            try:
                self.sql("SET statement_timeout = '60s'")
                self.sql("SELECT 1")  # one that the old timeout may still hit
                break
            except Expected:
                continue
        self.hasty = False

    def do_cut_short(self, rng, table):
        work = rng.choice(("do_insert", "do_fill", "do_update_value", "do_delete", "do_vacuum",
                           "do_vacuum", "do_reindex", "do_recreate" if self.alone else "do_vacuum"))
        if self.in_transaction and work[3:] in OUTSIDE or work == "do_reindex" and not self.admin:
            return
        self.note(f"cut short: {work}")
        try:
            self.interrupted(rng, lambda: getattr(self, work)(rng, table))
        except Expected:
            if work == "do_reindex":
                self.drop_invalid(table)
            raise


OUTSIDE = {"vacuum", "reindex", "checkpoint", "reconnect"}
WEIGHTS_ALONE = {
    "insert": 14, "fill": 2, "update_note": 5, "update_value": 5, "delete": 7, "truncate": 0.3,
    "begin": 3, "savepoint": 4, "back": 4, "commit": 5, "rollback": 1.5,
    "query": 24, "check": 2, "vacuum": 5, "reindex": 1.5, "recreate": 1, "checkpoint": 0.3,
    "reconnect": 0.7, "refused": 1, "cut_short": 3,
}
WEIGHTS_SHARED = {
    "insert": 14, "fill": 1, "update_note": 5, "update_value": 5, "delete": 7,
    "begin": 2, "savepoint": 2, "back": 2, "commit": 5, "rollback": 1,
    "query": 20, "check": 1, "vacuum": 2, "reindex": 0.4, "checkpoint": 0.2,
    "reconnect": 0.3, "refused": 0.5, "cut_short": 2,
}
