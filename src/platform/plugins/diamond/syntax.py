# Python 2's syntax in Python 3's words, on the lines where it stood.

import re

TOKEN = re.compile(r'''
  (?P<string>[uUbBrR]{0,2}(?:"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
| (?P<comment>\#[^\n]*)
| (?P<newline>\n)
| (?P<join>\\\n)
| (?P<number>0[xX][0-9a-fA-F]+[lL]?|0[bBoO][0-7]+[lL]?|\d+\.?\d*(?:[eE][+-]?\d+)?[lLjJ]?|\.\d+(?:[eE][+-]?\d+)?[jJ]?)
| (?P<name>[A-Za-z_]\w*)
| (?P<space>[ \t\f\r]+)
| (?P<op>\*\*=?|//=?|>>=?|<<=?|<>|!=|==|<=|>=|[-+*/%&|^]=|.)
''', re.X | re.S)
SILENT = ("space", "comment", "newline", "join")


def translated(text):
    tokens = [[match.lastgroup, match.group()] for match in TOKEN.finditer(untabbed(text))]
    keeps_print = re.search(r"^from\s+__future__\s+import\b.*\bprint_function\b", text, re.M) is not None
    for kind_text in tokens:
        plain(kind_text)
    backticks(tokens)
    for statement in statements(tokens):
        change(tokens, statement, keeps_print)
    return "".join(text for _, text in tokens)


def untabbed(text):
    """Python 2 took a tab for as many blanks as lead to the next column of eight."""
    return re.sub(r"(?m)^[ \t]*\t[ \t]*", lambda match: match.group().expandtabs(8), text)


def plain(token):
    kind, text = token
    if kind == "number":
        if text[-1] in "lL":
            text = text[:-1]
        if re.match(r"0\d+$", text) and text.strip("0"):
            text = "0o" + text.lstrip("0") if "8" not in text and "9" not in text else text
        token[1] = text
    elif kind == "string" and text[:2].lower() == "ur":
        token[1] = text[1:]
    elif text == "<>":
        token[1] = "!="


def backticks(tokens):
    isOpen = False
    for token in tokens:
        if token == ["op", "`"]:
            token[1] = ")" if isOpen else "repr("
            isOpen = not isOpen


def statements(tokens):
    """Lists of the places of each simple statement's tokens, without blanks and comments."""
    found, depth = [], 0
    for place, (kind, text) in enumerate(tokens):
        if kind == "op":
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        elif text == "repr(":
            depth += 1
        isEnd = depth <= 0 and (kind == "newline" or text in (";", ":") and kind == "op")
        if isEnd or kind == "newline" and not found:
            # A colon belongs to what it ends.
            if found:
                yield found
            found, depth = [], max(depth, 0)
        elif kind not in SILENT:
            found.append(place)
    if found:
        yield found


def change(tokens, places, keeps_print):
    texts = [tokens[place][1] for place in places]
    first = texts[0]
    commas = [index for index in outer(texts) if texts[index] == ","]
    if first == "print" and not keeps_print and texts[1:2] not in (["="], ["."]):
        change_print(tokens, places, texts, commas)
    elif first == "exec" and not encloses(texts, 1):
        for index in outer(texts):
            if texts[index] == "in":
                tokens[places[index]][1] = ","
                break
        wrap(tokens, places, 0, "exec(")
    elif first == "raise" and commas:
        tokens[places[1]][1] = "_diamond_error(" + tokens[places[1]][1]
        tokens[places[-1]][1] += ")"
    elif first == "except" and commas:
        tokens[places[commas[-1]]][1] = " as"


def change_print(tokens, places, texts, commas):
    if encloses(texts, 1):
        return
    end = ""
    if len(texts) > 1 and texts[-1] == ",":
        tokens[places[-1]][1] = ""
        places, texts, commas = places[:-1], texts[:-1], commas[:-1]
        end = ', end=" "'
    if texts[1:2] == [">>"]:
        last = commas[0] if commas else len(texts)
        target = "".join(tokens[place][1] for place in range(places[2], places[last - 1] + 1))
        for place in range(places[1], places[last - 1] + 1):
            tokens[place][1] = "\n" if tokens[place][0] == "newline" else ""
        if commas:
            tokens[places[commas[0]]][1] = ""
        end = (end + ", file=" if commas else "file=") + target
    wrap(tokens, places, 0, "print(", end + ")")


def wrap(tokens, places, index, begin, end=")"):
    tokens[places[index]][1] = begin
    if len(places) == 1:
        tokens[places[0]][1] += end
    else:
        tokens[places[-1]][1] += end


def outer(texts):
    """The indices that stand in no brackets."""
    depth = 0
    for index, text in enumerate(texts):
        depth -= text in (")", "]", "}")
        if depth == 0:
            yield index
        depth += text in ("(", "[", "{", "repr(")


def encloses(texts, index):
    """Whether all from there on stands in one pair of brackets."""
    if texts[index:index + 1] != ["("]:
        return False
    depth = 0
    for place, text in enumerate(texts[index:], index):
        depth += (text in ("(", "[", "{", "repr(")) - (text in (")", "]", "}"))
        if depth == 0:
            return place == len(texts) - 1
    return False
