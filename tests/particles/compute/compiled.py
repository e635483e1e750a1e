"""Compiles the kernels for GPUs that need not be there and prints what the machine code is like, as JSON."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from particles import Identity, Perceptron, Tanh
from particles.compute import triton_kernels

#: Compute capability, dtype, features, outputs, trained.
TARGETS: list[tuple[int, torch.dtype, int, int, str]] = [
    (80, torch.float32, 20, 3, "both"),
    (90, torch.float64, 20, 3, "both"),
    (90, torch.float32, 2, 1, "hidden"),
]


def compiled(kernel: Any, capability: int, dtype: torch.dtype, constants: dict[str, Any]) -> Any:
    """One kernel as it would be compiled at its first launch."""
    pointer = {torch.float32: "*fp32", torch.float64: "*fp64"}[dtype]
    pointers = {"positions", "factors", "phi", "cotangents", "out"}
    kinds = {name: pointer if name in pointers else "i32" for name in kernel.arg_names}
    kinds |= dict.fromkeys(constants, "constexpr")
    places = {(kernel.arg_names.index(name),): value for name, value in constants.items()}
    return triton.compile(ASTSource(kernel, kinds, places), target=GPUTarget("cuda", capability, 32))


def targets() -> Iterator[dict[str, object]]:
    """For every kernel and target: whether it holds TF32 instructions, and numbers of the other width."""
    for capability, dtype, features, outputs, trained in TARGETS:
        neuron = Perceptron(Tanh(), Identity(features), outputs, trained)
        blocks = triton_kernels.predict_constants(neuron, dtype), triton_kernels.pull_constants(neuron, dtype)
        for kernel, constants in zip((triton_kernels.predict_kernel, triton_kernels.pull_kernel), blocks, strict=True):
            code = compiled(kernel, capability, dtype, constants).asm
            other = {torch.float32: "f64", torch.float64: "f32"}[dtype]
            yield {
                "name": f"{kernel.__name__} {capability} {dtype} D={features} k={outputs}",
                "bytes": len(code["cubin"]),
                "tf32": "tf32" in code["ptx"].replace("allow_tf32", ""),
                "other width": other in code["ttir"],
            }


if __name__ == "__main__":
    print(json.dumps(list({"targets": targets}[sys.argv[1]]())))
