"""The modes: what surrounds the workload, and what must be true afterwards."""

import pathlib
import random
import threading
import time

import psycopg

from queries import check_index, check_structure, check_table
from session import Broken, Client, Gone
from tables import KINDS, make_table
from workload import Worker

LASTING = ("plain", "partial", "expression", "partitioned")   # kinds that a standby has, too


class Run:
    """One run of a mode: its server, its counts, its log."""

    def __init__(self, options, directory, bin_dir, make_server):
        self.options, self.bin_dir, self.directory = options, bin_dir, pathlib.Path(directory)
        self.make_server = make_server
        self.counts, self.errors, self.recall = {}, {}, {}
        self.logs = []
        self.end = time.monotonic() + options.seconds
        self.epoch = options.epoch

    def over(self):
        """The time is, and one epoch at least."""
        return time.monotonic() > self.end and self.epoch > self.options.epoch

    def seed(self):
        return f"{self.options.seed}.{self.epoch}"

    def count(self, what, by=1):
        self.counts[what] = self.counts.get(what, 0) + by

    def gather(self, client):
        for name, number in client.counts.items():
            self.count(name, number)
        for code, number in client.errors.items():
            self.errors[code] = self.errors.get(code, 0) + number
        client.counts, client.errors = {}, {}
        for name, pairs in getattr(client, "recall", {}).items():
            self.judge(name, pairs)
        client.recall = {}

    def judge(self, name, pairs):
        """Recall of one index over what was asked with ef_search >= 100 or all lists.  Few questions
        say nothing."""
        found, wanted = sum(a for a, _ in pairs), sum(b for _, b in pairs)
        self.count("neighbours asked for with a floor", wanted)
        self.count("of these found", found)
        if len(pairs) >= 10 and wanted >= 100 and found < 0.75 * wanted:
            raise Broken(f"recall of {name}: {found} of {wanted}; found and wanted of each: {pairs}")

    def no_alarms(self, server):
        lines = server.alarms()
        if lines:
            raise Broken("the server's log says:\n" + "\n".join(lines[:9]))

    def tables(self, rng, kinds, server, methods=("hnsw", "ivfflat", "flat"), place=""):
        made = [make_table(rng, f"t{self.epoch}_{method}", method, kinds, place)
                for method in methods]
        with server.connect() as conn:
            for table in made:
                if table.kind != "temporary":
                    create_table(conn.execute, table)
        return made

    def drop(self, conn, tables):
        for table in tables:
            conn.execute(f"DROP TABLE IF EXISTS {table.name}")


def create_table(execute, table):
    execute("SET client_min_messages = error")
    for statement in table.create():
        execute(statement)
    for index in table.indexes:
        execute(index.create(table.name))


# ---- plain -----------------------------------------------------------------------------------------

def plain(run, server):
    """One session after the other; every fourth with its tables on a small disk."""
    while not run.over():
        rng = random.Random(run.seed())
        place = "small" if run.small_disk and rng.random() < 0.25 else ""
        kinds = ("plain", "partial", "expression", "unlogged") if place else KINDS
        tables = run.tables(rng, kinds, server, place=place)
        worker = Worker(server, tables, run.seed(), timing=not run.options.no_timing,
                        ids=2_000_000_000, log=run.log())
        worker.connect()
        for table in tables:
            if table.kind == "temporary":
                create_table(worker.conn.execute, table)
        for _ in range(run.options.steps):
            worker.step()
            if run.over():
                break
        if worker.in_transaction:
            worker.commit()
        for table in tables:
            worker.do_check(rng, table)
        run.gather(worker)
        run.drop(worker.conn, tables)
        worker.close()
        run.no_alarms(server)
        run.count("epochs")
        run.epoch += 1


# ---- several clients -------------------------------------------------------------------------------

