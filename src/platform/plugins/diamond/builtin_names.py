# Python 2's built-in functions and types under Python 3, and what source.py puts calls of into a file.

import sys

from _diamond.names import ENCODING

class Reloader(object):
    def __call__(self, one):
        import importlib
        return importlib.reload(one)


def compare(one, other):
    return (one > other) - (one < other)


def executed(path, globals=None, locals=None):
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), globals, locals)


def error(kind, value=None, trace=None):
    """Of `raise kind, value, trace`."""
    if isinstance(value, BaseException):
        made = value
    elif isinstance(kind, BaseException):
        made = kind
    else:
        made = kind() if value is None else kind(*value) if isinstance(value, tuple) else kind(value)
    return made if trace is None else made.with_traceback(trace)


def listed(value):
    """The list that Python 2 had where Python 3 has a view of a dict, or an iterator."""
    return list(value) if isinstance(value, VIEWS) else value


VIEWS = (type({}.keys()), type({}.values()), type({}.items()))


def called(owner, name, *args):
    """Of `owner.iteritems()` and its like, which an object may have itself."""
    if hasattr(owner, name):
        return getattr(owner, name)(*args)
    if name == "has_key":
        return args[0] in owner
    plain = name.replace("iter", "").replace("view", "")
    return iter(getattr(owner, plain)()) if name.startswith("iter") else getattr(owner, plain)()


def divided(one, other):
    if isinstance(one, int) and isinstance(other, int):
        return one // other
    return one / other


def decoded(owner, *args, **named):
    return str(owner) if isinstance(owner, str) else owner.decode(*args, **named)


def builtins_of_old():
    import functools
    return {
        "basestring": str, "unicode": lambda value="", *args: value.decode(*args or ENCODING) if isinstance(
            value, bytes) else str(value),
        "long": int, "xrange": range, "unichr": chr, "raw_input": input, "reduce": functools.reduce, "cmp": compare,
        "intern": sys.intern, "reload": Reloader(), "execfile": executed, "file": open, "buffer": memoryview,
        "apply": lambda function, args=(), named={}: function(*args, **named), "StandardError": Exception,
        "_diamond_error": error, "_diamond_list": listed, "_diamond_call": called, "_diamond_div": divided,
        "_diamond_decode": decoded,
    }


def lists_of_old():
    """Functions that returned lists."""
    def mapped(function, *many):
        import itertools
        if function is None:
            return list(many[0]) if len(many) == 1 else list(itertools.zip_longest(*many))
        return list(map(function, *many)) if len(many) == 1 else [
            function(*one) for one in itertools.zip_longest(*many)]

    def kept(function, many):
        found = list(filter(function, many))
        return "".join(found) if isinstance(many, str) else tuple(found) if isinstance(many, tuple) else found

    def sorted_by(many, cmp=None, key=None, reverse=False):
        import functools
        return sorted(many, key=functools.cmp_to_key(cmp) if cmp is not None else key, reverse=reverse)

    def rounded(value, digits=0):
        import math
        scale = 10.0 ** digits
        return math.copysign(math.floor(abs(value) * scale + 0.5) / scale, value)
    return {"map": mapped, "filter": kept, "zip": lambda *many: list(zip(*many)),
            "range": lambda *args: list(range(*args)), "sorted": sorted_by, "round": rounded}
