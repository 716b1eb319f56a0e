# Compiles a user's file. Python 3 gets what was written for Python 2 in words of its own.

import ast


def compiled(text, path, module):
    """Its tree, and its code."""
    # Its own __future__, not this file's.
    tree = compile(text, path, "exec", ast.PyCF_ONLY_AST, True)
    return tree, compile(tree, path, "exec", 0, True)


def is_renamed(name):
    return False
