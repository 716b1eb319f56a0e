# The agent's end of stdin and stdout: answers are lines of JSON, as in core/plugin_protocol.ts.
# Whatever collectors and their children print goes to stderr instead.

import errno
import fcntl
import json
import logging
import os
import sys
import threading

OLD = sys.version_info[0] < 3
if OLD:
    TEXT, NUMBERS = basestring, (int, long, float)  # noqa: F821
else:
    TEXT, NUMBERS = str, (int, float)

ANSWER_MARK = "\x01"


def keep_private(fd):
    fcntl.fcntl(fd, fcntl.F_SETFD, fcntl.fcntl(fd, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    return fd


def take_over_streams():
    requests, answers = os.fdopen(keep_private(os.dup(0)), "rb"), keep_private(os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


class Answers(object):
    """Where answers go. A forked process has its own."""

    def __init__(self, fd):
        self.fd, self.lock = fd, threading.Lock()

    def write(self, line):
        with self.lock:
            while line:
                try:
                    line = line[os.write(self.fd, line):]
                except OSError as error:
                    if error.errno != errno.EINTR:
                        os._exit(0)


REQUESTS, _FD = take_over_streams()
ANSWERS = Answers(_FD)


def say(answer):
    try:
        line = json.dumps(answer)
    except UnicodeDecodeError:
        line = json.dumps(readable(answer))
    ANSWERS.write((ANSWER_MARK + line + "\n").encode("utf-8"))


def readable(value):
    """Bytes of Python 2 that are not UTF-8, as far as they can be read."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return dict((readable(key), readable(item)) for key, item in value.items())
    return [readable(item) for item in value] if isinstance(value, (list, tuple)) else value


def native(value):
    """What came as JSON, with the `str` of this Python: collectors ask for it."""
    if not OLD:
        return value
    if isinstance(value, unicode):  # noqa: F821
        return value.encode("utf-8")
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    return [native(item) for item in value] if isinstance(value, list) else value


class AgentLog(logging.Handler):
    LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"), (0, "debug"))

    def emit(self, record):
        try:
            level = next(name for least, name in self.LEVELS if record.levelno >= least)
            run = getattr(CURRENT, "run", None)
            answer = {"log": [level, "%s: %s" % (threading.current_thread().name, self.format(record))]}
            if run is not None:
                answer["id"] = run.id
            say(answer)
        except Exception:
            self.handleError(record)


def diamonds_log():
    """What is logged below `diamond` goes to the agent, whatever else the file's own code sets up."""
    log = logging.getLogger("diamond")
    log.addHandler(AgentLog())
    log.setLevel(logging.DEBUG)
    log.propagate = False


# The run that this thread is at, as `CURRENT.run`.
CURRENT = threading.local()
