# mypy: disable-error-code="no-untyped-call"
"""Vectors of a few times 16 floats that stay in the processor's registers: the words of the ALS kernel.

A `vector` is a numba tuple of 16-lane registers; its length is fixed when the kernel is compiled. Written as
plain loops the same kernel runs three to eight times slower: LLVM splits them into narrow loops and goes
through memory for each sum. On a processor without 512-bit registers LLVM splits each of ours into two.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import models, register_model

# What it decorates is called with other arguments than it declares: numba's types cannot say so.
intrinsic: Any = numba_intrinsic

LANES = 16
_REGISTER = ir.VectorType(ir.FloatType(), LANES)
_BYTE_POINTER = ir.IntType(8).as_pointer()
# Sums may be taken in any order and products joined to them: that is what makes them vectors.
_FAST = ("fast",)


class Lanes(types.Type):
    """numba's type of one register."""

    def __init__(self) -> None:
        super().__init__("Lanes16")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _REGISTER)


_LANES = Lanes()


def _number(value: int) -> ir.Constant:
    return ir.Constant(ir.IntType(32), value)


def _spots(context: Any, builder: Any, signature: Any, arguments: Any, n_registers: int) -> list[Any]:
    """Pointers to the registers of row `arguments[1]` of the C-ordered float32 matrix `arguments[0]`."""
    matrix = context.make_array(signature.args[0])(context, builder, arguments[0])
    row = context.cast(builder, arguments[1], signature.args[1], types.intp)
    stride = cgutils.unpack_tuple(builder, matrix.strides, 2)[0]
    start = builder.gep(builder.bitcast(matrix.data, _BYTE_POINTER), [builder.mul(row, stride)])
    first = builder.bitcast(start, _REGISTER.as_pointer())
    return [builder.gep(first, [_number(k)]) for k in range(n_registers)]


def _splat(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Put the number `arguments[0]` into all lanes of a register."""
    number = context.cast(builder, arguments[0], signature.args[0], types.float32)
    empty = ir.Constant(_REGISTER, ir.Undefined)
    one = builder.insert_element(empty, number, _number(0))
    return builder.shuffle_vector(one, empty, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


@intrinsic(prefer_literal=True)
def load(_typing: Any, matrix: Any, row: Any, n_registers: Any) -> Any:
    """Row `row` of `matrix` as a vector."""
    size = n_registers.literal_value
    vector = types.UniTuple(_LANES, size)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        spots = _spots(context, builder, signature, arguments, size)
        return context.make_tuple(builder, vector, [builder.load(spot, align=4) for spot in spots])

    return vector(matrix, row, n_registers), generate


@intrinsic(prefer_literal=True)
def prefetch(_typing: Any, matrix: Any, row: Any, n_registers: Any) -> Any:
    """Ask for row `row` of `matrix` ahead of its use."""
    size = n_registers.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        shape = ir.FunctionType(ir.VoidType(), [_BYTE_POINTER, *[ir.IntType(32)] * 3])
        function = cgutils.get_or_insert_function(builder.module, shape, "llvm.prefetch.p0")
        for spot in _spots(context, builder, signature, arguments, size):
            for_reading, into_all_caches, data = _number(0), _number(3), _number(1)
            place = builder.bitcast(spot, _BYTE_POINTER)
            builder.call(function, [place, for_reading, into_all_caches, data])
        return context.get_dummy_value()

    return types.void(matrix, row, n_registers), generate


@intrinsic
def store(_typing: Any, matrix: Any, row: Any, vector: Any) -> Any:
    """Write `vector` into row `row` of `matrix`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        registers = cgutils.unpack_tuple(builder, arguments[2], len(vector))
        spots = _spots(context, builder, signature, arguments, len(vector))
        for register, spot in zip(registers, spots, strict=True):
            builder.store(register, spot, align=4)
        return context.get_dummy_value()

    return types.void(matrix, row, vector), generate


@intrinsic(prefer_literal=True)
def fill(_typing: Any, number: Any, n_registers: Any) -> Any:
    """Make a vector of the same `number` everywhere."""
    size = n_registers.literal_value
    vector = types.UniTuple(_LANES, size)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_tuple(builder, vector, [_splat(context, builder, signature, arguments)] * size)

    return vector(number, n_registers), generate


@intrinsic
def plus(_typing: Any, total: Any, number: Any, vector: Any) -> Any:
    """Give total + number * vector."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        factor = _splat(context, builder, signature.replace(args=signature.args[1:]), arguments[1:])
        totals = cgutils.unpack_tuple(builder, arguments[0], len(total))
        registers = cgutils.unpack_tuple(builder, arguments[2], len(vector))
        sums = [
            builder.fadd(t, builder.fmul(factor, r, flags=_FAST), flags=_FAST)
            for t, r in zip(totals, registers, strict=True)
        ]
        return context.make_tuple(builder, total, sums)

    return total(total, number, vector), generate


def _lane_by_lane(instruction: str) -> Any:
    """Make the intrinsic that joins two vectors lane by lane."""

    def join(_typing: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            ones = cgutils.unpack_tuple(builder, arguments[0], len(one))
            others = cgutils.unpack_tuple(builder, arguments[1], len(other))
            apply = getattr(builder, instruction)
            joined = [apply(a, b, flags=_FAST) for a, b in zip(ones, others, strict=True)]
            return context.make_tuple(builder, one, joined)

        return one(one, other), generate

    join.__name__ = join.__qualname__ = instruction
    return intrinsic(join)


times = _lane_by_lane("fmul")
over = _lane_by_lane("fdiv")


@intrinsic
def dot(_typing: Any, one: Any, other: Any) -> Any:
    """Scalar product of two vectors."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        ones = cgutils.unpack_tuple(builder, arguments[0], len(one))
        others = cgutils.unpack_tuple(builder, arguments[1], len(other))
        sums = [builder.fmul(a, b, flags=_FAST) for a, b in zip(ones, others, strict=True)]
        while len(sums) > 1:  # in pairs: a short chain of dependent additions
            pairs = [builder.fadd(a, b, flags=_FAST) for a, b in zip(sums[::2], sums[1::2], strict=False)]
            sums = pairs + sums[len(pairs) * 2 :]
        shape = ir.FunctionType(ir.FloatType(), [ir.FloatType(), _REGISTER])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        function = cgutils.get_or_insert_function(builder.module, shape, name)
        return builder.call(function, [ir.Constant(ir.FloatType(), 0.0), sums[0]], fastmath=_FAST)

    return types.float32(one, other), generate
