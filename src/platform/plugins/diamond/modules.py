# Puts into `sys.modules` what collectors may import from Diamond.

import logging
import os
import sys
import types

from _diamond import collector, config, convertor, handler, metric, signals


def module(name, **contents):
    made = types.ModuleType(name)
    made.__dict__.update(contents)
    sys.modules[name] = made
    if "." in name:
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, made)
    return made


def package(name, **contents):
    made = module(name, **contents)
    made.__path__ = []
    return made


def names_of(source, *names):
    return dict((name, getattr(source, name)) for name in names)


def make_modules(library):
    base = names_of(collector, "Collector", "ProcessCollector", "get_hostname", "MAX_COUNTER", "str_to_bool")
    values = names_of(metric, "Metric", "DiamondException")
    package("diamond", **dict(base, **values))
    module("diamond.convertor", **dict(names_of(convertor, "binary", "camelcase_to_underscore"),
                                       time=convertor.time_unit))
    module("diamond.collector", **dict(base, **dict(values, convertor=sys.modules["diamond.convertor"])))
    module("diamond.metric", **values)
    module("diamond.error", DiamondException=metric.DiamondException)
    module("diamond.version", __VERSION__="diamond-agent")
    package("diamond.handler", Handler=handler.Handler)
    module("diamond.handler.Handler", Handler=handler.Handler)
    package("diamond.utils")
    module("diamond.utils.config", str_to_bool=config.str_to_bool, load_config=config.load_config)
    module("diamond.utils.signals", **dict((name, value) for name, value in vars(signals).items() if name[:1] != "_"))
    loading = loaders(library)
    module("diamond.utils.classes", **loading)
    module("diamond.util", get_diamond_version=lambda: "diamond-agent", **dict(
        (name, loading[name]) for name in ("load_class_from_name", "load_modules_from_path")))
    module("diamond.utils.log", DebugFormatter=logging.Formatter,
           setup_logging=lambda configfile, stdout=False: logging.getLogger("diamond"))
    module("diamond.utils.scheduler", collector_process=not_here("the agent schedules the runs"),
           handler_process=not_here("the agent runs the handlers"))
    module("diamond.server", Server=not_here("the agent is the server"))
    module("diamond.pycompat", **compatible_names())
    if not installed("configobj"):
        module("configobj", ConfigObj=config.ConfigObj, Section=config.Section,
               ConfigObjError=config.ConfigObjError, ParseError=config.ConfigObjError)


def installed(name):
    try:
        __import__(name)
        return True
    except ImportError:
        return False


def not_here(why):
    def refuse(*args, **named):
        raise metric.DiamondException("It is not in this process: %s" % why)
    return refuse


def loaders(library):
    """What Diamond loads classes with, for collectors that load others."""
    def load_include_path(paths):
        library.use([os.path.abspath(path) for path in paths if os.path.isdir(path)])

    def load_class_from_name(fqcn):
        name, _, own = fqcn.rpartition(".")
        __import__(name)
        return getattr(sys.modules[name], own)

    def load_dynamic_class(fqn, subclass):
        cls = load_class_from_name(fqn) if isinstance(fqn, str) else fqn
        if cls == subclass or not issubclass(cls, subclass):
            raise TypeError("%s is not a valid %s" % (fqn, subclass.__name__))
        return cls

    def load_modules_from_path(path):
        library.use([os.path.abspath(path)])
        for name in sorted(os.listdir(path)):
            if name.endswith(".py") and not name.startswith(("test", ".")):
                library.load(os.path.join(os.path.abspath(path), name))

    def load_collectors(paths):
        found = {}
        for path in [paths] if isinstance(paths, str) else paths:
            library.use([os.path.abspath(path)])
            for name in sorted(os.listdir(path)):
                inner = os.path.join(os.path.abspath(path), name)
                if os.path.isdir(inner):
                    found.update(load_collectors([inner]))
                elif name.endswith(".py") and not name.startswith(("test", ".")):
                    found.update(collectors_in(library.load(inner)))
        return found

    def initialize_collector(cls, name=None, config=None, handlers=(), configfile=None):
        try:
            return cls(name=name, config=config, handlers=handlers, configfile=configfile)
        except Exception:
            logging.getLogger("diamond").exception("Failed to initialize Collector: %s", name)
            return None
    return {
        "load_include_path": load_include_path, "load_dynamic_class": load_dynamic_class,
        "load_class_from_name": load_class_from_name, "load_modules_from_path": load_modules_from_path,
        "load_collectors": load_collectors, "load_collectors_from_paths": load_collectors,
        "load_collectors_from_entry_point": lambda path: {}, "load_handlers": lambda config, names: [],
        "initialize_collector": initialize_collector, "cls_to_name": lambda cls: cls.__name__,
    }


def collectors_in(made):
    """Every collector that a module has, by its name."""
    found = {}
    for attribute in dir(made):
        value = getattr(made, attribute)
        if (isinstance(value, type) and issubclass(value, collector.Collector)
                and value not in (collector.Collector, collector.ProcessCollector)
                and not attribute.startswith("parent_")):
            found[value.__name__] = value
    return found


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
