"""Eight numbers at a time: the innermost steps of the searches, written as vector instructions.

Compilers do not vectorize these loops by themselves, since they cannot see that the arrays differ. The
functions are called from compiled code only and check no bounds.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8

_DOUBLE = ir.DoubleType()
_INDEX = ir.IntType(32)
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_UNSET = ir.Constant(_VECTOR, ir.Undefined)


@intrinsic
def offer(typingctx, best, k, points_x, points_y, others_x, others_y, at):  # type: ignore[no-untyped-def]
    """Offer eight others as neighbours to eight points; return the largest k-th distance among the points.

    Parameters
    ----------
    best : float64 (k, 8)
        Smallest max-norm distances of each point so far, ascending down each column; updated.
    k : intp
    points_x, points_y : float64 (8,)
    others_x, others_y : float64 (n,)
    at : intp
        First of the eight others.
    """
    signature = types.float64(best, types.intp, points_x, points_y, others_x, others_y, types.intp)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        arrays = [_data(context, builder, signature.args[i], args[i]) for i in (0, 2, 3, 4, 5)]
        rows, here_x, here_y, there_x, there_y = arrays
        zero = context.get_constant(types.intp, 0)
        x, y = _load(builder, here_x, zero), _load(builder, here_y, zero)
        distances = []
        for lane in range(LANES):
            place = builder.add(args[6], context.get_constant(types.intp, lane))
            dx = builder.fsub(x, _spread(builder, builder.load(builder.gep(there_x, [place]))))
            dy = builder.fsub(y, _spread(builder, builder.load(builder.gep(there_y, [place]))))
            slot = cgutils.alloca_once(builder, _VECTOR)
            builder.store(_larger(builder, _absolute(builder, dx), _absolute(builder, dy)), slot)
            distances.append(slot)
        last = cgutils.alloca_once(builder, _VECTOR)
        builder.store(_load(builder, rows, zero), last)
        # row by row: keep the smaller, hand the larger on to the next row
        with cgutils.for_range(builder, args[1]) as loop:
            start = builder.mul(loop.index, context.get_constant(types.intp, LANES))
            row = _load(builder, rows, start)
            for slot in distances:
                d = builder.load(slot)
                builder.store(_larger(builder, row, d), slot)
                row = _smaller(builder, row, d)
            builder.store(row, _vector_at(builder, rows, start), align=8)
            builder.store(row, last)
        reach = builder.load(last)
        for shift in (4, 2, 1):
            turned = ir.Constant(ir.VectorType(_INDEX, LANES), [(i + shift) % LANES for i in range(LANES)])
            reach = _larger(builder, reach, builder.shuffle_vector(reach, _UNSET, turned))
        return builder.extract_element(reach, _INDEX(0))

    return signature, generate


@intrinsic
def within_of_eight(typingctx, values, at, centre, side, radius, strict):  # type: ignore[no-untyped-def]
    """Count those of the eight values from `at` on with ``side * (value - centre)`` below the radius.

    With side 1.0 or -1.0 this is the very difference that defines a distance. With `strict` False values at
    the radius count too.
    """
    signature = types.intp(values, types.intp, types.float64, types.float64, types.float64, types.boolean)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _load(builder, _data(context, builder, signature.args[0], args[0]), args[1])
        gap = builder.fmul(builder.fsub(v, _spread(builder, args[2])), _spread(builder, args[3]))
        limit = _spread(builder, args[4])
        below = builder.bitcast(builder.fcmp_ordered("<", gap, limit), ir.IntType(LANES))
        upto = builder.bitcast(builder.fcmp_ordered("<=", gap, limit), ir.IntType(LANES))
        bits = builder.zext(builder.select(args[5], below, upto), _INDEX)
        return builder.zext(builder.ctpop(bits), context.get_value_type(types.intp))

    return signature, generate


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _vector_at(builder: Any, data: Any, place: Any) -> Any:
    return builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer())


def _load(builder: Any, data: Any, place: Any) -> Any:
    return builder.load(_vector_at(builder, data, place), align=8)


def _spread(builder: Any, number: Any) -> Any:
    single = builder.insert_element(_UNSET, number, _INDEX(0))
    return builder.shuffle_vector(single, _UNSET, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))


def _absolute(builder: Any, v: Any) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR])
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{LANES}f64")
    return builder.call(function, [v])


def _smaller(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)
