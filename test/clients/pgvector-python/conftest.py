"""What pgvector-python's own tests import, and the server that they are to use.

They are its source distribution's, unchanged, run as a package beside this file.  They know the
server by libpq's environment, all but pg8000, which does not read it.
"""

import os

import numpy  # noqa: F401
import pg8000.core

connect = pg8000.core.CoreConnection.__init__


def connect_there(self, *args, **kwargs):
    connect(self, *args, **kwargs | {"port": int(os.environ["PGPORT"]), "password": os.environ["PGPASSWORD"]})


pg8000.core.CoreConnection.__init__ = connect_there
