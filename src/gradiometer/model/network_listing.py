"""The parameters that torchinfo adds up: the list it makes of modules and containers, replayed.

It lists each module when it is entered, under the container that holds it last, puts containers
that are missing into the list, and adds what a container has beyond the modules under it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from gradiometer.model.network_rows import Row

_ROOT = ""


class _Line:
    """One line of the list, which changes while the list is made, as in the original."""

    def __init__(self, module: str, depth: int, parent: _Line | None) -> None:
        self.module = module
        self.depth = depth
        self.parent = parent
        self.size = 0
        self.is_again = False
        self.under: list[_Line] = []


def count_listed(rows: Sequence[Row], *, bare: Collection[str]) -> int:
    """The parameters that the list of a network adds up to.

    Args:
        rows: The rows of the network, without those that are no modules.
        bare: The paths of rows whose parameters belong to the container they stand in.

    Example:
        >>> from gradiometer.model.network_read import read_network_tree
        >>> from gradiometer.model.network_walk import walk_network
        >>> text = "10 -> one: dense(10); dense(10, tie=one.weight)"
        >>> count_listed(walk_network(read_network_tree(text)), bare=())
        220
    """
    tree = _Tree(rows, bare)
    lines = list(_enter(rows, tree))
    _add_missing(lines, tree)
    for at, line in enumerate(lines):
        line.under = []
        for later in lines[at + 1 :]:
            if later.depth <= line.depth:
                break
            line.under.append(later)
    return sum(max(_left(line, tree), 0) for line in lines if not line.is_again)


def _left(line: _Line, tree: _Tree) -> int:
    if not tree.children.get(line.module):
        return line.size
    return line.size - sum(_left(below, tree) for below in line.under if not below.is_again)


class _Tree:
    """The modules of a network and what holds them, by the path where each stands first."""

    def __init__(self, rows: Sequence[Row], bare: Collection[str]) -> None:
        self.uses = {row.again.item: row.again.of for row in rows if row.again}
        self.bare = bare
        self.children: dict[str, dict[str, str]] = {}
        self.tensors: dict[str, dict[str, int]] = {}
        for row in rows:
            self._hold(row)
        self.sizes: dict[str, int] = {}
        self.lists: dict[str, tuple[int, _Line | None]] = {}
        stack: list[tuple[str, int, _Line | None]] = [(_ROOT, 0, None)]
        while stack:
            module, depth, parent = stack.pop()
            line = _Line(module, depth, parent)
            # The place that is visited last is the one that is kept.
            self.lists[module] = (depth, parent)
            below = self.children.get(module, {}).values()
            stack += [(child, depth + 1, line) for child in reversed(list(below))]

    def find(self, path: str) -> str:
        """The first path of the module that stands at *path*."""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            head = ".".join(parts[:count])
            if head in self.uses:
                return self.find(".".join([self.uses[head], *parts[count:]]))
        return path

    def size(self, module: str) -> int:
        """The parameters in a module, each tensor once."""
        if module not in self.sizes:
            found: dict[str, int] = {}
            stack = [module]
            while stack:
                at = stack.pop()
                found |= self.tensors.get(at, {})
                stack += self.children.get(at, {}).values()
            self.sizes[module] = sum(found.values())
        return self.sizes[module]

    def _hold(self, row: Row) -> None:
        holder = row.path.rpartition(".")[0] if row.path in self.bare else row.path
        if row.again is None:
            names = {t.shared_with or f"{row.path}.{t.name}": t.size for t in row.tensors}
            self.tensors.setdefault(holder, {}).update(names)
        elif not row.again.is_named:
            return
        parts = holder.split(".") if holder else []
        for count in range(1, len(parts) + 1):
            path = ".".join(parts[:count])
            parent = self.find(".".join(parts[: count - 1])) if count > 1 else _ROOT
            self.children.setdefault(parent, {})[parts[count - 1]] = self.find(path)


def _enter(rows: Sequence[Row], tree: _Tree) -> Iterator[_Line]:
    """A line for each module as it is entered, containers before what they hold."""
    seen: set[str] = set()
    inside: list[str] = []
    yield _list_module(_ROOT, tree, seen)
    for row in rows:
        if row.path in tree.bare:
            continue
        parts = row.path.split(".")
        paths = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        for path in paths:
            if path not in inside:
                yield _list_module(tree.find(path), tree, seen)
        inside = paths


def _list_module(module: str, tree: _Tree, seen: set[str]) -> _Line:
    depth, parent = tree.lists[module]
    line = _Line(module, depth, parent)
    line.size, line.is_again = tree.size(module), module in seen
    seen.add(module)
    return line


def _add_missing(lines: list[_Line], tree: _Tree) -> None:
    """Put the container that holds a module before it, where another one stands there."""
    seen = {line.module for line in lines}
    current: dict[int, _Line] = {}
    # The list grows while it is walked, as in the original.
    for at, line in enumerate(lines):
        added = 0
        above: dict[int, _Line] = {}
        parent = line.parent
        while parent is not None and parent.depth > 0:
            above[parent.depth] = parent
            parent = parent.parent
        for depth in range(1, line.depth):
            known = current.get(depth)
            other = known is None or known.module != above[depth].module
            if other and above[depth] is not lines[at + added - 1]:
                above[depth].size = tree.size(above[depth].module)
                above[depth].is_again |= above[depth].module in seen
                lines.insert(at + added, above[depth])
                seen.add(above[depth].module)
                current[depth] = above[depth]
                added += 1
        current[line.depth] = line
        depth = line.depth + 1
        while depth in current:
            current.pop(depth)
            depth += 1
