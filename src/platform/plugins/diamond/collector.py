# The module `diamond.collector`: what collectors derive from. Schedule and counters' rates are the
# agent's; names, filters and everything else are as they were in Diamond.

import logging
import os
import re
import socket
import subprocess
import sys
import time

from _diamond.config import OWN, ConfigObj, is_own, load_config, str_to_bool
from _diamond.metric import DiamondException, Metric
from _diamond.stream import CURRENT, TEXT

MAX_COUNTER = 2 ** 64 - 1 if sys.maxsize > 2 ** 32 else 2 ** 32 - 1


def get_hostname(config, method=None):
    """By the agent, where nothing was changed; else by the same eleven ways."""
    wanted = (method or config.get("hostname_method") or "smart").lower()
    run = getattr(CURRENT, "run", None)
    if run is not None and method is None and run.has_host_of(config.get("hostname"), wanted):
        return run.hostname
    if "hostname" in config and wanted != "shell":
        return config["hostname"]
    known = get_hostname.cached_results
    if wanted not in known:
        known[wanted] = hostname_by(wanted, config)
    return known[wanted]


get_hostname.cached_results = {}


def hostname_by(method, config):
    name = socket.gethostname()
    node = os.uname()[1]
    full = socket.getfqdn()
    short = full.split(".")[0]
    ways = {
        "smart": lambda: name.split(".")[0] if short in ("localhost", "") else short,
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
    found = ways[method]()
    if found == "":
        raise DiamondException("Hostname is empty?!")
    return found


class Collector(object):
    """What users' collectors derive from: `collect` publishes, the agent does the rest."""

    def __init__(self, config=None, handlers=None, name=None, configfile=None):
        self.log = logging.getLogger("diamond")
        self.name = name or self.__class__.__name__
        self.handlers = [] if handlers is None else handlers
        self.last_values = {}
        self.configfile = None
        self.load_config(configfile, config)

    def load_config(self, configfile=None, override_config=None):
        self.config = ConfigObj()
        defaults = self.get_default_config()
        if defaults is not None:
            self.config.merge(defaults)
        if configfile is not None:
            self.configfile = os.path.abspath(configfile)
        if self.configfile is not None:
            self._merge(OWN["object"] if is_own(self.configfile) else load_config(self.configfile))
        isMerged = self.configfile is not None and override_config is OWN["object"]
        if override_config is not None and not isMerged:
            self._merge(override_config)
        self.process_config()

    def _merge(self, config):
        collectors = config.get("collectors") or {}
        for name in ("default", self.name):
            if name in collectors:
                self.config.merge(collectors[name])

    def process_config(self):
        if isinstance(self.config.get("byte_unit"), TEXT):
            self.config["byte_unit"] = self.config["byte_unit"].split()
        for key in ("enabled", "measure_collector_time"):
            if key in self.config:
                self.config[key] = str_to_bool(self.config[key])
        for key in ("metrics_whitelist", "metrics_blacklist"):
            self.config[key] = patterns(self.config.get(key))
        if self.config["metrics_whitelist"] and self.config["metrics_blacklist"]:
            raise DiamondException("Both metrics_whitelist and metrics_blacklist specified in file %s" %
                                   self.configfile)

    def get_default_config_help(self):
        return {
            "enabled": "Enable collecting these metrics",
            "byte_unit": "Default numeric output(s)",
            "measure_collector_time": "Collect the collector run time in ms",
            "metrics_whitelist": "Regex to match metrics to transmit",
            "metrics_blacklist": "Regex to match metrics to block",
        }

    def get_default_config(self):
        return {
            "enabled": False, "path_prefix": "servers", "path_suffix": "",
            "instance_prefix": "instances", "interval": 300, "ttl_multiplier": 2,
            "hostname_method": "smart", "byte_unit": "byte", "measure_collector_time": False,
            "metrics_whitelist": None, "metrics_blacklist": None,
        }

    def get_schedule(self):
        interval = float(self.config.get("interval", 300))
        return {self.__class__.__name__: (self._run, None, 0, interval)}

    def get_stats_for_upload(self, config=None):
        return {}

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
        return ".".join([part if isinstance(part, TEXT) else str(part) for part in parts if part])

    def metric_allowed(self, name):
        whitelist = dict.get(self.config, "metrics_whitelist")
        blacklist = dict.get(self.config, "metrics_blacklist")
        if not whitelist and not blacklist:
            return True
        if whitelist and not any(pattern.match(name) for pattern in patterns(whitelist)):
            return False
        return not any(pattern.match(name) for pattern in patterns(blacklist))

    def collect(self):
        raise NotImplementedError()

    def publish(self, name, value, raw_value=None, precision=0, metric_type="GAUGE",
                instance=None, timestamp=None):
        self._publish(name, value, raw_value, precision, metric_type, instance, timestamp)

    def _publish(self, name, value, raw_value, precision, metric_type, instance, timestamp=None, wraps_at=None):
        if not self.metric_allowed(name):
            return
        path = self.get_metric_path(name, instance=instance)
        ttl = float(self.config.get("interval", 300)) * float(self.config.get("ttl_multiplier", 2))
        try:
            metric = Metric(path, value, raw_value=raw_value, timestamp=timestamp, precision=precision,
                            host=self.get_hostname(), metric_type=metric_type, ttl=ttl)
        except DiamondException:
            self.log.error("Error when creating new Metric: path=%r, value=%r", path, value)
            raise
        metric.wraps_at = wraps_at
        self.publish_metric(metric)

    def publish_metric(self, metric):
        for handler in self.handlers:
            handler._process(metric)

    def publish_gauge(self, name, value, precision=0, instance=None):
        return self.publish(name, value, precision=precision, metric_type="GAUGE", instance=instance)

    def publish_counter(self, name, value, precision=0, max_value=0, time_delta=True,
                        interval=None, allow_negative=False, instance=None):
        """The agent takes the rate, which outlives this process, where it is the plain growth per second."""
        isPlain = time_delta and interval is None and not allow_negative
        if isPlain and getattr(self.publish, "__func__", None) is plain(Collector.publish):
            return self._publish(name, value, value, precision, "COUNTER", instance, wraps_at=max_value)
        growth = self.derivative(name, value, max_value=max_value, time_delta=time_delta, interval=interval,
                                 allow_negative=allow_negative, instance=instance)
        return self.publish(name, growth, raw_value=value, precision=precision, metric_type="COUNTER",
                            instance=instance)

    def derivative(self, name, new, max_value=0, time_delta=True, interval=None,
                   allow_negative=False, instance=None):
        """Growth per second since the last call; 0 the first time, as it always was."""
        run = getattr(CURRENT, "run", None)
        isMeasured = run is not None and run.rates != "diamond"
        path = self.get_metric_path(name, instance=instance)
        now = time.time() if run is None else run.clock
        times = self.__dict__.setdefault("_times", {})
        then = times.get(path)
        old = self.last_values.get(path)
        times[path], self.last_values[path] = now, new
        if old is None:
            return 0
        if new < old and not isMeasured:
            old -= max_value
        if not time_delta:
            seconds = 1.0
        elif interval is not None:
            seconds = float(interval)
        elif isMeasured and then is not None:
            seconds = now - then
        else:
            seconds = float(self.config["interval"])
        growth = (float(new) - float(old)) / seconds if seconds > 0 else 0
        return growth if growth >= 0 or allow_negative else 0

    def _run(self):
        try:
            begin = time.time()
            self.collect()
            if str_to_bool(self.config.get("measure_collector_time")):
                self.publish("collector_time_ms", int((time.time() - begin) * 1000))
        finally:
            for handler in self.handlers:
                handler._flush()

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


def plain(method):
    return getattr(method, "__func__", method)


def patterns(value):
    """Expressions as a configuration has them, compiled: none, one, or a list."""
    if value is None or value == "None":
        return []
    if isinstance(value, TEXT) or hasattr(value, "match"):
        value = [value]
    return [one if hasattr(one, "match") else re.compile(one) for one in value]


class ProcessCollector(Collector):
    def get_default_config(self):
        config = super(ProcessCollector, self).get_default_config()
        config.update({"use_sudo": False, "sudo_cmd": self.find_binary("/usr/bin/sudo")})
        return config

    def get_default_config_help(self):
        help = super(ProcessCollector, self).get_default_config_help()
        help.update({"use_sudo": "Use sudo?", "sudo_cmd": "Path to sudo",
                     "bin": "The path to the binary"})
        return help

    def run_command(self, args):
        if "bin" not in self.config:
            raise Exception("config does not have any binary configured")
        if not os.access(self.config["bin"], os.X_OK):
            raise Exception("%s is not executable" % self.config["bin"])
        command = [self.config["bin"]] + list(args)
        if str_to_bool(self.config["use_sudo"]):
            command.insert(0, self.config["sudo_cmd"])
        try:
            # Text in Python 3, as it was in Python 2.
            return subprocess.Popen(command, stdout=subprocess.PIPE,
                                    universal_newlines=sys.version_info[0] > 2).communicate()
        except OSError:
            self.log.exception("Unable to run %s", command)
            return None
