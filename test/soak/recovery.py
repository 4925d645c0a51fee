"""Modes with a second server: standbys, and recovery to a point in time or a WAL record."""

import os
import random
import re
import shutil
import subprocess
import time

import psycopg

from modes import Crew, LASTING, settle, wait
from queries import (INDEX_ONLY, Question, check_index, check_structure, check_table, query_value)
from session import Broken, Client
from workload import Worker

# ---- standbys --------------------------------------------------------------------------------------

def standby(run, server):
    """A standby replays the workload, with every page compared; answers as its primary does; is
    promoted; goes on as the primary of the next one."""
    server.stop()
    server.configure("wal_consistency_checking = all\nmax_wal_senders = 4\nhot_standby = on\n")
    server.start()
    primary, number = server, 0
    models, tables = None, None
    while not run.over():
        rng = random.Random(run.seed())
        if tables is None or number % 4 == 0:
            if tables:
                with primary.connect() as conn:
                    run.drop(conn, tables)
            tables, models = run.tables(rng, LASTING, primary), None
        number += 1
        follower = primary.backup(run.directory / f"node{number}", primary.port + 1)
        follower.follow(primary)
        follower.start()
        crew = Crew(run, primary, tables, run.options.clients, models)
        crew.start()
        wait(run, crew, rng.uniform(0.5, 3))
        crew.stop()
        if crew.lost_ones():
            raise Broken(f"connections were lost: {crew.lost_ones()[0].gone}")
        catch_up(primary, follower)
        compare_answers(run, rng, primary, follower, tables)
        if rng.random() < 0.5:
            primary.stop("immediate")
        follower.tool("pg_ctl", "-D", follower.data, "-w", "promote")
        run.count("promotions")
        run.no_alarms(primary)
        primary.remove()
        primary = follower
        run.server = primary
        for worker in crew.workers:
            worker.server = primary
        settle(run, primary, tables, crew, crashed=False)
        models = [(w.model, w.next_id) for w in crew.workers]
        run.epoch += 1


def catch_up(primary, follower):
    with primary.connect() as conn:
        # Records of what was rolled back wait in memory until somebody commits.
        conn.execute("SELECT pg_logical_emit_message(true, 'soak', 'all of it')")
        target = conn.execute("SELECT pg_current_wal_lsn()").fetchone()[0]
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            with follower.connect() as conn:
                if conn.execute(f"SELECT pg_last_wal_replay_lsn() >= '{target}'").fetchone()[0]:
                    return
        except psycopg.OperationalError:
            if not follower.is_running():
                break
        time.sleep(0.05)
    raise Broken(f"the standby does not catch up:\n{follower.log_tail()}")


def compare_answers(run, rng, primary, follower, tables):
    """The same pages give the same answers."""
    here = Client(primary, tables, log=run.log(), name="here")
    there = Client(follower, tables, log=run.log(), name="there")
    here.connect()
    there.connect()
    for table in tables:
        for index in table.indexes:
            for _ in range(4):
                question = Question(rng, table, index)
                literal = query_value(here, rng, table, index)
                text = question.text(literal)
                answers = []
                for client in (here, there):
                    client.sql(question.settings + INDEX_ONLY)
                    answers.append(client.sql(text))
                if answers[0] != answers[1] and str(answers[0]) != str(answers[1]):
                    raise Broken(f"{index.name}: the standby answers {answers[1][:5]}, "
                                 f"the primary {answers[0][:5]}: {text[:300]}")
                run.count("answers compared with a standby's")
    for client in (here, there):
        run.gather(client)
        client.close()


# ---- recovery to a point in time -------------------------------------------------------------------

def wait_for(path):
    end = time.monotonic() + 60
    while not path.exists():
        if time.monotonic() > end:
            raise RuntimeError(f"{path} has not been archived")
        time.sleep(0.01)


def pitr(run, server):
    archive = run.directory / "archive"
    archive.mkdir()
    server.stop()
    # What is half copied has no name that a recovery asks for.
    server.configure("archive_mode = on\n"
                     f"archive_command = 'cp %p {archive}/part && mv {archive}/part {archive}/%f'\n"
                     "max_wal_senders = 4\n")
    server.start()
    while not run.over():
        rng = random.Random(run.seed())
        tables = run.tables(rng, LASTING, server)
        worker = Worker(server, tables, run.seed(), timing=False, ids=2_000_000_000, log=run.log())
        worker.connect()
        for _ in range(rng.randrange(0, 40)):
            worker.step()
        if worker.in_transaction:
            worker.commit()
        base = server.backup(run.directory / "base", server.port + 1)
        points = []
        for n in range(3):
            for _ in range(rng.randrange(10, 40)):
                worker.step()
            if worker.in_transaction:
                worker.rollback()
            name = f"point{run.epoch}_{n}"
            last = worker.sql(f"SELECT pg_walfile_name(pg_create_restore_point('{name}'))")[0][0]
            points.append((name, {t: dict(rows) for t, rows in worker.model.items()},
                           [[i.options for i in t.indexes] for t in tables]))
        worker.sql("SELECT pg_switch_wal()")
        run.gather(worker)
        wait_for(archive / last)
        for name, model, _ in points:
            copy = run.directory / "restored"
            shutil.rmtree(copy, ignore_errors=True)
            subprocess.run(["cp", "-a", base.data, copy], check=True)
            restored = type(server)(run.bin_dir, copy, server.port + 2, source=server)
            restored.configure(f"restore_command = 'cp {archive}/%f %p'\narchive_mode = off\n"
                               f"recovery_target_name = '{name}'\n"
                               "recovery_target_action = promote\nrecovery_target_timeline = current\n")
            (copy / "recovery.signal").touch()
            restored.start()
            check = Client(restored, tables, ids=2_000_000_000, log=run.log(), name=name)
            check.connect()
            while check.sql("SELECT pg_is_in_recovery()")[0][0]:
                time.sleep(0.05)
            check.model = model
            for table in tables:
                check_table(check, table)
                for index in table.indexes:
                    check_index(check, table, index)
                check_structure(check, table)
            run.gather(check)
            check.close()
            run.no_alarms(restored)
            restored.remove()
            run.count("recoveries to a point in time")
        shutil.rmtree(base.data, ignore_errors=True)
        run.drop(worker.conn, tables)
        worker.close()
        run.no_alarms(server)
        for old in archive.iterdir():
            os.unlink(old)
        run.count("epochs")
        run.epoch += 1


