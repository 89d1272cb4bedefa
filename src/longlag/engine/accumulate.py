"""What is only ever added to u is accumulated onto it, so that no sum is stored twice."""

from dataclasses import replace

from longlag.engine.ir import Expr, Product, Program


def fold(program: Program) -> Program:
    """Let a product that is only ever added to columns of u be accumulated onto them."""
    everything = [*program.states, *(root for s in program.stages for root in s.roots)]
    uses: dict[Expr, set[Expr | None]] = {root.expr: {None} for root in everything}
    for expr in topological([root.expr for root in everything]):
        for arg in expr.args if expr.op not in ("load", "number") else ():
            uses.setdefault(arg, set()).add(expr)
    swap: dict[Expr, Expr] = {}
    for p in program.products:
        found = _sums(p, uses)
        columns = {u.args[1] - m.args[1] for m, u, _ in found}
        if len(columns) == 1 and 0 <= min(columns) <= program.widths["u"] - p.n:  # all of it fits
            p.column = columns.pop()
            swap |= {total: Expr("load", ("a", u.args[1], False)) for _, u, total in found}
    if not swap:
        return program
    memo: dict[Expr, Expr] = {}

    def new(expr: Expr) -> Expr:
        if expr not in memo:
            args = expr.args if expr.op in ("load", "number") else tuple(map(new, expr.args))
            memo[expr] = swap.get(expr) or Expr(expr.op, args)
        return memo[expr]

    for stage in program.stages:
        stage.roots = [root._replace(expr=new(root.expr)) for root in stage.roots]
    kept = {b: w for b, w in program.widths.items() if _kept(b, program)}
    states = [root._replace(expr=new(root.expr)) for root in program.states]
    return replace(program, widths=kept | {"a": kept["u"]}, states=states)


def _kept(buffer: str, program: Program) -> bool:
    """Whether `buffer` still has to exist once products are folded."""
    return all(p.buffer != buffer or p.column is None for p in program.products)


def _sums(p: Product, uses: dict[Expr, set[Expr | None]]) -> list[tuple[Expr, Expr, Expr]]:
    """(column of p, column of u, their sum) for all of p, or nothing if it has other uses."""
    found = []
    for load in [e for e in uses if e.op == "load" and e.args[0] == p.buffer]:
        for total in uses[load]:
            if total is None or total.op != "add":
                return []
            u = total.args[total.args[0] == load]
            if u.op != "load" or u.args[0] != "u" or uses[u] != {total}:
                return []
            found.append((load, u, total))
    return found


def topological(roots: list[Expr]) -> list[Expr]:
    """Every expression under `roots` once, arguments first."""
    order: dict[Expr, None] = {}

    def visit(expr: Expr) -> None:
        if expr not in order:
            for arg in expr.args if expr.op not in ("load", "number") else ():
                visit(arg)
            order[expr] = None

    for root in roots:
        visit(root)
    return list(order)
