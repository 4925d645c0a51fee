"""The workload's command line; test/soak/run prepares a server's programs and calls it."""

import argparse
import os
import pathlib
import sys
import time
import traceback

import modes
import recovery
from modes import Run
from server import Server

MODES = {"plain": modes.plain, "concurrent": modes.concurrent, "crash": modes.crash,
         "standby": recovery.standby, "pitr": recovery.pitr, "records": recovery.records}


def arguments():
    parser = argparse.ArgumentParser(prog="test/soak/run")
    parser.add_argument("--mode", choices=[*MODES, "all"], default="plain")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--epoch", type=int, default=0, help="of the seed, to begin with")
    parser.add_argument("--steps", type=int, default=200, help="of an epoch (plain)")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--crashes", type=int, default=8, help="of the same tables (crash)")
    parser.add_argument("--places", type=int, default=12, help="WAL records of an epoch (records)")
    parser.add_argument("--no-timing", action="store_true", help="no timeouts, no cancel requests")
    parser.add_argument("--small-disk", default="", help="directory of a small file system")
    parser.add_argument("--bin-dir", required=True)
    parser.add_argument("--directory", required=True)
    return parser.parse_args()


class LoggedRun(Run):
    def __init__(self, *args):
        super().__init__(*args)
        self.own = self.log()
        self.small_disk = ""

    def log(self):
        self.logs.append([])
        del self.logs[1:-40]
        return self.logs[-1]

    def note(self, text):
        self.own.append(text)


def one_mode(options, mode, seconds):
    directory = pathlib.Path(options.directory) / mode
    directory.mkdir()
    options.seconds = seconds
    run = LoggedRun(options, directory, options.bin_dir, Server)
    started = time.monotonic()
    try:
        server = run.server = Server(options.bin_dir, directory / "node0", 65100)
        server.start()
        with server.connect() as conn:
            conn.execute("CREATE EXTENSION vector")
            if options.small_disk and mode == "plain":
                conn.execute(f"CREATE TABLESPACE small LOCATION '{options.small_disk}'")
                run.small_disk = options.small_disk
        run.end = time.monotonic() + seconds
        MODES[mode](run, server)
        run.server.stop()
        run.no_alarms(run.server)
    except BaseException as error:
        print(f"FAILED: {mode}, seed {options.seed}, epoch {run.epoch}: {error}")
        traceback.print_exc()
        keep = pathlib.Path(options.directory) / "failure.log"
        with open(keep, "w") as file:
            for log in run.logs:
                file.write("\n".join(log) + "\n\n")
            file.write(run.server.log_tail(400))
        for server in Server.started:
            server.stop("immediate")
        print(f"statements of all clients and the server's log: {keep}")
        print(f"again: test/soak/run --mode {mode} --seed {options.seed} --epoch {run.epoch}")
        os._exit(1)
    counts = ", ".join(f"{number} {name}" for name, number in sorted(run.counts.items()))
    errors = ", ".join(f"{code} {number}" for code, number in sorted(run.errors.items()))
    print(f"{mode}: seed {options.seed}, {time.monotonic() - started:.0f} s: {counts}; "
          f"errors as expected: {errors or 'none'}")
    sys.stdout.flush()


def main():
    options = arguments()
    modes = list(MODES) if options.mode == "all" else [options.mode]
    for mode in modes:
        one_mode(options, mode, options.seconds if len(modes) == 1 else options.seconds / len(modes))


main()
