# The users' files as modules: found in their folders after Python's own, loaded once, and loaded again
# with all that depends on them when they change. An old module stays alive: its classes may be at work.

import ast
import os
import re
import sys
import types
import zlib

from _diamond import source

OLD = sys.version_info[0] < 3
# A file whose name is taken by a module of Python's is loaded under one of its own.
OWN = "diamond_user_file_"


class Library(object):
    """Finds and loads modules of the users' folders, for Python's import as well."""

    def __init__(self):
        self.folders, self.base = [], list(sys.path)
        # By path: (version of the text, paths that it imports), of each file that was loaded.
        self.loaded = {}
        self.graveyard = []
        # By path: names of modules that the file imports.
        self.wanted = {}

    def use(self, folders):
        for folder in folders:
            if folder not in self.folders:
                self.folders.append(folder)
        sys.path[:] = self.base + self.folders
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def is_elsewhere(self, name):
        """Whether Python, or what is installed, has a module of that name: it goes before the users'."""
        if name in sys.builtin_module_names:
            return True
        if OLD:
            import imp
            try:
                found = imp.find_module(name, self.base)
            except ImportError:
                return False
            if found[0] is not None:
                found[0].close()
            return True
        from importlib.machinery import FrozenImporter, PathFinder
        spec = FrozenImporter.find_spec(name) or PathFinder.find_spec(name, self.base)
        return spec is not None and (spec.loader is not None or spec.submodule_search_locations is None)

    def find(self, fullname, path=None):
        """The user's file that is the module; None where it is none of theirs."""
        if path is None:
            if self.is_elsewhere(fullname):
                return None
            places = self.folders
        else:
            places = [place for place in path if self.has(place)]
        tail = fullname.rpartition(".")[2]
        for place in places:
            for found in (os.path.join(place, tail, "__init__.py"), os.path.join(place, tail + ".py")):
                if os.path.isfile(found):
                    return found
        return None

    def has(self, path):
        return any(path == folder or path.startswith(folder + os.sep) for folder in self.folders)

    # Python 3 asks for a spec, Python 2 for a loader.

    def find_spec(self, fullname, path=None, target=None):
        found = self.find(fullname, path)
        if found is None:
            return None
        from importlib.util import spec_from_file_location
        inner = [os.path.dirname(found)] if found.endswith("__init__.py") else None
        return spec_from_file_location(fullname, found, loader=Loader(self, found), submodule_search_locations=inner)

    def find_module(self, fullname, path=None):
        found = self.find(fullname, path)
        return None if found is None else Loader(self, found)

    def load(self, path):
        """The module of a file."""
        name = os.path.basename(path)[:-3]
        if not re.match(r"[A-Za-z_]\w*$", name) or self.find(name) != path:
            name = OWN + re.sub(r"\W", "_", path)
        if name in sys.modules:
            return sys.modules[name]
        if not name.startswith(OWN):
            return __import__(name)
        module = sys.modules[name] = types.ModuleType(name)
        try:
            self.run(module, path)
        except BaseException:
            sys.modules.pop(name, None)
            raise
        return module

    def run(self, module, path):
        module.__file__ = path
        text = read(path)
        tree, code = source.compiled(text, path, module)
        self.wanted[path] = set(name.split(".")[0] for names, level in imported(tree) if not level for name in names)
        exec(code, module.__dict__)
        self.loaded[path] = (zlib.crc32(text) & 0xffffffff, self.imports(tree, module))

    def imports(self, tree, module):
        """Paths of the users' files that a tree imports."""
        package = getattr(module, "__path__", None)
        found = set()
        for names, level in imported(tree):
            for name in names:
                path = self.path_of(name, level, module, package)
                if path is not None:
                    found.add(path)
        return found

    def path_of(self, name, level, module, package):
        if level:
            folder = os.path.dirname(module.__file__)
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            search = [folder]
        else:
            search = None
        found = None
        for part in name.split("."):
            if not part:
                continue
            if search is None and package and OLD:
                found = self.find(part, package) or self.find(part)
            else:
                found = self.find(part, search)
            if found is None:
                return None
            search = [os.path.dirname(found)]
        return found

    def closure(self, path, seen=None):
        """A file and all of the users' that it needs."""
        seen = set() if seen is None else seen
        if path not in seen:
            seen.add(path)
            for other in self.loaded.get(path, (0, ()))[1]:
                self.closure(other, seen)
        return seen

    def version(self, path):
        """Another one when the file, or what it needs, is another one."""
        version = 0
        for one in sorted(self.closure(path)):
            version = zlib.crc32(("%s %s" % (one, self.loaded.get(one, (0,))[0])).encode("utf-8"), version)
        return version & 0xffffffff

    def forget_changed(self):
        """Takes what has changed, and what needs it, out of Python's modules. Returns them."""
        changed = set(path for path, (version, _) in self.loaded.items() if version_of(path) != version)
        if not changed:
            return {}
        stale = set(path for path in self.loaded if changed & self.closure(path))
        taken = {}
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) in stale and isinstance(module, types.ModuleType):
                taken[name] = (sys.modules.pop(name), self.loaded.get(module.__file__))
        # What was loaded under an old content only is known by its classes, which live on.
        self.graveyard.extend(module for module, _ in taken.values())
        return taken

    def restore(self, taken):
        """Puts back what could not be loaded again: its old version runs on, and others may import it."""
        for name, (module, known) in taken.items():
            if name not in sys.modules:
                sys.modules[name] = module
                parent, _, own = name.rpartition(".")
                if parent in sys.modules:
                    setattr(sys.modules[parent], own, module)

    def missing(self, path):
        """Modules that a file imports, and that are nowhere."""
        return sorted(name for name in self.wanted.get(path, ()) if name and name not in sys.modules
                      and not self.is_elsewhere(name) and self.find(name) is None)


class Loader(object):
    def __init__(self, library, path):
        self.library, self.path = library, path

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.library.run(module, self.path)

    def load_module(self, fullname):
        """Of Python 2."""
        module = types.ModuleType(fullname)
        isPackage = self.path.endswith("__init__.py")
        module.__file__, module.__loader__ = self.path, self
        module.__package__ = fullname if isPackage else fullname.rpartition(".")[0] or None
        if isPackage:
            module.__path__ = [os.path.dirname(self.path)]
        sys.modules[fullname] = module
        try:
            self.library.run(module, self.path)
        except BaseException:
            sys.modules.pop(fullname, None)
            raise
        return sys.modules[fullname]


def imported(tree):
    """Names that a tree imports, and how many folders up they are relative to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield [alias.name for alias in node.names], 0
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            level = node.level or 0
            if base:
                yield [base], level
            yield [(base + "." if base else "") + alias.name for alias in node.names if alias.name != "*"], level


def read(path):
    with open(path, "rb") as file:
        return file.read()


def version_of(path):
    try:
        return zlib.crc32(read(path)) & 0xffffffff
    except (IOError, OSError):
        return None
