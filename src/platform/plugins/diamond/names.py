# Python 2's modules and names under Python 3, for files that were written for it: `import urllib2` there becomes
# `import _old.urllib2`. Nobody else sees them: libraries that know both Pythons choose as they always did.

import sys
import types

PACKAGE = "_old"
ENCODING = ("utf-8", "surrogateescape")


class Text(str):
    """Bytes of Python 2: a text that can be decoded once more."""

    def decode(self, *args, **named):
        return str(self)


def text(value):
    return Text(value.decode(*ENCODING)) if isinstance(value, (bytes, bytearray)) else value


def octets(value):
    return value.encode(*ENCODING) if isinstance(value, str) else value


class Reply(object):
    """A response whose content is text, as all was in Python 2."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)

    def read(self, *args):
        return text(self._real.read(*args))

    def readline(self, *args):
        return text(self._real.readline(*args))

    def readlines(self, *args):
        return [text(line) for line in self._real.readlines(*args)]

    def getheader(self, name, default=None):
        return self._real.headers.get(name, default)

    def __iter__(self):
        return (text(line) for line in self._real)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self._real.close()


def overlay(real, **more):
    """A copy of a module, with more in it."""
    return dict(((name, value) for name, value in vars(real).items() if not name.startswith("__")), **more)


def urllib_names():
    import urllib.error
    import urllib.parse
    import urllib.request
    names = overlay(urllib.parse)
    names.update(overlay(urllib.request))
    names.update(overlay(urllib.error))

    class Request(urllib.request.Request):
        def __init__(self, url, data=None, *args, **named):
            urllib.request.Request.__init__(self, url, octets(data), *args, **named)

        def add_data(self, data):
            self.data = octets(data)

        def get_data(self):
            return self.data

        def get_host(self):
            return self.host

    class OpenerDirector(urllib.request.OpenerDirector):
        pass

    def urlopen(url, data=None, *args, **named):
        return Reply(urllib.request.urlopen(url, octets(data), *args, **named))

    def build_opener(*handlers):
        opener = urllib.request.build_opener(*handlers)
        real = opener.open
        # What install_opener is given goes on to be asked for bytes.
        opener.open = lambda url, data=None, *args, **named: Reply(real(url, octets(data), *args, **named))
        opener.real_open = real
        return opener

    def install_opener(opener):
        opener.open = getattr(opener, "real_open", opener.open)
        urllib.request.install_opener(opener)
    names.update(Request=Request, urlopen=urlopen, build_opener=build_opener, install_opener=install_opener,
                 OpenerDirector=OpenerDirector, request=urllib.request, parse=urllib.parse, error=urllib.error)
    return names


def httplib_names():
    import http.client

    def made(base):
        class Connection(base):
            def getresponse(self, *args, **named):
                return Reply(base.getresponse(self))
        Connection.__name__ = base.__name__
        return Connection
    return overlay(http.client, HTTPConnection=made(http.client.HTTPConnection),
                   HTTPSConnection=made(http.client.HTTPSConnection))


def subprocess_names():
    import subprocess

    def textual(named):
        isText = not any(named.get(name) for name in ("universal_newlines", "text", "encoding"))
        return dict(named, encoding=ENCODING[0], errors=ENCODING[1]) if isText else named

    class Popen(subprocess.Popen):
        def __init__(self, *args, **named):
            subprocess.Popen.__init__(self, *args, **textual(named))
    return overlay(subprocess, Popen=Popen,
                   check_output=lambda *args, **named: subprocess.check_output(*args, **textual(named)))


def commands_names():
    import subprocess
    return {"getoutput": subprocess.getoutput, "getstatusoutput": subprocess.getstatusoutput}


def socket_names():
    import socket

    class Socket(socket.socket):
        def send(self, data, *args):
            return socket.socket.send(self, octets(data), *args)

        def sendall(self, data, *args):
            return socket.socket.sendall(self, octets(data), *args)

        def sendto(self, data, *args):
            return socket.socket.sendto(self, octets(data), *args)

        def recv(self, *args):
            return text(socket.socket.recv(self, *args))

        def recvfrom(self, *args):
            data, address = socket.socket.recvfrom(self, *args)
            return text(data), address

        def makefile(self, mode="r", *args, **named):
            return socket.socket.makefile(self, mode.replace("b", "") or "r", encoding=ENCODING[0],
                                          errors=ENCODING[1])

    def create_connection(address, *args, **named):
        real = socket.create_connection(address, *args, **named)
        timeout = real.gettimeout()
        made = Socket(real.family, real.type, real.proto, fileno=real.detach())
        made.settimeout(timeout)
        return made
    return overlay(socket, socket=Socket, SocketType=Socket, create_connection=create_connection)


def string_names():
    import string
    plain = ("upper", "lower", "strip", "lstrip", "rstrip", "split", "rsplit", "replace", "find", "rfind", "count",
             "capitalize", "swapcase", "zfill", "ljust", "rjust", "center", "translate", "expandtabs", "index")

    def by_method(name):
        return lambda value, *args: getattr(value, name)(*args)
    functions = dict((name, by_method(name)) for name in plain)
    return overlay(string, letters=string.ascii_letters, lowercase=string.ascii_lowercase, atoi=int, atof=float,
                   uppercase=string.ascii_uppercase, join=lambda words, sep=" ": sep.join(words),
                   joinfields=lambda words, sep=" ": sep.join(words), atol=int, maketrans=str.maketrans, **functions)


def types_names():
    return overlay(types, StringType=str, UnicodeType=str, StringTypes=(str,), IntType=int, LongType=int,
                   FloatType=float, BooleanType=bool, ListType=list, TupleType=tuple, DictType=dict,
                   DictionaryType=dict, NoneType=type(None), ObjectType=object, TypeType=type, ClassType=type,
                   FileType=open, InstanceType=object)


def itertools_names():
    import itertools
    return overlay(itertools, izip=zip, imap=map, ifilter=filter, izip_longest=itertools.zip_longest,
                   ifilterfalse=itertools.filterfalse)


def base64_names():
    import base64

    def through(function):
        return lambda value, *args, **named: text(function(octets(value), *args, **named))
    names = dict((name, through(getattr(base64, name))) for name in (
        "b64encode", "b64decode", "urlsafe_b64encode", "urlsafe_b64decode", "standard_b64encode"))
    return overlay(base64, encodestring=through(base64.encodebytes), decodestring=through(base64.decodebytes), **names)


def hashlib_names():
    import hashlib

    class Hash(object):
        def __init__(self, real, data):
            self._real = real
            self.update(data)

        def update(self, data):
            self._real.update(octets(data))

        def __getattr__(self, name):
            return getattr(self._real, name)

    def made(name):
        return lambda data="": Hash(hashlib.new(name), data)
    names = dict((name, made(name)) for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"))
    return overlay(hashlib, new=lambda name, data="": Hash(hashlib.new(name), data), **names)


def config_names():
    import configparser

    class Parser(configparser.ConfigParser):
        def __init__(self, defaults=None, dict_type=dict, allow_no_value=False, **named):
            configparser.ConfigParser.__init__(self, defaults, dict_type, allow_no_value, strict=False, **named)

        def readfp(self, file, filename=None):
            self.read_file(file, filename)

    class RawParser(configparser.RawConfigParser):
        def __init__(self, defaults=None, dict_type=dict, allow_no_value=False, **named):
            configparser.RawConfigParser.__init__(self, defaults, dict_type, allow_no_value, strict=False, **named)

        readfp = Parser.readfp
    return overlay(configparser, ConfigParser=Parser, SafeConfigParser=Parser, RawConfigParser=RawParser)


def io_names():
    import io

    class StringIO(io.StringIO):
        def __init__(self, value=""):
            io.StringIO.__init__(self, text(value))

        def write(self, value):
            return io.StringIO.write(self, text(value))
    return {"StringIO": StringIO, "InputType": StringIO, "OutputType": StringIO}


def pickle_names():
    import pickle
    return overlay(pickle, loads=lambda data, **named: pickle.loads(octets(data), **named))


def collections_names():
    import collections
    import collections.abc
    return overlay(collections, **dict((name, getattr(collections.abc, name)) for name in collections.abc.__all__))


def exceptions_names():
    import builtins
    return dict((name, value) for name, value in vars(builtins).items()
                if isinstance(value, type) and issubclass(value, BaseException))


def renamed(*names):
    """What is only called otherwise."""
    def make():
        contents = {}
        for name in names:
            __import__(name)
            contents.update(overlay(sys.modules[name]))
        return contents
    return make


def user_dict():
    import collections
    return {"UserDict": collections.UserDict, "IterableUserDict": collections.UserDict, "UserList": collections.UserList,
            "UserString": collections.UserString, "DictMixin": collections.abc.MutableMapping}


MODULES = {
    "urllib": urllib_names, "urllib2": urllib_names, "urlparse": renamed("urllib.parse"), "httplib": httplib_names,
    "Queue": renamed("queue"), "StringIO": io_names, "cStringIO": io_names, "ConfigParser": config_names,
    "cPickle": pickle_names, "xmlrpclib": renamed("xmlrpc.client"), "SimpleXMLRPCServer": renamed("xmlrpc.server"),
    "DocXMLRPCServer": renamed("xmlrpc.server"), "BaseHTTPServer": renamed("http.server"),
    "SimpleHTTPServer": renamed("http.server"), "CGIHTTPServer": renamed("http.server"),
    "SocketServer": renamed("socketserver"), "HTMLParser": renamed("html", "html.parser"),
    "htmlentitydefs": renamed("html.entities"), "cookielib": renamed("http.cookiejar"),
    "Cookie": renamed("http.cookies"), "commands": commands_names, "thread": renamed("_thread"),
    "dummy_thread": renamed("_thread"), "robotparser": renamed("urllib.robotparser"), "copy_reg": renamed("copyreg"),
    "repr": renamed("reprlib"), "__builtin__": renamed("builtins"), "exceptions": exceptions_names,
    "UserDict": user_dict, "UserList": user_dict, "UserString": user_dict, "sets": lambda: {"Set": set, "ImmutableSet": frozenset},
    "md5": lambda: {"new": hashlib_names()["md5"], "md5": hashlib_names()["md5"]},
    "sha": lambda: {"new": hashlib_names()["sha1"], "sha": hashlib_names()["sha1"]},
    "anydbm": renamed("dbm"), "whichdb": renamed("dbm"),
}
# Those that are there still, and have lost something: only for files that are Python 2's for certain.
CHANGED = {
    "subprocess": subprocess_names, "socket": socket_names, "string": string_names, "types": types_names,
    "itertools": itertools_names, "base64": base64_names, "hashlib": hashlib_names, "collections": collections_names,
}


def module(name):
    """Makes the module when it is first imported. Returns its full name."""
    full = "%s.%s" % (PACKAGE, name)
    if full not in sys.modules:
        package = sys.modules.setdefault(PACKAGE, types.ModuleType(PACKAGE))
        package.__path__ = []
        made = types.ModuleType(full)
        made.__dict__.update((MODULES.get(name) or CHANGED[name])())
        sys.modules[full] = made
        setattr(package, name, made)
    return full


def has(name):
    root = name.split(".")[0]
    return sys.version_info[0] > 2 and root in MODULES
