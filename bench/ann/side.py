"""One of the two servers being compared: its connection, identity and tables."""

import os
import time

import numpy as np
import psycopg

OPERATOR = {"l2": "<->", "ip": "<#>", "cosine": "<=>"}
COMPONENT = {"vector": np.dtype(">f4"), "halfvec": np.dtype(">f2")}
RECOVERY_S = 60
PRINTED_SETTINGS = (
    "shared_buffers maintenance_work_mem work_mem max_parallel_maintenance_workers "
    "max_parallel_workers max_parallel_workers_per_gather jit fsync synchronous_commit "
    "full_page_writes wal_level max_wal_size autovacuum huge_pages effective_io_concurrency"
).split()


class Side:
    """A server that has the extension.  `server` is its Cluster where we manage it, else None."""

    def __init__(self, key, label, conninfo, server=None):
        self.key, self.label, self.conninfo, self.server = key, label, conninfo, server
        self.connection = None
        self.local = False  # whether its processes can be seen in /proc

    def connect(self, **settings):
        """A new connection in autocommit mode with the given settings."""
        connection = psycopg.connect(self.conninfo, autocommit=True)
        for name, value in settings.items():
            connection.execute(f"SET {name.replace('__', '.')} = '{value}'")
        return connection

    def open(self):
        """(Re)open the main connection and create the extension."""
        self.close()
        for _ in range(RECOVERY_S):  # a server that has crashed takes no connections for a while
            try:
                psycopg.connect(self.conninfo).close()
                break
            except psycopg.OperationalError:
                time.sleep(1)
        self.connection = self.connect(jit="off", client_min_messages="error")
        self.execute("CREATE EXTENSION IF NOT EXISTS vector")
        self.local = is_local(self)
        return self

    def close(self):
        if self.connection is not None and not self.connection.closed:
            self.connection.close()
        self.connection = None

    def execute(self, sql, parameters=None):
        return self.connection.execute(sql, parameters)

    def value(self, sql, parameters=None):
        """The first column of the first row."""
        return self.execute(sql, parameters).fetchone()[0]

    def set(self, name, value):
        self.execute(f"SET {name} = '{value}'")

    def describe(self):
        """Versions and settings, as the server states them."""
        show = lambda name: self.value("SELECT current_setting(%s, true)", [name])
        return {
            "label": self.label,
            "server": self.value("SELECT version()"),
            "extension": self.value("SELECT extversion FROM pg_extension WHERE extname = 'vector'"),
            "settings": {name: show(name) for name in PRINTED_SETTINGS},
            "environment": self.server.environment if self.server else {},
            "origin": self.server.origin if self.server else "connection string",
        }


def is_local(side):
    """Whether the server's processes can be looked at through /proc of this machine."""
    with side.connect() as connection:
        pid, address = connection.execute("SELECT pg_backend_pid(), inet_server_addr()").fetchone()
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                return address is None and file.read().startswith("postgres")
        except OSError:
            return False


def copy_rows(connection, table, columns, type_name, rows, others):
    """COPY `rows` (an array) in binary; `others` holds int4 columns that come before the vector."""
    component = COMPONENT[type_name]
    n, dimensions = rows.shape
    layout = [("fields", ">i2")]
    for i in range(len(others)):
        layout += [(f"bytes{i}", ">i4"), (f"other{i}", ">i4")]
    layout += [
        ("bytes", ">i4"),
        ("dimensions", ">i2"),
        ("unused", ">i2"),
        ("vector", component, (dimensions,)),
    ]
    command = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor().copy(command) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, n, 10_000):
            part = slice(start, min(start + 10_000, n))
            block = np.zeros(part.stop - part.start, np.dtype(layout))
            block["fields"] = len(others) + 1
            for i, values in enumerate(others):
                block[f"bytes{i}"] = 4
                block[f"other{i}"] = values[part]
            block["bytes"] = 4 + dimensions * component.itemsize
            block["dimensions"] = dimensions
            block["vector"] = rows[part]
            copy.write(block.tobytes())
        copy.write(b"\xff\xff")


def pin(side):
    """Keep the main connection's backend on the last CPU we may use; say whether that worked."""
    try:
        cpu = max(os.sched_getaffinity(0))
        os.sched_setaffinity(side.value("SELECT pg_backend_pid()"), {cpu})
        return True
    except OSError:
        return False
