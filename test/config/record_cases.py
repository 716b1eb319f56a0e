#!/usr/bin/env python3
"""Records what ConfigObj 5 (Debian: python3-configobj) makes of small files, as cases for our reader.

    python3 test/config/record_cases.py > test/config/cases.json
"""
import itertools
import json
import random
import tempfile

import configobj

WRITTEN = [
    "", "\n\n", "# only a comment\n", "a = 1", "a=1\nb  =  two words  \n", "a =\n", "a = # nothing\n",
    "a = b # c\n", "a = b#c\n", "a = 'b # c' # d\n", 'a = "x, y"\n', "a = x, y\n", "a = x,\n", "a = ,\n", "a = , # none\n",
    "a = x,,y\n", "a = ,x\n", "a = x, 'y, z', \"w\"\n", "a = \"\"\n", "a = '',\n", "a = 'it''s'\n", "a = don't\n",
    "a = \"open\n", "a = 'x' y\n", "a = \"b\"c\"\n", "a = x;y ; z\n", "; no comment here\n", "a: 1\n", "nothing\n",
    "'a=b' = c\n", "\"q\" = 1\n", "= 1\n", "a = b = c\n", "a.b = 1\nc[] = 2\n", "key with blanks = v\n",
    "[s]\na = 1\n", "[ s ]\na = 1\n", "['a]b']\nx = 1\n", "[s] # c\na = 1\n", "[s] x\n", "[a.b]\nc = 1\n[10.0.0.1]\nd = 2\n",
    "[a]\n[[b]]\n[[[c]]]\nx = 1\n[[d]]\ny = 2\n[e]\nz = 3\n", "[a]\n[[[c]]]\nx = 1\n", "[[a]]\n", "[a]]\n", "[a\n", "[a]\nx = 1\n[a]\n",
    "a = 1\na = 2\n", "a = 1\n[a]\n", "[s]\n[[t]]\nx=1\n[[t]]\n", "__proto__ = 1\n[constructor]\n__proto__ = 2\n[[__proto__]]\n",
    "[s]\n__proto__ = x\nhasOwnProperty = y\n", "a = '''one'''\n", "a = '''one\ntwo\n  three''' # end\nb = 1\n", 'a = """x, "y" z"""\n',
    "a = '''open\nb = 1\n", "a = '''x''' y\n", 'a = """\n"""\n', "a = 1\r\nb = 2\r\n", "a = 1\rb = 2\r\n", "\ufeffa = 1\n", "ä = ö, ü\n",
    "x = 1\ny = %(x)s2\n", "x = %(y)s\ny = %(x)s\n", "x = %(nope)s\n", "r = /a\n[s]\np = %(r)s/b, %(r)s/c\n",
    "[s]\n[[DEFAULT]]\nd = 5\n[[t]]\nv = <%(d)s>\n", "v = 100% %d %(x) %%\n", "x = 1, 2\ny = %(x)s\n", "f = %(asctime)-15s\n",
    "x = a\n[s]\nx = b\n[[t]]\ny = %(x)s\n", "a = \\n \\t \\\\ \\\"\n", "a = C:\\dir\\file\n", "    a = 1\n\t[s]\n\t\tb = 2\n",
    "re = ^a{1,3}$\n", "url = http://h:80/p?q=1#f\n", "args = ('/var/log/x.log', 'midnight', 1, 7)\n", "args = ('a,b', 'c')\n",
    "a = x , y ,\n", "a = 'x' , y # c, d\n", "a = \"x\"  # 'y'\n", "a = true\nb = null\nc = 5\n", "a = \"  edge  \"\n", "a\t=\tb\n",
    "[s]\na = 1\n\n\n[[u]]\n# c\nb = 2\n[t]\n", "a = [x]\n", "a = (1, 2)\n", "h = {'a': 1, 'b': 2}\n", "k = v\n[\"s s\"]\nk = w\n",
    "[server]\nhandlers = diamond.handler.graphite.GraphiteHandler, diamond.handler.archive.ArchiveHandler\nuser =\n",
    "[a]\nx = 1\ny\nz = 2\n[[b]\nq = 'open\n",
]

ATOMS = ["a", "b", " ", "=", ",", "'", '"', "#", "[", "]", "\n", "x y", "'''", '"""', "%(a)s", ";"]


def parse(text):
    with tempfile.NamedTemporaryFile(suffix=".conf") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        return configobj.ConfigObj(file.name)


def case(text):
    entry = {"text": text}
    try:
        tree = parse(text)
    except configobj.ConfigObjError as error:
        errors = getattr(error, "errors", None) or [error]
        entry["lines"] = sorted({e.line_number for e in errors})[:1]
        return entry
    try:
        entry["tree"] = tree.dict()
    except configobj.ConfigObjError as error:
        entry["unreadable"] = type(error).__name__
    except TypeError:
        entry["unreadable"] = "TypeError"
    return entry


def fuzz(count, seed=7):
    source = random.Random(seed)
    for _ in range(count):
        yield "".join(source.choice(ATOMS) for _ in range(source.randint(3, 14))) + "\n"


cases = [case(text) for text in itertools.chain(WRITTEN, fuzz(600))]
print(json.dumps(cases, ensure_ascii=False, indent=0))