def records(run, server):
    """Recovery ends at one WAL record after the other of inserts and vacuums: wherever a server
    stops, the index is sound, and stays so."""
    original, number = server.data, 0
    while not run.over():
        rng = random.Random(run.seed())
        tables = run.tables(rng, ("plain", "partial", "expression"), server)
        worker = Worker(server, tables, run.seed(), timing=False, ids=2_000_000_000, log=run.log())
        worker.connect()
        for table in tables:
            worker.insert(table.name, worker.values(rng, table, 80), [n % 4 for n in range(80)])
        worker.close()
        server.stop()
        base = run.directory / "base"
        shutil.rmtree(base, ignore_errors=True)
        subprocess.run(["cp", "-a", original, base], check=True)
        server.start()
        worker.connect()
        with server.connect() as conn:
            first = conn.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
        for _ in range(3):
            for table in tables:
                ids = sorted(worker.model[table.name])
                worker.delete(table.name, rng.sample(ids, len(ids) // 2))
                worker.sql(f"VACUUM (INDEX_CLEANUP ON) {table.name}")
                worker.insert(table.name, worker.values(rng, table, 20), [n % 4 for n in range(20)])
        last = worker.sql("SELECT pg_current_wal_flush_lsn()")[0][0]
        worker.sql("SELECT pg_switch_wal()")
        run.gather(worker)
        places = generic_records(server, first, last)
        for place in sorted(rng.sample(places, min(len(places), run.options.places))):
            number += 1
            copy = run.directory / "restored"
            shutil.rmtree(copy, ignore_errors=True)
            subprocess.run(["cp", "-a", base, copy], check=True)
            restored = type(server)(run.bin_dir, copy, server.port + 2, source=server)
            restored.configure(f"restore_command = 'cp {original}/pg_wal/%f %p'\n"
                               f"recovery_target_lsn = '{place}'\n"
                               "recovery_target_action = promote\nrecovery_target_timeline = current\n")
            (copy / "recovery.signal").touch()
            run.note(f"recovers to {place}")
            restored.start()
            go_on(run, restored, tables, f"{run.seed()}:{place}")
            run.no_alarms(restored)
            restored.remove()
            run.count("recoveries to a WAL record")
            if run.over():
                break
        run.drop(worker.conn, tables)
        worker.close()
        run.no_alarms(server)
        run.count("epochs")
        run.epoch += 1


def generic_records(server, first, last):
    out = server.tool("pg_waldump", "-p", server.data / "pg_wal", "-s", first, "-e", last).stdout
    return [m.group(1) for m in re.finditer(r"rmgr: Generic .*?lsn: ([0-9A-F]+/[0-9A-F]+),", out)]


def go_on(run, server, tables, seed):
    """Takes the rows as they are, checks, works on, checks again."""
    worker = Worker(server, tables, seed, timing=False, ids=2_000_000_000, log=run.log(),
                    name="after")
    worker.connect()
    while worker.sql("SELECT pg_is_in_recovery()")[0][0]:
        time.sleep(0.05)
    for table in tables:
        rows = worker.sql(f"SELECT id, note, val::text FROM {table.name}")
        worker.model[table.name] = {i: (note, text) for i, note, text in rows}
        worker.next_id = max([worker.next_id, *(i + 1000 for i, _, _ in rows)])
    if random.Random(f"{seed}:before").random() < 0.5:
        for table in tables:   # before the vacuum that makes up for one that was cut short
            worker.insert(table.name, worker.values(random.Random(seed), table, 40), [0] * 40)
    for _ in range(2):
        for table in tables:
            table.cut_short = True
            for index in table.indexes:
                check_index(worker, table, index)
            check_structure(worker, table)
        for _ in range(30):
            worker.step()
        if worker.in_transaction:
            worker.commit()
        for table in tables:   # as many inserts as reuse what vacuum gave back
            worker.insert(table.name, worker.values(random.Random(seed), table, 40), [0] * 40)
    for table in tables:
        worker.do_check(None, table)
    run.gather(worker)
    worker.close()
