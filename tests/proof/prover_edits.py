"""The edits that make a mutant of a prover, and what is not edited."""

import ast

EFFORT = {"precision": 0, "round_short": 1}
"""What is called with a number of digits to work or to guess with, and which argument that is."""
TEXTS = ("reason", "because", "how", "error")
"""Names of what is only told."""
OTHER = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip


def list_edits(node):
    """The edits of one node: pairs of a name and what takes its place."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        turned = [OTHER[type(node.ops[0])](), *node.ops[1:]]
        yield "turn the comparison", ast.Compare(node.left, turned, node.comparators)
    if isinstance(node, ast.BinOp) and type(node.op) in OTHER:
        yield "change the operation", ast.BinOp(node.left, OTHER[type(node.op)](), node.right)
        yield "drop the second term", node.left
    if isinstance(node, ast.BoolOp):
        yield "and for or", ast.BoolOp(OTHER[type(node.op)](), node.values)
        yield "drop a condition", node.values[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield "drop the sign", node.operand
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield "one more", ast.Constant(node.value + 1)
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "the other truth", ast.Constant(not node.value)
    if isinstance(node, ast.Return) and ast.unparse(node) not in ("return", "return None"):
        yield "return nothing", ast.Return(ast.Constant(None))
    if isinstance(node, ast.IfExp):
        yield "swap the cases", ast.IfExp(node.test, node.orelse, node.body)


def list_untouched(node):
    """What is not edited below a node: annotations, texts of errors, and search effort."""
    if isinstance(node, ast.Module):
        return [row for row in node.body if isinstance(row, ast.Assign | ast.AnnAssign)]
    if isinstance(node, ast.FunctionDef):
        return [node.returns, node.args, *node.decorator_list]
    if isinstance(node, ast.ClassDef):
        return node.decorator_list
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.args[EFFORT.get(node.func.id, len(node.args)) :]
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return [node.value]
    if isinstance(node, ast.Compare) and "_MOST" in ast.unparse(node):
        return [node]
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in TEXTS:
        return [node]
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.ImportFrom | ast.Assert):
        return [node]
    return []


def list_places(tree):
    """The nodes that may be edited."""
    parts = [part for node in ast.walk(tree) for part in list_untouched(node) if part]
    skipped = {id(node) for part in parts for node in ast.walk(part)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr | ast.stmt)]
    return [node for node in nodes if id(node) not in skipped]


def replace_node(text, node, other):
    """The text of a module with one node written anew, and the lines around it kept."""
    lines = text.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    other = ast.fix_missing_locations(ast.copy_location(other, node))
    new = ast.unparse(other)
    new = new if isinstance(node, ast.stmt) else f"({new})"
    whole = text.encode()
    return (whole[:start] + new.encode() + whole[end:]).decode()