class Crew:
    """Workers in threads, each with rows of its own."""

    def __init__(self, run, server, tables, size, models=None):
        self.workers = []
        self.failure = None
        self.stopping = False
        for n in range(size):
            worker = Worker(server, tables, f"{run.seed()}:{n}", alone=False,
                            timing=not run.options.no_timing, first_id=n * 100_000_000,
                            ids=100_000_000, name=f"soak{n}", log=run.log())
            if models:
                worker.model, worker.next_id = models[n]
            self.workers.append(worker)
        self.threads = [threading.Thread(target=self.work, args=(w,), daemon=True)
                        for w in self.workers]

    def start(self):
        for worker in self.workers:
            worker.connect()
        for thread in self.threads:
            thread.start()

    def work(self, worker):
        try:
            while not self.stopping:
                worker.step()
            if worker.in_transaction:
                worker.rollback()
        except (Gone, psycopg.OperationalError) as error:
            worker.lost()
            worker.gone = str(error)
        except BaseException as error:   # the main thread raises it
            self.failure = self.failure or error
            self.stopping = True

    def stop(self):
        self.stopping = True
        self.join()

    def join(self):
        for thread in self.threads:
            thread.join(120)
            if thread.is_alive():
                raise Broken("a client hangs")
        if self.failure:
            raise self.failure

    def lost_ones(self):
        return [w for w in self.workers if hasattr(w, "gone")]


def settle(run, server, tables, crew, crashed):
    """Nobody works: every table, index and structure, against all clients' models together."""
    conn_client = Client(server, tables, ids=2_000_000_000, log=run.log(), name="settle")
    conn_client.connect()
    for table in tables:
        if crashed and table.kind == "unlogged":
            for worker in crew.workers:
                worker.model[table.name].clear()
                if worker.maybe:
                    worker.maybe[table.name].clear()
    for worker in crew.workers:
        worker.conn = conn_client.conn
        try:
            for table in tables:
                check_table(worker, table)
        except Broken:
            # Killed within COMMIT: all of it is there, or nothing.
            if worker.maybe is None:
                raise
            worker.model = worker.maybe
            for table in tables:
                check_table(worker, table)
            run.count("commits found done after a crash")
        worker.conn = None
        worker.maybe = None
    for table in tables:
        table.cut_short = table.cut_short or crashed
        check_structure(conn_client, table)
        for index in table.indexes:
            check_index(conn_client, table, index)
    run.gather(conn_client)
    conn_client.close()
    for worker in crew.workers:
        run.gather(worker)
    run.no_alarms(server)


def concurrent(run, server):
    while not run.over():
        rng = random.Random(run.seed())
        tables = run.tables(rng, ("plain", "partial", "expression", "unlogged", "partitioned"), server)
        crew = Crew(run, server, tables, run.options.clients)
        crew.start()
        wait(run, crew, rng.uniform(4, 10))
        crew.stop()
        if crew.lost_ones():
            raise Broken(f"connections were lost: {crew.lost_ones()[0].gone}")
        settle(run, server, tables, crew, crashed=False)
        with server.connect() as conn:
            run.drop(conn, tables)
        run.count("epochs")
        run.epoch += 1


def wait(run, crew, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not crew.stopping:
        time.sleep(0.02)


# ---- crashes ---------------------------------------------------------------------------------------

def crash(run, server):
    """The same tables through some crashes; then others."""
    while not run.over():
        rng = random.Random(run.seed())
        tables = run.tables(rng, ("plain", "plain", "partial", "expression", "unlogged", "partitioned"),
                            server)
        models = None
        for _ in range(run.options.crashes):
            crew = Crew(run, server, tables, run.options.clients, models)
            for worker in crew.workers:
                worker.stays = True   # or it would not know that there was a crash
            crew.start()
            wait(run, crew, rng.uniform(0.2, 1.5))
            how = rng.choice(("one", "one", "all", "immediate"))
            run.note(f"crash: {how}")
            if how == "one":
                run.note(f"killed {server.kill_one(rng)}")
            elif how == "all":
                server.kill_everything()
            else:
                server.stop("immediate")
            wait(run, crew, 0.1)
            crew.stop()
            if how != "one":
                server.start()
            server.wait_until_up()
            crashed = bool(crew.lost_ones())
            settle(run, server, tables, crew, crashed)
            for worker in crew.workers:
                worker.next_id += 1000   # of ids that were taken by what was lost
            models = [(w.model, w.next_id) for w in crew.workers]
            run.count("crashes" if crashed else "crashes that met nobody")
            if run.over():
                break
        with server.connect() as conn:
            run.drop(conn, tables)
        run.count("epochs")
        run.epoch += 1
