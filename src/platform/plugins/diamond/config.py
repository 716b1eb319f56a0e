# What `self.config` is: a ConfigObj as far as collectors use one, and the modules that make one.

import os
import re

from _diamond.stream import TEXT, native

WORDS = {"yes": True, "no": False, "on": True, "off": False, "1": True, "0": False, "true": True, "false": False}
NAME = re.compile(r"%\(([^)]*)\)s")
MAX_DEPTH = 10


class ConfigObjError(SyntaxError):
    def __init__(self, message="", line_number=None, line=""):
        SyntaxError.__init__(self, message)
        self.line_number, self.line = line_number, line


class Section(dict):
    """A dict that knows its place in the whole, and in which order its keys came."""

    def __init__(self, parent=None, depth=0, main=None, indict=None, name=None):
        dict.__init__(self)
        self.parent = self if parent is None else parent
        self.main = self if main is None else main
        self.depth, self.name = depth, name
        self.scalars, self.sections = [], []
        self.defaults, self.comments, self.inline_comments = [], {}, {}
        for key, value in (indict or {}).items():
            self[key] = value

    def __setitem__(self, key, value):
        if isinstance(value, Section):
            self._place(key, self.sections, self.scalars)
        elif isinstance(value, dict):
            self._place(key, self.sections, self.scalars)
            value = Section(self, self.depth + 1, self.main, value, key)
        else:
            self._place(key, self.scalars, self.sections)
        dict.__setitem__(self, key, value)

    def _place(self, key, among, others):
        if key in others:
            others.remove(key)
        if key not in among:
            among.append(key)

    def __getitem__(self, key):
        return self._filled(dict.__getitem__(self, key))

    def _filled(self, value, depth=0):
        """With `%(name)s` put in where there is such a name, from here upwards."""
        if isinstance(value, list):
            return [self._filled(item) for item in value] if any(
                isinstance(item, TEXT) and "%(" in item for item in value) else value
        if not isinstance(value, TEXT) or "%(" not in value or depth > MAX_DEPTH:
            return value
        if not getattr(self.main, "interpolation", True):
            return value

        def found(match):
            section = self
            while True:
                for place in (section, dict.get(section, "DEFAULT")):
                    inner = dict.get(place, match.group(1)) if isinstance(place, dict) else None
                    if isinstance(inner, TEXT):
                        return section._filled(inner, depth + 1)
                if section.parent is section:
                    return match.group(0)
                section = section.parent
        return NAME.sub(found, value)

    def __delitem__(self, key):
        dict.__delitem__(self, key)
        for names in (self.scalars, self.sections):
            if key in names:
                names.remove(key)

    def __iter__(self):
        return iter(self.scalars + self.sections)

    def keys(self):
        return self.scalars + self.sections

    def values(self):
        return [self[key] for key in self]

    def items(self):
        return [(key, self[key]) for key in self]

    iterkeys = __iter__

    def itervalues(self):
        return iter(self.values())

    def iteritems(self):
        return iter(self.items())

    def has_key(self, key):
        return key in self

    def get(self, key, default=None):
        value = dict.get(self, key, default)
        # Most values are plain, and this is asked several times for each metric.
        kind = value.__class__
        if kind is str and "%(" not in value or kind is int or value is None:
            return value
        return self._filled(value)

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other=(), **named):
        for key, value in list(other.items() if hasattr(other, "items") else other) + list(named.items()):
            self[key] = value

    def pop(self, key, *default):
        if key not in self and default:
            return default[0]
        value = self[key]
        del self[key]
        return value

    def popitem(self):
        for key in self:
            return key, self.pop(key)
        raise KeyError("popitem(): the section is empty")

    def clear(self):
        for key in list(self):
            del self[key]

    def copy(self):
        return dict(self.items())

    __copy__ = copy

    def __deepcopy__(self, memo):
        return self.dict()

    def __repr__(self):
        return "{%s}" % ", ".join("%r: %r" % item for item in self.items())

    __str__ = __repr__

    def __reduce__(self):
        return (dict, (self.dict(),))

    def dict(self):
        return dict((key, value.dict() if isinstance(value, Section) else value) for key, value in self.items())

    def merge(self, indict, decoupled=False):
        for key, value in list(indict.items()):
            if isinstance(value, dict) and isinstance(dict.get(self, key), dict):
                self[key].merge(value)
            else:
                self[key] = value

    def rename(self, old, new):
        self[new] = self.pop(old)

    def walk(self, function, raise_errors=True, call_on_sections=False, **keywargs):
        out = {}
        for key in list(self.scalars):
            out[key] = function(self, key, **keywargs)
        for key in list(self.sections):
            if call_on_sections:
                function(self, key, **keywargs)
            out[key] = self[key].walk(function, raise_errors, call_on_sections, **keywargs)
        return out

    def as_bool(self, key):
        value = self[key]
        if isinstance(value, TEXT):
            if value.lower() not in WORDS:
                raise ValueError('Value "%s" is neither True nor False' % value)
            return WORDS[value.lower()]
        if value in (True, False):
            return bool(value)
        raise ValueError('Value "%s" is neither True nor False' % value)

    def as_int(self, key):
        return int(self[key])

    def as_float(self, key):
        return float(self[key])

    def as_list(self, key):
        value = self[key]
        return list(value) if isinstance(value, (tuple, list)) else [value]


