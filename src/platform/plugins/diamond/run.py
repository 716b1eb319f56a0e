# A run of a collector, and what it runs in: a thread of its own, so that one that waits keeps no other one
# waiting; or a process, where it sets signals, which Python lets only a main thread do.

import inspect
import logging
import os
import signal
import sys
import threading
import time

from _diamond import stream
from _diamond.config import OWN
from _diamond.handler import AgentHandler
from _diamond.metric import DiamondException
from _diamond.signals import SIGALRMException
from _diamond.stream import CURRENT, NUMBERS, TEXT, Answers, native, say

try:
    import ctypes
except ImportError:
    ctypes = None
try:
    from queue import Queue
except ImportError:
    from Queue import Queue

VALUES_AT_ONCE = 500
MAX_VALUES = 100000
# Runs that a collector may miss because its last one has not ended.
MAX_MISSED = 3
FLUSH_SECONDS = 0.1


class RunTookTooLong(SIGALRMException):
    pass


class NeedsProcess(BaseException):
    """Raised where a collector sets a signal in its thread: the run begins again in a process."""


class Flusher(object):
    """Sends what has been published a moment after it was, while a run goes on: a deadline may end it."""

    def __init__(self):
        self.wanted, self.runs, self.pid = None, set(), None

    def want(self, run):
        if self.pid != os.getpid():
            self.pid, self.runs, self.wanted = os.getpid(), set(), threading.Event()
            thread = threading.Thread(target=self.work, name="flush")
            thread.daemon = True
            thread.start()
        self.runs.add(run)
        self.wanted.set()

    def work(self):
        try:
            while True:
                self.wanted.wait()
                time.sleep(FLUSH_SECONDS)
                self.wanted.clear()
                runs, self.runs = self.runs, set()
                for run in runs:
                    run.send()
        except BaseException:
            # The process ends: Python 2 takes its modules away from threads that still run.
            pass


FLUSHER = Flusher()


class Run(object):
    """What a collector publishes while it runs."""

    def __init__(self, id, request):
        options = request["options"]
        self.id, self.rates = id, options.get("rates", "measured")
        self.hostname = native(request.get("hostname"))
        self._host = (options.get("hostname") or "", (options.get("hostname_method") or "smart").lower())
        self.clock = getattr(time, "monotonic", time.time)()
        self.waiting, self.count, self.lock = [], 0, threading.Lock()

    def has_host_of(self, hostname, method):
        return method == self._host[1] and (hostname or "") == self._host[0]

    def publish(self, metric):
        self.count += 1
        if self.count > MAX_VALUES:
            raise DiamondException("It publishes more than %d values in a run" % MAX_VALUES)
        extras = {"path": True}
        path = metric.path if isinstance(metric.path, TEXT) else str(metric.path)
        if metric.host != self.hostname:
            extras["host"] = metric.host
        if metric.precision:
            extras["precision"] = metric.precision
        if metric.timestamp != metric.own_time:
            extras["timestamp"] = int(metric.timestamp)
        if metric.wraps_at is not None:
            extras["form"] = "counter"
            if metric.wraps_at:
                extras["max"] = metric.wraps_at
        elif metric.metric_type == "COUNTER" and isinstance(metric.raw_value, NUMBERS):
            extras["form"], extras["raw"] = "counter", packed(metric.raw_value)
        emitted = [path, packed(metric.value), extras]
        with self.lock:
            self.waiting.append(emitted)
            count = len(self.waiting)
        if count >= VALUES_AT_ONCE:
            self.send()
        elif count == 1:
            FLUSHER.want(self)

    def send(self):
        with self.lock:
            waiting, self.waiting = self.waiting, []
            if waiting:
                say({"id": self.id, "emits": waiting})


def packed(value):
    """As core/plugin_protocol.ts has it; what is no number is refused by the agent, and counted there."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, NUMBERS):
        return value if abs(value) < 2 ** 53 else "%dn" % value
    return "%r" % (value,)


def construct(cls, name):
    """By names where the constructor has them; Diamond 3 gave two by position."""
    config = OWN["object"]
    handlers = [AgentHandler()]
    signature = (inspect.getfullargspec if hasattr(inspect, "getfullargspec") else inspect.getargspec)
    spec = signature(cls.__init__)
    names, takes_all = spec[0], spec[2] is not None
    given = {"config": config, "handlers": handlers, "name": name, "configfile": OWN["path"] or None}
    if takes_all or "name" in names:
        return cls(**dict(item for item in given.items() if takes_all or item[0] in names))
    return cls(config, handlers)


class Instance(object):
    """A collector of the configuration, and where it runs."""

    def __init__(self, request, cls):
        self.section, self.cls, self.busy = native(request.get("section") or request["collector"]), cls, False
        self.collector, self.process = None, None
        self.tasks = Queue()
        self.missed = 0
        self.thread = threading.Thread(target=self.work, name=self.section)
        self.thread.daemon = True
        self.thread.start()

    def start(self, id, request):
        if self.busy:
            self.missed += 1
            if self.missed >= MAX_MISSED:
                if self.process is not None:
                    self.process.kill()
                else:
                    say({"log": ["error", "%s does not come back: all start anew" % self.section]})
                    os._exit(75)
            raise DiamondException("Its last run has still not ended")
        self.busy, self.missed = True, 0
        self.tasks.put((id, request))

    def interrupt(self):
        """Raises where it runs, at the next step of Python's: what waits in a call ends when that does."""
        if self.process is not None:
            self.process.interrupt()
        elif self.busy and ctypes is not None:
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
        if self.process is not None:
            self.process.close()

    def once(self, id, request):
        if self.process is None:
            try:
                answer = self.answer(id, request)
            except NeedsProcess:
                self.process = Process(self)
        if self.process is not None:
            answer = self.process.answer(id, request)
            if self.process.ended:
                self.process = Process(self)
        # Before the agent may ask for the next one.
        self.busy = False
        say(answer)

    def answer(self, id, request):
        """Runs it once here; what it published has been sent when this returns."""
        run = CURRENT.run = Run(id, request)
        try:
            if self.collector is None:
                self.collector = construct(self.cls, self.section)
            self.collector.collect()
            run.send()
            return {"id": id, "result": None}
        except NeedsProcess:
            run.waiting = []
            raise
        except BaseException as error:
            run.send()
            path = getattr(sys.modules.get(type(self.collector).__module__), "__file__", "")
            return {"id": id, "error": {"code": "bad-data", "message": reason_of(error, path or source_of(self.cls))}}
        finally:
            CURRENT.run = None


