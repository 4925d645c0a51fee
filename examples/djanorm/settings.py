import os

DATABASES = {
    "default": {
        "ENGINE": "postgresql",
        "NAME": os.environ["PGDATABASE"],
        "USER": os.environ["PGUSER"],
        "HOST": os.environ["PGHOST"],
        "PORT": int(os.environ["PGPORT"]),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
    }
}
INSTALLED_APPS = ["library"]