class ConfigObj(Section):
    """Reads a file, lines, or a dict."""

    def __init__(self, infile=None, options=None, configspec=None, encoding=None, interpolation=True,
                 raise_errors=False, list_values=True, create_empty=False, file_error=False, **others):
        Section.__init__(self)
        self.interpolation, self.list_values, self.filename = interpolation, list_values, None
        self.errors, self.initial_comment, self.final_comment = [], [], []
        if isinstance(infile, dict):
            self.merge(infile)
        elif isinstance(infile, TEXT):
            self.filename = infile
            if os.path.isfile(infile):
                with open(infile) as file:
                    self._parse(file.read().splitlines())
            elif file_error:
                raise IOError('Config file not found: "%s".' % infile)
        elif infile is not None:
            self._parse(infile.read().splitlines() if hasattr(infile, "read") else list(infile))

    def reload(self):
        if self.filename is None:
            raise ConfigObjError("reload failed, filename is not set.")
        self.clear()
        with open(self.filename) as file:
            self._parse(file.read().splitlines())

    def _parse(self, lines):
        section = self
        at = 0
        while at < len(lines):
            line, number = lines[at].strip(), at + 1
            at += 1
            if line == "" or line.startswith("#"):
                continue
            header = re.match(r"(\[+)\s*(\"[^\"]*\"|'[^']*'|[^'\"\s].*?)\s*(\]+)\s*(#.*)?$", line)
            if header is not None:
                section = self._section(section, header, number, line)
                continue
            assignment = re.match(r"(\"[^\"]*\"|'[^']*'|[^'\"=].*?)\s*=\s*(.*)$", line)
            if assignment is None:
                raise ConfigObjError("Parse error at line %d." % number, number, line)
            key, text = unquoted(assignment.group(1)), assignment.group(2)
            if text[:3] in ('"""', "'''"):
                mark, body = text[:3], text[3:]
                while mark not in body and at < len(lines):
                    body += "\n" + lines[at]
                    at += 1
                section[key] = body.partition(mark)[0]
            else:
                section[key] = value_of(text, self.list_values)

    def _section(self, section, header, number, line):
        depth = len(header.group(1))
        if depth != len(header.group(3)) or depth > section.depth + 1:
            raise ConfigObjError("Cannot compute the section depth at line %d." % number, number, line)
        while section.depth >= depth:
            section = section.parent
        name = unquoted(header.group(2))
        if name in section:
            raise ConfigObjError("Duplicate section name at line %d." % number, number, line)
        section[name] = {}
        return section[name]


ITEM = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[^'\",#][^,#]*)?\s*(,|#.*$|$)")


def unquoted(text):
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def value_of(text, lists=True):
    if not lists:
        return text
    items, at, comma = [], 0, False
    while at < len(text):
        match = ITEM.match(text, at)
        if match is None:
            return text
        if match.group(1) is not None:
            items.append(unquoted(match.group(1).strip()))
        at = match.end()
        if not match.group(2).startswith(","):
            break
        comma = True
    return items if comma else items[0] if items else ""


def str_to_bool(value):
    if not isinstance(value, TEXT):
        return value
    word = value.strip().lower()
    if word in ("true", "t", "yes", "y", "on", "1"):
        return True
    if word in ("false", "f", "no", "n", "off", "0", ""):
        return False
    raise NotImplementedError("Unknown bool %s" % value)


# The agent's own configuration, which this process may not be allowed to read: its path, and its tree.
OWN = {"path": "", "tree": {}, "object": ConfigObj()}


def set_config(path, tree):
    OWN["path"], OWN["tree"] = native(path), native(tree)
    for key in ("server", "handlers", "collectors"):
        OWN["tree"].setdefault(key, {})
    # One for all collectors: of their own they have what they merge from it.
    OWN["object"] = ConfigObj(OWN["tree"])


def is_own(configfile):
    return OWN["path"] != "" and os.path.abspath(configfile) == os.path.abspath(OWN["path"])


def load_config(configfile):
    """The agent has merged all files already; another file stands for itself."""
    if is_own(configfile):
        return ConfigObj(OWN["tree"])
    return ConfigObj(os.path.abspath(configfile), file_error=True)
