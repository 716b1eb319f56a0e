# The modules `diamond.error` and `diamond.metric`.

import logging
import math
import re
import time

from _diamond.stream import NUMBERS


class DiamondException(Exception):
    pass


def rounded(value):
    """Half away from zero, as Python 2 did."""
    if value - value != 0:
        return value
    return math.copysign(math.floor(abs(value) + 0.5), value)


class Metric(object):
    GAUGE, COUNTER = "GAUGE", "COUNTER"
    # Of a counter whose rate the agent takes: where it wraps.
    wraps_at = None

    def __init__(self, path, value, raw_value=None, timestamp=None, precision=0, host=None,
                 metric_type="COUNTER", ttl=None):
        if path is None or value is None or metric_type not in ("COUNTER", "GAUGE"):
            raise DiamondException("Invalid parameter when creating new Metric with path: %r value: %r "
                                   "metric_type: %r" % (path, value, metric_type))
        self.own_time = int(time.time())
        if timestamp is None:
            timestamp = self.own_time
        else:
            self.own_time = None
            try:
                timestamp = int(timestamp)
            except ValueError as error:
                raise DiamondException("Invalid timestamp when creating new Metric %r: %s" % (path, error))
        if not isinstance(value, NUMBERS):
            try:
                value = rounded(float(value)) if precision == 0 else float(value)
            except ValueError as error:
                raise DiamondException("Invalid value when creating new Metric %r: %s" % (path, error))
        if not isinstance(precision, int):
            logging.getLogger("diamond").warning("Invalid precision of %s: %r", path, precision)
            precision = 0
        self.path, self.value, self.raw_value, self.timestamp = path, value, raw_value, timestamp
        self.precision, self.host, self.metric_type, self.ttl = precision, host, metric_type, ttl

    def __repr__(self):
        return "%s %0.*f %i\n" % (self.path, self.precision, self.value, self.timestamp)

    def __getstate__(self):
        return dict(self.__dict__)

    def __setstate__(self, state):
        self.__dict__.update(state)

    @classmethod
    def parse(cls, string):
        match = re.match(r"^(?P<name>[A-Za-z0-9\.\-_]+)\s+(?P<value>[0-9\.]+)\s+(?P<timestamp>[0-9\.]+)(\n*)$", string)
        if match is None:
            raise DiamondException("Metric could not be parsed from string: %s." % string)
        groups = match.groupdict()
        return cls(groups["name"], groups["value"], timestamp=float(groups["timestamp"]))

    def getPathPrefix(self):
        if self.host is None:
            return self.path.split(".")[0]
        return self.path[:self.path.index(self.host) - 1]

    def getCollectorPath(self):
        if self.host is None:
            return self.path.split(".")[2]
        begin = self.path.index(self.host) + len(self.host) + 1
        return self.path[begin:self.path.index(".", begin)]

    def getMetricPath(self):
        if self.host is None:
            return ".".join(self.path.split(".")[3:])
        before = ".".join([self.getPathPrefix(), self.host, self.getCollectorPath()])
        return self.path[len(before) + 1:]
