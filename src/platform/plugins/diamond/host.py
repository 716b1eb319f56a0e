# Runs one of Diamond's handlers, in a process of its own: it gets batches, and what it raises is told of.

import json
import logging
import os
import sys
import threading

from _diamond import config, guard, run, stream
from _diamond.files import Library
from _diamond.handler import Handler
from _diamond.metric import Metric
from _diamond.modules import make_modules
from _diamond.stream import AgentLog, diamonds_log, native, say
from _diamond.user import become

# Metrics of a batch: a handler that is slow gets on by as many, whatever its deadline.
LARGEST = 500
# Failures before any success until the backend is taken for away: each may have waited for it.
PATIENCE = 3


class Undelivered(Exception):
    pass


class Refused(Exception):
    def __init__(self, message, places):
        Exception.__init__(self, message)
        self.places = places


class PlacedMetric(Metric):
    """A metric that knows its parts: its path need not be taken apart."""

    def __init__(self, series, value, timestamp, raw):
        self.path, self.value, self.timestamp = series["path"], value, int(timestamp)
        self.raw_value, self.precision, self.host = raw, series["precision"], series["host"]
        self.metric_type, self.ttl = series["kind"].upper(), series["ttl"]
        self.own_time, self.series = None, series

    def getPathPrefix(self):
        return self.series["prefix"]

    def getCollectorPath(self):
        return self.series["collector"]

    def getMetricPath(self):
        return self.series["name"]


def counted(raw):
    """As core/plugin_protocol.ts has numbers."""
    if isinstance(raw, stream.TEXT):
        return int(raw[:-1]) if raw.endswith("n") else float(raw)
    return raw


def handlers_in(module):
    """Every handler that a module defines, by its name."""
    return dict((value.__name__, value) for value in vars(module).values()
                if isinstance(value, type) and issubclass(value, Handler)
                and value.__module__ == module.__name__)


def is_own(handler, name):
    # Not "is": Python 2 makes a method anew each time that it is asked for.
    return getattr(type(handler), name) != getattr(Handler, name)


class Host(object):
    def __init__(self, library):
        self.library, self.classes, self.series = library, {}, {}
        self.handler = self.made = None

    def serve(self):
        for line in iter(stream.REQUESTS.readline, b""):
            request = native(json.loads(line.decode("utf-8")))
            answer = {"id": request["id"]}
            try:
                answer["result"] = getattr(self, "do_" + request["do"])(request)
            except Refused as error:
                answer["error"] = {"code": "refused", "message": str(error), "points": error.places}
            except Undelivered as error:
                answer["error"] = {"code": "undelivered", "message": str(error)}
            except BaseException as error:
                answer["error"] = {"code": "undelivered", "message": self.reason_of(error)}
            say(answer)
        self.do_close(None)

    def do_setup(self, request):
        guard.apply(request.get("guard"))
        become(request["user"], request["group"])
        added = [path for path in request.get("pythonPath", []) if path not in sys.path]
        sys.path.extend(added)
        self.library.base.extend(added)

    def do_load(self, request):
        self.library.use([folder.rstrip(os.sep) or os.sep for folder in request.get("folders", [])])
        if "config" in request:
            config.set_config(request["config"]["path"], request["config"]["tree"])
        return [self.load(file["path"]) for file in request["files"]]

    def load(self, path):
        say({"at": path})
        told = {"path": path, "version": 1, "collectors": [], "handlers": []}
        try:
            found = handlers_in(self.library.load(path))
            self.classes.update(found)
            told["handlers"] = [
                {"name": name, "doc": (cls.__doc__ or "").strip().split("\n")[0], "options": None,
                 "receipt": "transport", "largest": LARGEST, "wantsSection": True} for name, cls in sorted(found.items())]
        except BaseException as error:
            told["error"] = run.reason_of(error, path)
        return told

    def do_open(self, request):
        name = request["handler"]
        if name not in self.classes:
            raise Undelivered("There is no handler %s in its file now" % name)
        threading.current_thread().name = name
        self.made = (self.classes[name], request["options"].get("section") or {})
        self.handler = None
        self.open()

    def open(self):
        cls, section = self.made
        whole = config.ConfigObj()
        whole.merge({"handlers": {cls.__name__: section}})
        self.handler = cls(whole["handlers"][cls.__name__])

    def do_write(self, request):
        if self.made is None:
            raise Undelivered("The handler is not open")
        if self.handler is None:
            self.open()
        if not getattr(self.handler, "enabled", True):
            raise Undelivered("The handler has switched itself off: see the log")
        failed, reason = self.process(self.unpacked(request["batch"]))
        self.flush()
        if failed:
            raise Refused(reason, failed)

    def unpacked(self, batch):
        if batch.get("anew"):
            self.series = {}
        self.series.update((number, series) for number, series in batch["series"])
        return [PlacedMetric(self.series[point[0]], point[1], point[2],
                             counted(point[3]) if len(point) > 3 else None) for point in batch["points"]]

    def process(self, metrics):
        """The places of those that it raised for, and why it did last; raises where it took none."""
        failed, reason = [], None
        for place, metric in enumerate(metrics):
            try:
                self.locked("process", metric)
            except Exception as error:
                failed.append(place)
                reason = self.reason_of(error)
                if len(failed) == place + 1 and len(failed) >= min(PATIENCE, len(metrics)):
                    raise
        return failed, reason

    def flush(self):
        try:
            self.locked("flush")
        except Exception:
            # What it still holds comes again: a new one must not have it twice.
            self.handler = None
            raise

    def locked(self, name, *args):
        """As Diamond calls it, but that what is raised comes through."""
        if is_own(self.handler, "_" + name):
            return getattr(self.handler, "_" + name)(*args)
        with self.handler.lock:
            return getattr(self.handler, name)(*args)

    def do_close(self, request):
        last, self.handler, self.made = self.handler, None, None
        if last is not None and getattr(last, "enabled", True):
            try:
                last.flush()
            except Exception as error:
                logging.getLogger("diamond").warning("Its last flush failed: %s", error)

    def reason_of(self, error):
        """With the line of the user's file."""
        cls = self.made[0] if self.made is not None else type(self.handler)
        return run.reason_of(error, getattr(sys.modules.get(cls.__module__), "__file__", None))

    def do_abort(self, request):
        return None

    def do_ping(self, request):
        return None


def main():
    sys.dont_write_bytecode = True
    diamonds_log()
    root = logging.getLogger()
    root.addHandler(AgentLog())
    root.setLevel(logging.INFO)
    library = Library()
    make_modules(library)
    # As older handlers call it.
    sys.modules["Handler"] = sys.modules["diamond.handler.Handler"]
    Host(library).serve()


main()
