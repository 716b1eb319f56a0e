# Runs collectors that were written for Diamond, in Python 2.7 or 3: the modules named `diamond` that
# they import, and the loop that does what the agent says. Requests and answers are lines of JSON, as
# in core/plugin_protocol.ts. Each collector has a thread of its own, so that one that waits keeps no other one
# waiting; schedule, names, rates of counters and filters are the agent's.

from __future__ import print_function

import errno
import fcntl
import inspect
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
import zlib

try:
    import ctypes
except ImportError:
    ctypes = None
try:
    from queue import Queue
    TEXT, NUMBERS = str, (int, float)
except ImportError:
    from Queue import Queue
    TEXT, NUMBERS = basestring, (int, long, float)  # noqa: F821

ANSWER_MARK = "\x01"
VALUES_AT_ONCE = 500
MAX_VALUES = 100000
MAX_COUNTER = 2 ** 64 - 1
# Runs that a collector may miss because its last one has not ended.
MAX_MISSED = 3


# What the agent hears. Whatever collectors and their children print goes to stderr instead.

def take_over_streams():
    def private(fd):
        copy = os.dup(fd)
        fcntl.fcntl(copy, fcntl.F_SETFD, fcntl.fcntl(copy, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
        return copy
    requests, answers = os.fdopen(private(0), "rb"), private(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


REQUESTS, ANSWERS = take_over_streams()
SAYING = threading.Lock()


def say(answer):
    line = (ANSWER_MARK + json.dumps(answer) + "\n").encode("utf-8")
    with SAYING:
        while line:
            try:
                line = line[os.write(ANSWERS, line):]
            except OSError as error:
                if error.errno != errno.EINTR:
                    os._exit(0)


class AgentLog(logging.Handler):
    LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"), (0, "debug"))

    def emit(self, record):
        try:
            level = next(name for least, name in self.LEVELS if record.levelno >= least)
            thread = threading.current_thread()
            say({"id": getattr(thread, "run_id", None),
                 "log": [level, "%s: %s" % (thread.name, self.format(record))]})
        except Exception:
            self.handleError(record)


# The module `diamond.convertor`: values that know their unit.

def _power(names, base):
    factors = {}
    for exponent, group in enumerate(names.split("|")):
        for name in group.split():
            factors[name] = base ** exponent
    return factors


BITS = _power("bit b|kilobit kbit Kibit|megabit Mbit Mibit|gigabit Gbit Gibit|terabit Tbit Tibit|"
              "petabit Pbit Pibit|exabit Ebit Eibit|zettabit Zbit Zibit|yottabit Ybit Yibit", 1024)
BITS.update((name, 8 * factor) for name, factor in _power(
    "byte B|kilobyte kB KiB|megabyte MB MiB Mbyte|gigabyte GB GiB|terabyte TB TiB|"
    "petabyte PB PiB|exabyte EB EiB|zettabyte ZB ZiB|yottabyte YB YiB", 1024).items())
BITS[""] = BITS[None] = 1

MILLISECONDS = {"": 1.0, None: 1.0}
for _names, _factor in (("millisecond milliseconds ms", 1.0), ("second seconds s", 1e3),
                        ("minute minutes m", 6e4), ("hour hours h", 3.6e6),
                        ("day days d", 8.64e7), ("year years y", 3.1536e10),
                        ("microsecond microseconds us", 1e-3), ("nanosecond nanoseconds ns", 1e-6)):
    for _name in _names.split():
        MILLISECONDS[_name] = _factor


class Unit(object):
    FACTORS = {}

    def __init__(self, value=None, unit=None):
        self.base = None
        self.set(value, unit)

    @classmethod
    def convert(cls, value, oldUnit, newUnit):
        return cls(value, oldUnit).get(newUnit)

    def set(self, value, unit=None):
        if value is not None:
            self.base = float(value) * self.factor(unit)

    def get(self, unit=None):
        return self.base / self.factor(unit)

    def factor(self, unit):
        if unit not in self.FACTORS:
            raise NotImplementedError("Unknown unit %s" % unit)
        return self.FACTORS[unit]

    def __getattr__(self, unit):
        if unit.startswith("__") or self.FACTORS.get(unit) is None:
            raise AttributeError(unit)

        def convert(value=None):
            return self.get(unit) if value is None else self.set(value, unit)
        return convert


class binary(Unit):
    FACTORS = BITS


class time_unit(Unit):
    FACTORS = MILLISECONDS

    def factor(self, unit):
        return Unit.factor(self, unit.lower() if unit else unit)


def camelcase_to_underscore(name):
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


# The module `diamond.collector`.

def str_to_bool(value):
    if not isinstance(value, TEXT):
        return value
    word = value.strip().lower()
    if word in ("true", "t", "yes", "y", "on", "1"):
        return True
    if word in ("false", "f", "no", "n", "off", "0", ""):
        return False
    raise NotImplementedError("Unknown bool %s" % value)


def get_hostname(config, method=None):
    method = (method or config.get("hostname_method") or "smart").lower()
    if config.get("hostname") and method != "shell":
        return config["hostname"]
    name = socket.gethostname()
    node = os.uname()[1]
    full = socket.getfqdn()
    short = full.split(".")[0]
    ways = {
        "smart": lambda: name.split(".")[0] if short == "localhost" else short,
        "fqdn_short": lambda: short,
        "fqdn": lambda: full.replace(".", "_"),
        "fqdn_rev": lambda: ".".join(reversed(full.split("."))),
        "uname_short": lambda: node.split(".")[0],
        "uname_rev": lambda: ".".join(reversed(node.split("."))),
        "hostname": lambda: name,
        "hostname_short": lambda: name.split(".")[0],
        "hostname_rev": lambda: ".".join(reversed(name.split("."))),
        "shell": lambda: subprocess.check_output(config["hostname"], shell=True).decode().strip(),
        "none": lambda: None,
    }
    if method not in ways:
        raise NotImplementedError(method)
    return ways[method]()


class DiamondException(Exception):
    pass


class Metric(object):
    GAUGE, COUNTER = "GAUGE", "COUNTER"

    def __init__(self, path, value, raw_value=None, timestamp=None, precision=0, host=None,
                 metric_type="COUNTER", ttl=None):
        self.path, self.value, self.raw_value = path, value, raw_value
        self.timestamp = int(time.time()) if timestamp is None else int(timestamp)
        self.precision, self.host, self.metric_type, self.ttl = precision, host, metric_type, ttl


class Collector(object):
    """What users' collectors derive from: `collect` publishes, the agent does the rest."""

    def __init__(self, config=None, handlers=None, name=None, configfile=None):
        self.name = name or self.__class__.__name__
        self.log = logging.getLogger("diamond")
        self.handlers = handlers or []
        self.configfile = configfile
        self.config = {}
        self.last_values = {}
        self.run = None
        self.load_config(configfile, config)

    def load_config(self, configfile=None, override_config=None):
        whole = (override_config or {}).get("collectors", {})
        self.config = dict(self.get_default_config())
        self.config.update(whole.get("default", {}))
        self.config.update(whole.get(self.__class__.__name__, {}))
        if self.name != self.__class__.__name__:
            self.config.update(whole.get(self.name, {}))
        self.process_config()

    def process_config(self):
        if isinstance(self.config.get("byte_unit"), TEXT):
            self.config["byte_unit"] = self.config["byte_unit"].split()
        for key in ("enabled", "measure_collector_time"):
            if key in self.config:
                self.config[key] = str_to_bool(self.config[key])

    def get_default_config_help(self):
        return {}

    def get_default_config(self):
        return {
            "enabled": False, "path_prefix": "servers", "path_suffix": "",
            "instance_prefix": "instances", "interval": 300, "ttl_multiplier": 2,
            "hostname_method": "smart", "byte_unit": ["byte"], "measure_collector_time": False,
            "metrics_whitelist": None, "metrics_blacklist": None,
        }

    def get_hostname(self):
        return get_hostname(self.config)

    def get_metric_path(self, name, instance=None):
        path = self.config.get("path", self.__class__.__name__)
        path = "" if path == "." else path
        if instance is not None:
            parts = [self.config.get("instance_prefix"), instance, path, name]
        else:
            parts = [self.config.get("path_prefix"), self.get_hostname(),
                     self.config.get("path_suffix"), path, name]
        return ".".join(part for part in parts if part)

    def collect(self):
        raise NotImplementedError()

    def publish(self, name, value, raw_value=None, precision=0, metric_type="GAUGE",
                instance=None, timestamp=None):
        extras = {}
        if precision:
            extras["precision"] = precision
        if instance is not None:
            extras["instance"] = str(instance)
        if timestamp is not None:
            extras["timestamp"] = int(timestamp)
        self.run.publish(name, value, extras)

    def publish_metric(self, metric):
        own = self.get_metric_path("")
        begin = own if own.endswith(".") or not own else own + "."
        if not metric.path.startswith(begin):
            raise DiamondException("%s is no metric of this collector's: %s" % (metric.path, begin))
        self.publish(metric.path[len(begin):], metric.value, precision=metric.precision,
                     timestamp=metric.timestamp)

    def publish_gauge(self, name, value, precision=0, instance=None):
        self.publish(name, value, precision=precision, instance=instance)

    def publish_counter(self, name, value, precision=0, max_value=0, time_delta=True,
                        interval=None, allow_negative=False, instance=None):
        if not time_delta or interval is not None or allow_negative:
            growth = self.derivative(name, value, max_value, time_delta, interval, allow_negative,
                                     instance)
            return self.publish(name, growth, precision=precision, instance=instance)
        extras = {"form": "counter"}
        if max_value:
            extras["max"] = max_value
        if precision:
            extras["precision"] = precision
        if instance is not None:
            extras["instance"] = str(instance)
        self.run.publish(name, value, extras)

    def derivative(self, name, new, max_value=0, time_delta=True, interval=None,
                   allow_negative=False, instance=None):
        """Growth per second since the last call; 0 the first time, as it always was."""
        key = (name, instance)
        before = self.last_values.get(key)
        now = self.run.clock
        self.last_values[key] = (new, now)
        if before is None:
            return 0
        old, then = before
        if new < old and self.run.rates == "diamond":
            old -= max_value
        if not time_delta:
            seconds = 1.0
        elif interval is not None:
            seconds = float(interval)
        elif self.run.rates == "diamond":
            seconds = float(self.config["interval"])
        else:
            seconds = now - then
        growth = (float(new) - float(old)) / seconds if seconds > 0 else 0
        return growth if growth >= 0 or allow_negative else 0

    def find_binary(self, program):
        if os.path.exists(program):
            return program
        folders = os.environ.get("PATH", "").split(os.pathsep)
        folders += ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin", "/usr/local/sbin"]
        for folder in folders:
            path = os.path.join(folder, os.path.basename(program))
            if os.path.exists(path):
                return path
        return program


class ProcessCollector(Collector):
    def get_default_config(self):
        config = super(ProcessCollector, self).get_default_config()
        config.update({"use_sudo": False, "sudo_cmd": self.find_binary("/usr/bin/sudo")})
        return config

    def get_default_config_help(self):
        help = super(ProcessCollector, self).get_default_config_help()
        help.update({"use_sudo": "Run the command by sudo?", "sudo_cmd": "Path of sudo",
                     "bin": "Path of the command"})
        return help

    def run_command(self, args):
        if "bin" not in self.config:
            raise Exception('"bin" is not configured')
        if not os.access(self.config["bin"], os.X_OK):
            raise Exception("%s cannot be executed" % self.config["bin"])
        command = [self.config["bin"]] + list(args)
        if str_to_bool(self.config["use_sudo"]):
            command.insert(0, self.config["sudo_cmd"])
        try:
            # Text in Python 3, as it was in Python 2.
            return subprocess.Popen(command, stdout=subprocess.PIPE,
                                    universal_newlines=sys.version_info[0] > 2).communicate()
        except OSError:
            self.log.exception("%s cannot be run", command[0])
            return None


def make_modules():
    """Puts into `sys.modules` what collectors may import from Diamond."""
    def module(name, **contents):
        made = types.ModuleType(name)
        made.__dict__.update(contents)
        sys.modules[name] = made
        if "." in name:
            parent, _, own = name.rpartition(".")
            setattr(sys.modules[parent], own, made)
        return made

    convertor = {
        "binary": binary, "time": time_unit, "camelcase_to_underscore": camelcase_to_underscore,
    }
    collector = {
        "Collector": Collector, "ProcessCollector": ProcessCollector, "str_to_bool": str_to_bool,
        "get_hostname": get_hostname, "MAX_COUNTER": MAX_COUNTER,
    }
    package = module("diamond", Metric=Metric, DiamondException=DiamondException, **collector)
    package.__path__ = []
    module("diamond.convertor", **convertor)
    module("diamond.collector", Metric=Metric, **collector)
    module("diamond.metric", Metric=Metric)
    module("diamond.error", DiamondException=DiamondException)
    module("diamond.version", __VERSION__="diamond-agent")
    module("diamond.utils").__path__ = []
    module("diamond.utils.config", str_to_bool=str_to_bool)
    module("diamond.pycompat", **compatible_names())


def compatible_names():
    """What differs in place between Python 2 and 3, by the names that newer collectors use."""
    if sys.version_info[0] > 2:
        from queue import Empty, Full, Queue
        from urllib.error import HTTPError, URLError
        from urllib.parse import quote, unquote, urlencode, urljoin, urlparse, urlsplit
        from urllib.request import (HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, Request,
                                    build_opener, install_opener, urlopen)
        whole, characters = int, str
    else:
        from Queue import Empty, Full, Queue
        from urllib import quote, unquote, urlencode
        from urllib2 import (HTTPBasicAuthHandler, HTTPError, HTTPPasswordMgrWithDefaultRealm,
                             Request, URLError, build_opener, install_opener, urlopen)
        from urlparse import urljoin, urlparse, urlsplit
        whole, characters = long, unicode  # noqa: F821
    return dict(locals(), long=whole, unicode=characters)


# The users' files.

class Loaded(object):
    """One file, as far as it was got."""

    def __init__(self, path, fileVersion):
        self.path, self.fileVersion = path, fileVersion
        self.version, self.collectors, self.error = 0, {}, None

    def told(self):
        told = {"path": self.path, "version": self.version,
                "collectors": [declaration(name, cls) for name, cls in sorted(self.collectors.items())]}
        if self.error is not None:
            told["error"] = self.error
        return told


def declaration(name, cls):
    # Without its constructor, which may reach for a server.
    bare = cls.__new__(cls)
    bare.name, bare.config, bare.log = name, {}, logging.getLogger("diamond")
    config = bare.get_default_config()
    defaults = {}
    for key, value in config.items():
        if isinstance(value, (list, tuple)):
            defaults[key] = [str(item) for item in value]
        elif value is not None and not isinstance(value, dict):
            defaults[key] = str(value)
    doc = (cls.__doc__ or sys.modules[cls.__module__].__doc__ or "").strip()
    return {
        "name": name, "doc": doc.split("\n")[0], "path": str(config.get("path", name)),
        "options": None, "metrics": None, "defaults": defaults,
    }


def construct(cls, name, section):
    """By names where the constructor has them; Diamond 3 gave two by position."""
    config = {"server": {}, "handlers": {}, "collectors": {"default": {}, name: section}}
    signature = (inspect.getfullargspec if hasattr(inspect, "getfullargspec") else inspect.getargspec)
    spec = signature(cls.__init__)
    names, takes_all = spec[0], spec[2] is not None
    if takes_all or "name" in names:
        return cls(config=config, handlers=[], name=name)
    return cls(config, [])


def helpers(folders):
    """The names of modules that users' files imported from their folders, which may change."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if not name.startswith(OWN) and any(file.startswith(folder + os.sep) for folder in folders):
            found.append(name)
    return sorted(found)


# A user's file may be called as a module of Python's is.
OWN = "diamond_user_file_"


def import_file(path, folders):
    """Its version, which tells whether it or a helper of its has changed, and its collectors."""
    name = OWN + re.sub(r"\W", "_", path)
    # Nobody knows who imports a helper: each file reads its own.
    for helper in helpers(folders):
        del sys.modules[helper]
    module = module_from(name, path)
    collectors = {}
    for attribute in dir(module):
        value = getattr(module, attribute)
        if inspect.isclass(value) and issubclass(value, Collector) and value.__module__ == name:
            collectors[value.__name__] = value
    version = 0
    for source in [path] + [sys.modules[helper].__file__ for helper in helpers(folders)]:
        with open(re.sub(r"\.pyc$", ".py", source), "rb") as file:
            version = zlib.crc32(file.read(), version) & 0xffffffff
    return version, collectors


def module_from(name, path):
    before = sys.modules.get(name)
    try:
        if sys.version_info[0] < 3:
            import imp
            sys.modules.pop(name, None)
            return imp.load_source(name, path)
        import importlib.util
        spec = importlib.util.spec_from_file_location(name, path)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except BaseException:
        if before is not None:
            sys.modules[name] = before
        raise


def reason_of(error, path):
    """With the line of the user's file."""
    if isinstance(error, SyntaxError) and error.filename == path:
        hint = "" if sys.version_info[0] < 3 else (
            " (where it was written for Python 2: [server] python = python2.7)")
        return "line %s: %s%s" % (error.lineno, error.msg, hint)
    lines = [entry[1] for entry in traceback.extract_tb(sys.exc_info()[2]) if entry[0] == path]
    said = "%s: %s" % (type(error).__name__, error)
    return "line %s: %s" % (lines[-1], said) if lines else said


class Run(object):
    """What a collector publishes while it runs."""

    def __init__(self, id, request):
        self.id = id
        self.rates = request["options"].get("rates", "measured")
        self.clock = getattr(time, "monotonic", time.time)()
        self.waiting, self.count = [], 0

    def publish(self, name, value, extras):
        self.count += 1
        if self.count > MAX_VALUES:
            raise DiamondException("It publishes more than %d values in a run" % MAX_VALUES)
        self.waiting.append([str(name), packed(value), extras] if extras else
                            [str(name), packed(value)])
        if len(self.waiting) >= VALUES_AT_ONCE:
            self.send()

    def send(self):
        if self.waiting:
            say({"id": self.id, "emits": self.waiting})
        self.waiting = []


def packed(value):
    """As core/plugin_protocol.ts has it; what is no number is refused by the agent, and counted there."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, TEXT):
        try:
            value = float(value)
        except ValueError:
            return "%r" % value
    if not isinstance(value, NUMBERS):
        try:
            value = float(value)
        except (TypeError, ValueError):
            return "%r" % (value,)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    return value if abs(value) < 2 ** 53 else "%dn" % value


class RunTookTooLong(Exception):
    pass


class Instance(object):
    """A collector of the configuration, and the thread that it runs in."""

    def __init__(self, request, cls):
        self.name, self.busy = request["collector"], False
        section = dict(request["options"])
        for key in ("metrics_whitelist", "metrics_blacklist"):
            section.pop(key, None)
        self.collector = construct(cls, self.name, section)
        self.tasks = Queue()
        self.missed = 0
        self.thread = threading.Thread(target=self.work, name=self.name)
        self.thread.daemon = True
        self.thread.start()

    def start(self, id, request):
        if self.busy:
            self.missed += 1
            if self.missed >= MAX_MISSED:
                say({"log": ["error", "%s does not come back: all start anew" % self.name]})
                os._exit(75)
            raise DiamondException("Its last run has still not ended")
        self.busy, self.missed = True, 0
        self.tasks.put((id, request))

    def interrupt(self):
        """Raises where it runs, at the next step of Python's: what waits in a call ends when that does."""
        if self.busy and ctypes is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.thread.ident), ctypes.py_object(RunTookTooLong))

    def stop(self):
        self.tasks.put(None)

    def work(self):
        for id, request in iter(self.tasks.get, None):
            try:
                self.once(id, request)
            except RunTookTooLong:
                # It came when the run had just ended.
                pass
            self.busy = False

    def once(self, id, request):
        run = Run(id, request)
        self.thread.run_id = id
        self.collector.run = run
        try:
            self.collector.collect()
            run.send()
            answer = {"id": id, "result": None}
        except BaseException as error:
            run.send()
            path = getattr(sys.modules.get(type(self.collector).__module__), "__file__", "")
            answer = {"id": id, "error": {"code": "bad-data", "message": reason_of(error, path)}}
        # Before the agent may ask for the next one.
        self.busy = False
        say(answer)


class Guest(object):
    """Does what the agent asks for, one request after another."""

    def __init__(self):
        self.folders, self.files, self.instances = [], [], {}
        # Of the runs that were asked for, the one that each instance is at.
        self.runs = {}

    def serve(self):
        for line in iter(REQUESTS.readline, b""):
            request = json.loads(line.decode("utf-8"))
            try:
                result = getattr(self, "do_" + request["do"])(request)
            except BaseException as error:
                say({"id": request["id"], "error": {"code": "bad-data", "message": str(error)}})
                continue
            if request["do"] != "run":
                say({"id": request["id"], "result": result})

    def do_setup(self, request):
        become(request["user"], request["group"])
        self.folders = [folder.rstrip(os.sep) for folder in request["folders"]]
        sys.path[:0] = self.folders
        return None

    def do_load(self, request):
        known = dict((one.path, one) for one in self.files)
        self.files = [self.load(file, known.get(file["path"])) for file in request["files"]]
        return [one.told() for one in self.files]

    def load(self, file, before):
        if before is not None and before.fileVersion == file["fileVersion"]:
            return before
        loaded = Loaded(file["path"], file["fileVersion"])
        say({"at": loaded.path})
        try:
            loaded.version, loaded.collectors = import_file(loaded.path, self.folders)
            if before is not None and before.version == loaded.version:
                loaded.collectors = before.collectors
            loaded.told()
        except BaseException as error:
            loaded.error = reason_of(error, loaded.path)
            loaded.version = before.version if before is not None else 0
            loaded.collectors = before.collectors if before is not None else {}
        return loaded

    def do_run(self, request):
        id, run = request["id"], request["run"]
        instance = self.instances.get(run["instance"])
        if instance is None:
            instance = self.instances[run["instance"]] = Instance(run, self.class_of(run["collector"]))
        instance.start(id, run)
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


def become(user, group):
    """The same as the agent: the user's groups and no others."""
    import grp
    import pwd
    if not user and not group:
        return
    entry = None
    if user:
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
    gid = entry.pw_gid if entry else os.getgid()
    if group:
        gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    uid = entry.pw_uid if entry else os.getuid()
    if (uid, gid) == (os.getuid(), os.getgid()):
        return
    if entry and os.getuid() == 0:
        os.initgroups(entry.pw_name, gid)
    os.setgid(gid)
    os.setuid(uid)


def main():
    sys.dont_write_bytecode = True
    log = logging.getLogger("diamond")
    log.addHandler(AgentLog())
    log.setLevel(logging.DEBUG)
    log.propagate = False
    make_modules()
    Guest().serve()


main()
