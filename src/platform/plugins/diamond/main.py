# Does what the agent asks for, one request after another.

import json
import logging
import os
import sys

from _diamond import config, guard, run, stream
from _diamond.files import Library
from _diamond.metric import DiamondException
from _diamond.modules import collectors_in, make_modules
from _diamond.stream import diamonds_log, native, say
from _diamond.user import become


class Loaded(object):
    """One file, as far as it was got."""

    def __init__(self, path, stamp):
        self.path, self.stamp = path, stamp
        self.version, self.collectors, self.error, self.missing = 0, {}, None, []

    def told(self):
        told = {"path": self.path, "version": self.version, "missing": self.missing,
                "collectors": [declaration(name, cls) for name, cls in sorted(self.collectors.items())]}
        if self.error is not None:
            told["error"] = self.error
        return told


def declaration(name, cls):
    # Without its constructor, which may reach for a server.
    bare = cls.__new__(cls)
    bare.name, bare.config, bare.log = name, config.ConfigObj(), logging.getLogger("diamond")
    bare.handlers, bare.last_values, bare.configfile = [], {}, None
    defaults = bare.get_default_config() or {}
    told = {}
    for key, value in defaults.items():
        if isinstance(value, (list, tuple)):
            told[key] = [str(item) for item in value]
        elif value is not None and not isinstance(value, dict):
            told[key] = str(value)
    doc = (cls.__doc__ or sys.modules[cls.__module__].__doc__ or "").strip()
    return {
        "name": name, "doc": doc.split("\n")[0], "path": str(defaults.get("path", name)),
        "options": None, "metrics": None, "defaults": told,
    }


class Guest(object):
    def __init__(self, library):
        self.library, self.files, self.instances = library, [], {}
        # Of the runs that were asked for, the one that each instance is at.
        self.runs = {}

    def serve(self):
        for line in iter(stream.REQUESTS.readline, b""):
            request = json.loads(line.decode("utf-8"))
            try:
                result = getattr(self, "do_" + request["do"])(request)
            except BaseException as error:
                say({"id": request["id"], "error": {"code": "bad-data", "message": str(error)}})
                continue
            if request["do"] != "run":
                say({"id": request["id"], "result": result})

    def do_setup(self, request):
        guard.apply(request.get("guard"))
        become(request["user"], request["group"])
        added = [path for path in native(request.get("pythonPath", [])) if path not in sys.path]
        sys.path.extend(added)
        self.library.base.extend(added)
        return None

    def do_load(self, request):
        self.library.use([folder.rstrip(os.sep) or os.sep for folder in native(request.get("folders", []))])
        if "config" in request:
            config.set_config(request["config"]["path"], request["config"]["tree"])
        known = dict((one.path, one) for one in self.files)
        taken = self.library.forget_changed()
        self.files = [self.load(native(file["path"]), file["fileVersion"], known) for file in request["files"]]
        self.library.restore(taken)
        self.files += self.offered(native(request.get("lost", [])))
        return [one.told() for one in self.files]

    def offered(self, names):
        """Wanted collectors that no file has, and an installed package offers: Diamond's entry points."""
        present = set(name for file in self.files for name in file.collectors)
        missing = [name for name in names if name not in present]
        found = []
        for point in entry_points() if missing else ():
            loaded = Loaded("package %s" % point.name, "")
            try:
                value = point.load()
                classes = collectors_in(value) if not isinstance(value, type) else {value.__name__: value}
                loaded.collectors = dict((name, cls) for name, cls in classes.items() if name in missing)
            except Exception as error:
                loaded.error = run.reason_of(error, "")
            if loaded.collectors or loaded.error:
                found.append(loaded)
        return found

    def load(self, path, stamp, known):
        before = known.get(path)
        if before is not None and before.stamp == stamp:
            return before
        loaded = Loaded(path, stamp)
        say({"at": path})
        try:
            module = self.library.load(path)
            loaded.version = self.library.version(path)
            loaded.collectors = dict((name, cls) for name, cls in collectors_in(module).items()
                                     if self.is_of(cls, module))
            if before is not None and before.version == loaded.version:
                loaded.collectors = before.collectors
            loaded.told()
        except BaseException as error:
            loaded.error = run.reason_of(error, path)
            loaded.version = before.version if before is not None else 0
            loaded.collectors = before.collectors if before is not None else {}
        loaded.missing = self.library.missing(path)
        return loaded

    def is_of(self, cls, module):
        """Its own, or one that no other file of the users' defines."""
        if cls.__module__ == module.__name__:
            return True
        origin = getattr(sys.modules.get(cls.__module__), "__file__", None)
        return origin not in self.library.loaded

    def do_run(self, request):
        id, wanted = request["id"], request["run"]
        instance = self.instances.get(wanted["instance"])
        if instance is None:
            cls = self.class_of(wanted["collector"])
            instance = self.instances[wanted["instance"]] = run.Instance(wanted, cls)
        instance.start(id, wanted)
        self.runs = dict((one, at) for one, at in self.runs.items() if at is not instance)
        self.runs[id] = instance

    def class_of(self, name):
        for file in reversed(self.files):
            if name in file.collectors:
                return file.collectors[name]
        raise DiamondException('There is no collector "%s" now' % name)

    def do_abort(self, request):
        instance = self.runs.get(request["run"])
        if instance is not None:
            instance.interrupt()
        return None

    def do_drop(self, request):
        instance = self.instances.pop(request["instance"], None)
        if instance is not None:
            instance.stop()
        return None

    def do_ping(self, request):
        return None


def entry_points():
    group = "diamond.collectors"
    try:
        from importlib.metadata import entry_points as every
        found = every()
        return list(found.select(group=group) if hasattr(found, "select") else found.get(group, ()))
    except ImportError:
        pass
    try:
        import pkg_resources
        return list(pkg_resources.iter_entry_points(group))
    except ImportError:
        return []


def main():
    sys.dont_write_bytecode = True
    diamonds_log()
    library = Library()
    make_modules(library)
    run.SIGNALS.take_over()
    Guest(library).serve()


main()
