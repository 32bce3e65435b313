"""Python sources: a function's first doc sentence and its code. Knows nothing of packages."""

import ast
import re
import textwrap
import warnings

from .text import clean, is_text


def read_functions(group, path):
    try:
        source = path.read_text("utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return
    lines = source.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or len(node.body) < 2:
            continue
        doc = ast.get_docstring(node)
        if not doc:
            continue
        sentence = clean(re.split(r"(?<=[.!?])\s|\n\s*\n", doc)[0])[:300]
        signature = lines[node.lineno - 1 : node.body[0].lineno - 1]
        body = lines[node.body[1].lineno - 1 : node.end_lineno]
        code = textwrap.dedent("\n".join(signature + body))[:700]
        if is_text(sentence) and len(sentence) > 15 and len(code) > 60:
            yield group, "code", sentence, code
