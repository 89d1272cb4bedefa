"""What is only ever added to u is accumulated onto it, so that no sum is stored twice."""

from dataclasses import replace

from longlag.engine.ir import Buffer, Expr, Kind, Product, Program, Root, Values, topological


def accumulate(program: Program) -> tuple[Program, Buffer | None]:
    """Let a product that is only ever added to columns of u be accumulated onto them.

    Returns:
        The program, and the buffer that holds u plus such products, if there are any.
    """
    u = program.u
    users: dict[Expr, list[Expr | None]] = {}
    for root in program.roots:
        users.setdefault(root.expr, []).append(None)
    for expr in topological([root.expr for root in program.roots]):
        for arg in expr.args:
            users.setdefault(arg, []).append(expr)
    total = Buffer(Kind.SUM, "u_plus", u.width)
    swap: dict[Expr, Expr] = {}
    for p in program.products:
        found = sums_with_u(p, u, users)
        starts = {u_load.column.start - own.column.start for own, u_load, _ in found}
        if p.rows == 1 and len(starts) == 1 and 0 <= min(starts) <= u.width - p.n:  # all of it fits
            p.column = starts.pop()
            swap |= {add: replace(u_load, buffer=total) for _, u_load, add in found}
    if not swap:
        return program, None
    new: dict[Expr, Expr] = {}
    for expr in topological([root.expr for root in program.roots]):
        args = tuple(new[arg] for arg in expr.args)
        same = all(a is b for a, b in zip(args, expr.args, strict=True))
        new[expr] = swap.get(expr) or (expr if same else replace(expr, args=args))

    def renewed(root: Root) -> Root:
        return root._replace(expr=new[root.expr])

    for stage in program.stages:
        if isinstance(stage, Values):
            stage.roots = [renewed(root) for root in stage.roots]
        elif not isinstance(stage, Product):
            stage.root = renewed(stage.root)
    return replace(program, states=[renewed(root) for root in program.states]), total


def sums_with_u(
    p: Product, u: Buffer, users: dict[Expr, list[Expr | None]]
) -> list[tuple[Expr, Expr, Expr]]:
    """Return (column of p, of u, their sum) for all of p, or nothing if it has other uses."""
    found = []
    for load in [e for e in users if e.buffer == p.buffer]:
        for total in users[load]:
            if total is None or total.op != "add":
                return []
            other = total.args[total.args[0] is load]
            alone = other.buffer == u and users[other] == [total]
            if not alone or other.column.strides != load.column.strides:
                return []
            found.append((load, other, total))
    return found
