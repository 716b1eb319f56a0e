# Compiles a user's file. Python 3 gets what was written for Python 2 in words of its own; lines stay where they are.

import ast
import re
import sys

from _diamond import builtin_names, names
from _diamond.syntax import translated

OLD = sys.version_info[0] < 3
ITERATORS = ("iteritems", "iterkeys", "itervalues", "viewitems", "viewkeys", "viewvalues", "has_key")
GONE = ("basestring", "unicode", "long", "xrange", "raw_input", "unichr", "execfile", "cmp", "reduce", "file")


def compiled(text, path, module):
    """Its tree, and its code."""
    # By its own __future__, not by this file's.
    if OLD:
        tree = compile(text, path, "exec", ast.PyCF_ONLY_AST, True)
        return tree, compile(tree, path, "exec", 0, True)
    isOld = False
    try:
        tree = ast.parse(text, path)
    except SyntaxError as error:
        try:
            tree = ast.parse(translated(decoded(text)), path)
        except SyntaxError:
            raise error
        isOld = True
    isOld = isOld or is_old(tree)
    tree = ast.fix_missing_locations(Renewal(isOld, has_true_division(tree)).visit(tree))
    if module is not None:
        for name, value in builtin_names.builtins_of_old().items():
            module.__dict__.setdefault(name, value)
        if isOld:
            module.__dict__.update(builtin_names.lists_of_old())
    return tree, compile(tree, path, "exec", 0, True)


def decoded(text):
    cookie = re.match(br"(?:[^\n]*\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", text)
    try:
        return text.decode(cookie.group(1).decode("ascii") if cookie else "utf-8").replace("\r\n", "\n")
    except (LookupError, UnicodeDecodeError):
        return text.decode("latin-1").replace("\r\n", "\n")



def is_old(tree):
    """Whether it uses what only Python 2 had, without a way for Python 3."""
    guarded = guarded_in(tree)
    isAware = knows_both(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and node not in guarded:
            if any(names.has(alias.name) and alias.name != "urllib" for alias in node.names):
                return True
        elif isinstance(node, ast.ImportFrom) and node not in guarded:
            module = node.module or ""
            if not node.level and (names.has(module) and not module.startswith("urllib.") and module != "urllib" or
                                   module == "urllib" and any(one.name not in ("parse", "request", "error", "response")
                                                              for one in node.names)):
                return True
            if module == "itertools" and any(one.name[0] == "i" and one.name != "islice" for one in node.names):
                return True
        elif isAware:
            continue
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ITERATORS:
            if len(node.args) == (node.func.attr == "has_key"):
                return True
        elif isinstance(node, ast.Name) and node.id in GONE and isinstance(node.ctx, ast.Load):
            return True
    return False


def knows_both(tree):
    """Whether it asks which Python it has, as what runs under both does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("version_info", "PY2", "PY3"):
            return True
        if isinstance(node, ast.ExceptHandler) and node.type is not None and "NameError" in ast.dump(node.type):
            return True
        if isinstance(node, ast.Import) and any(one.name in ("six", "future") for one in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("six", "future", "builtins"):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "diamond.pycompat":
            return True
    return False


def has_true_division(tree):
    return any(isinstance(node, ast.ImportFrom) and node.module == "__future__" and
               any(one.name == "division" for one in node.names) for node in ast.walk(tree))


def guarded_in(tree):
    """Imports that have another way where they fail."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(catches_imports(handler) for handler in node.handlers):
            other = any(isinstance(one, (ast.Import, ast.ImportFrom))
                        for handler in node.handlers for part in handler.body for one in ast.walk(part))
            if other:
                for part in node.body + node.handlers:
                    found.update(ast.walk(part))
        elif isinstance(node, ast.If) and "version_info" in ast.dump(node.test) or (
                isinstance(node, ast.If) and re.search(r"PY[23]", ast.dump(node.test))):
            for part in node.body + node.orelse:
                found.update(ast.walk(part))
    return found


def catches_imports(handler):
    said = "" if handler.type is None else ast.dump(handler.type)
    return handler.type is None or "ImportError" in said or "ModuleNotFoundError" in said or "'Exception'" in said


def text_node(value):
    return ast.Constant(value=value) if sys.version_info >= (3, 8) else ast.Str(s=value)


class Renewal(ast.NodeTransformer):
    def __init__(self, isOld, dividesTruly):
        self.isOld, self.dividesTruly, self.guarded = isOld, dividesTruly, ()

    def visit_Module(self, tree):
        self.guarded = guarded_in(tree)
        return self.generic_visit(tree)

    def is_replaced(self, name):
        return names.has(name) and name in names.MODULES and (name != "urllib" or self.isOld) or (
            self.isOld and name in names.CHANGED)

    def visit_Import(self, node):
        if node in self.guarded:
            return node
        made = []
        for alias in node.names:
            if self.is_replaced(alias.name):
                inner = ast.alias(name=alias.name, asname=alias.asname)
                full = names.module(alias.name)
                made.append(ast.ImportFrom(module=full.rpartition(".")[0], names=[inner], level=0))
            else:
                made.append(ast.Import(names=[alias]))
        return [ast.copy_location(one, node) for one in made]

    def visit_ImportFrom(self, node):
        if not node.level and node not in self.guarded and node.module and self.is_replaced(node.module):
            node.module = names.module(node.module)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or node.keywords:
            return node
        if function.attr in ITERATORS and len(node.args) == (function.attr == "has_key"):
            return self.help(node, "_diamond_call", function.value, text_node(function.attr), *node.args)
        if self.isOld and function.attr in ("keys", "values", "items") and not node.args:
            return self.help(node, "_diamond_list", node)
        if self.isOld and function.attr == "decode":
            return self.help(node, "_diamond_decode", function.value, *node.args)
        return node

    def visit_Subscript(self, node):
        """`d.keys()[0]` fails in Python 3 wherever it stands."""
        self.generic_visit(node)
        value = node.value
        if (not self.isOld and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and
                value.func.attr in ("keys", "values", "items") and not value.args and not value.keywords):
            node.value = self.help(value, "_diamond_list", value)
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if self.isOld and not self.dividesTruly and isinstance(node.op, ast.Div):
            return self.help(node, "_diamond_div", node.left, node.right)
        return node

    def visit_ExceptHandler(self, node):
        """The name of what was caught outlives its block in Python 2."""
        self.generic_visit(node)
        if self.isOld and node.name:
            name, node.name = node.name, "_diamond_caught"
            kept = ast.Assign(targets=[ast.Name(id=name, ctx=ast.Store())],
                              value=ast.Name(id=node.name, ctx=ast.Load()))
            node.body.insert(0, ast.copy_location(kept, node))
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if node.attr == "maxint" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            node.attr = "maxsize"
        return node

    def help(self, node, name, *args):
        call = ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(args), keywords=[])
        return ast.copy_location(call, node)
