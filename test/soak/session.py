"""A client of the workload: its connection, and the model of what its rows must be.

A Client owns the rows whose ids are in its range.  The model follows the client's transactions:
begin() and savepoints keep copies, an error takes back what PostgreSQL takes back.
"""

import threading

import psycopg

# Errors that any statement may meet where several clients work at once.
CONTENTION = {"40001", "40P01", "55P03"}
TIMEOUT = "57014"        # canceled: statement_timeout, or a cancel request
FULL = {"53100"}         # no space left on device
GONE = {"57P01", "57P02", "57P03", "08006", "08000", "08001", "08003"}


class Expected(Exception):
    """An error that the operation may meet.  The model is as the server has it."""


class Gone(Exception):
    """The connection is lost."""


class Broken(Exception):
    """What the server did is wrong."""


class Client:
    def __init__(self, server, tables, first_id=0, ids=1_000_000, name="soak", log=None):
        self.server, self.name = server, name
        self.tables = {table.name: table for table in tables}
        self.first_id, self.last_id = first_id, first_id + ids
        self.next_id = first_id
        self.model = {table.name: {} for table in tables}
        self.stack = []           # copies of the model: the transaction's first, then savepoints'
        self.maybe = None         # the model if a COMMIT that got no answer was done
        self.shared = False       # others change the tables, too
        self.hasty = False        # any statement may be canceled
        self.isolation = None     # of the transaction
        self.counts = {}
        self.errors = {}
        self.log = log if log is not None else []
        self.conn = None

    # ---- connection ---------------------------------------------------------------------------

    def connect(self):
        self.close()
        self.conn = self.server.connect(self.name)
        self.stack.clear()
        self.sql("SET statement_timeout = '60s'")

    def close(self):
        if self.conn is not None:
            self.conn.close()
            self.conn = None

    def note(self, text):
        self.log.append(f"{self.name}: {text}")
        if len(self.log) > 4000:
            del self.log[:2000]

    def count(self, what, by=1):
        self.counts[what] = self.counts.get(what, 0) + by

    def sql(self, text, allowed=()):
        """Runs a statement; rows if it gives any.  Errors not in `allowed` are Broken."""
        self.note(text if len(text) < 400 else text[:300] + f" … ({len(text)} bytes)")
        self.count("statements")
        try:
            cursor = self.conn.execute(text.replace("%", "%%"), ())
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            self.failed(error, allowed)

    def failed(self, error, allowed):
        code = error.sqlstate
        self.note(f"-> {code} {str(error).splitlines()[0] if str(error) else error!r}")
        if self.conn.closed or code in GONE or code is None:
            raise Gone(str(error)) from None
        self.count("errors")
        self.errors[code] = self.errors.get(code, 0) + 1
        if code in allowed or code in CONTENTION or (self.hasty and code == TIMEOUT):
            self.take_back()
            raise Expected(code) from None
        raise Broken(f"{code} {error}") from None

    def take_back(self):
        """After an error: to the last savepoint, or out of the transaction."""
        if not self.stack:
            return
        if len(self.stack) > 1:
            self.surely(f"ROLLBACK TO s{len(self.stack) - 1}")
            self.model = copy(self.stack[-1])
        else:
            self.surely("ROLLBACK")
            self.model = self.stack.pop()

    def surely(self, text):
        """Runs what takes something back, again and again if it is canceled."""
        self.note(text)
        while True:
            try:
                self.conn.execute(text)
                return
            except psycopg.errors.QueryCanceled:
                continue
            except psycopg.Error as error:
                self.failed(error, ())

    # ---- transactions -------------------------------------------------------------------------

    @property
    def in_transaction(self):
        return bool(self.stack)

    def begin(self, level="READ COMMITTED"):
        self.sql(f"BEGIN ISOLATION LEVEL {level}")
        self.isolation = level
        self.stack.append(copy(self.model))

    def savepoint(self):
        self.sql(f"SAVEPOINT s{len(self.stack)}")
        self.stack.append(copy(self.model))

    def release(self):
        self.stack.pop()
        self.sql(f"RELEASE s{len(self.stack)}")

    def rollback_to(self):
        self.model = self.stack.pop()
        self.surely(f"ROLLBACK TO s{len(self.stack)}")
        self.sql(f"RELEASE s{len(self.stack)}")

    def commit(self):
        self.maybe = self.model
        before = self.stack[0]
        self.stack.clear()
        try:
            self.sql("COMMIT")
        except Expected:
            # Canceled before it began, the transaction is still open, and aborted.
            self.model, self.maybe = before, None
            self.surely("ROLLBACK")
            raise
        except Gone:
            self.model = before
            raise
        self.maybe = None

    def rollback(self):
        self.model = self.stack[0]
        self.stack.clear()
        self.surely("ROLLBACK")

    def lost(self):
        """After Gone: the model is what was committed; self.maybe may be it instead."""
        if self.stack:
            self.model = self.stack[0]
            self.stack.clear()
        self.close()

    # ---- changes ------------------------------------------------------------------------------

    def write(self, apply, text, allowed=()):
        """A statement that changes rows; apply(rows) puts what it returned into the model."""
        alone = not self.in_transaction
        if alone:
            # A lost connection leaves open whether it was done: a COMMIT tells less ambiguously.
            self.begin()
        rows = self.sql(text, allowed)
        apply(rows)
        if alone:
            self.commit()
        return rows

    def insert(self, table, values, notes, allowed=(), by="VALUES"):
        spec = self.tables[table]
        new = []
        for value, note in zip(values, notes):
            new.append((self.next_id, note, spec.text(value)))
            self.next_id += 1
        literals = ", ".join(f"({i}, {note}, {quote(text)})" for i, note, text in new)
        if by == "SELECT":
            source = (f"SELECT id, note, val::{spec.type}({spec.dims}) FROM (VALUES {literals}) "
                      f"r (id, note, val)")
        else:
            source = f"VALUES {literals}"

        def apply(rows):
            for i, note, text in rows:
                self.model[table][i] = (note, text)
        self.write(apply, f"INSERT INTO {table} (id, note, val) {source} "
                          f"RETURNING id, note, val::text", allowed)
        self.count("rows inserted", len(new))

    def update(self, table, ids, value=None, allowed=()):
        """Without a value only the note changes."""
        spec = self.tables[table]
        change = "note = note + 1" if value is None else f"val = {quote(spec.text(value[0]))}"

        def apply(rows):
            for i, note, text in rows:
                self.model[table][i] = (note, text)
        self.write(apply, f"UPDATE {table} SET {change} WHERE id = ANY ('{array(ids)}') "
                          f"RETURNING id, note, val::text", allowed)
        self.count("rows updated", len(ids))

    def delete(self, table, ids, allowed=()):
        def apply(rows):
            for (i,) in rows:
                del self.model[table][i]
        self.write(apply, f"DELETE FROM {table} WHERE id = ANY ('{array(ids)}') RETURNING id",
                   allowed)
        self.count("rows deleted", len(ids))

    def truncate(self, table):
        self.write(lambda rows: self.model[table].clear(), f"TRUNCATE {table}")

    def maintain(self, text, allowed=()):
        """VACUUM, REINDEX and the like, on their own."""
        assert not self.in_transaction
        self.sql(text, allowed)
        self.count(" ".join(text.split()[:1]).lower())

    def canceled_after(self, seconds, work):
        """Runs work() and asks the server to cancel it after some time."""
        conn = self.conn

        def cancel():
            try:
                if not conn.closed:
                    conn.cancel()
            except psycopg.OperationalError:
                pass   # the server has been killed

        timer = threading.Timer(seconds, cancel)
        timer.start()
        try:
            return work()
        finally:
            timer.cancel()
            timer.join()
            if not self.in_transaction and not conn.closed:
                # The request may arrive only now.
                try:
                    self.sql("SELECT pg_sleep(0.002)", allowed=(TIMEOUT,))
                except Expected:
                    pass


def copy(model):
    return {table: dict(rows) for table, rows in model.items()}


def quote(text):
    return "NULL" if text is None else f"'{text}'"


def array(ids):
    return "{%s}" % ",".join(map(str, ids))
