# The module `diamond.handler.Handler`, which collectors may import, and what stands in `self.handlers`.

import logging
import threading
import time
import traceback

from _diamond.config import ConfigObj
from _diamond.stream import CURRENT


class Handler(object):
    """What Diamond's handlers derive from."""

    def __init__(self, config=None, log=None):
        self.enabled = True
        self.log = logging.getLogger("diamond") if log is None else log
        self.config = ConfigObj()
        self.config.merge(self.get_default_config())
        self.config.merge(config or {})
        self.server_error_interval = float(self.config["server_error_interval"])
        self._errors = {}
        self.lock = threading.Condition(threading.Lock())

    def get_default_config_help(self):
        return {"get_default_config_help": "get_default_config_help",
                "server_error_interval": "How frequently to send repeated server errors"}

    def get_default_config(self):
        return {"get_default_config": "get_default_config", "server_error_interval": 120}

    def _process(self, metric):
        self._locked(self.process, metric)

    def process(self, metric):
        raise NotImplementedError

    def _flush(self):
        self._locked(self.flush)

    def flush(self):
        pass

    def _locked(self, work, *args):
        if not self.enabled:
            return
        try:
            with self.lock:
                work(*args)
        except Exception:
            self.log.error(traceback.format_exc())

    def _throttle_error(self, msg, *args, **kwargs):
        now = time.time()
        if now - self._errors.get(msg, 0) < self.server_error_interval:
            self.log.debug(msg, *args, **kwargs)
        else:
            self._errors[msg] = now
            self.log.error(msg, *args, **kwargs)

    def _reset_errors(self, msg=None):
        if msg is not None and msg in self._errors:
            self._errors[msg] = 0
        else:
            self._errors = {}


class AgentHandler(Handler):
    """Gives metrics to the run that this thread is at, and so to the agent."""

    def _process(self, metric):
        run = getattr(CURRENT, "run", None)
        if run is not None:
            run.publish(metric)

    def _flush(self):
        run = getattr(CURRENT, "run", None)
        if run is not None:
            run.send()