def source_of(cls):
    return getattr(sys.modules.get(cls.__module__), "__file__", "")


class Process(object):
    """A copy of this process in which one collector has the main thread, as it had in Diamond."""

    others = set()

    def __init__(self, instance):
        self.instance, self.ended, self.pid = instance, True, None

    def begin(self):
        requests, answers = os.pipe(), os.pipe()
        # Nobody else holds this lock in the copy.
        with stream.ANSWERS.lock:
            pid = os.fork()
        if pid == 0:
            for fd in Process.others | {requests[1], answers[0], stream.REQUESTS.fileno()}:
                try:
                    os.close(fd)
                except OSError:
                    pass
            serve_alone(self.instance, os.fdopen(requests[0], "rb"), answers[1])
        os.close(requests[0])
        os.close(answers[1])
        self.pid, self.requests, self.answers = pid, requests[1], os.fdopen(answers[0], "rb")
        Process.others |= {requests[1], answers[0]}
        self.ended = False

    def answer(self, id, request):
        import json
        if self.ended:
            self.begin()
        try:
            os.write(self.requests, (json.dumps([id, request]) + "\n").encode("utf-8"))
            for line in iter(self.answers.readline, b""):
                answer = json.loads(line[1:].decode("utf-8"))
                if answer.get("id") == id and ("result" in answer or "error" in answer):
                    return answer
                stream.ANSWERS.write(line)
        except (IOError, OSError):
            pass
        self.close()
        return {"id": id, "error": {"code": "bad-data", "message": "The process of %s has ended" % self.instance.section}}

    def interrupt(self):
        self._signal(signal.SIGTERM)

    def kill(self):
        self._signal(signal.SIGKILL)

    def _signal(self, number):
        try:
            if not self.ended:
                os.kill(self.pid, number)
        except OSError:
            pass

    def close(self):
        if self.ended:
            return
        self.ended = True
        Process.others -= {self.requests, self.answers.fileno()}
        os.close(self.requests)
        self.answers.close()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except OSError:
            pass
        try:
            os.waitpid(self.pid, 0)
        except OSError:
            pass


def serve_alone(instance, requests, answers):
    """The copy's whole life."""
    import json
    try:
        stream.ANSWERS = Answers(answers)
        logging._lock = threading.RLock()
        for handler in logging.getLogger("diamond").handlers:
            handler.createLock()
        threading.current_thread().name = instance.section
        SIGNALS.restore()
        instance.process = None

        def too_long(number, frame):
            raise RunTookTooLong()
        for line in iter(requests.readline, b""):
            id, request = json.loads(line.decode("utf-8"))
            try:
                signal.signal(signal.SIGTERM, too_long)
                try:
                    answer = instance.answer(id, request)
                finally:
                    signal.signal(signal.SIGTERM, signal.SIG_IGN)
            except BaseException as error:
                answer = {"id": id, "error": {"code": "bad-data", "message": str(error)}}
            say(answer)
    finally:
        os._exit(0)


class Signals(object):
    """What a thread of a collector's cannot have: asked for there, it gets the collector a process."""

    NAMES = ("signal", "alarm", "setitimer", "siginterrupt", "set_wakeup_fd", "pause")

    def __init__(self):
        self.real, self.isHere = {}, True

    def take_over(self):
        for name in self.NAMES:
            if hasattr(signal, name):
                self.real[name] = getattr(signal, name)
                setattr(signal, name, self.guarded(self.real[name]))

    def guarded(self, real):
        def ask(*args):
            if self.isHere and getattr(CURRENT, "run", None) is not None:
                raise NeedsProcess()
            return real(*args)
        return ask

    def restore(self):
        self.isHere = False
        for name, real in self.real.items():
            setattr(signal, name, real)


SIGNALS = Signals()


def reason_of(error, path):
    """With the line of the user's file."""
    import traceback
    if isinstance(error, SyntaxError) and error.filename == path:
        return "line %s: %s" % (error.lineno, error.msg)
    lines = [entry[1] for entry in traceback.extract_tb(sys.exc_info()[2]) if entry[0] == path]
    said = "%s: %s" % (type(error).__name__, error)
    return "line %s: %s" % (lines[-1], said) if lines else said
