"""A torch module as a chain of layers with weights, each with the activation and the pools after it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from particles.neurons.activations import Activation
from particles.neurons.deep.layers import AveragePool
from particles.neurons.embeddings import Embedding
from particles.risk.modules.activations import READ
from particles.risk.modules.fixed import Embedded

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
AveragePools = nn.AvgPool1d | nn.AvgPool2d | nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d
POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
KNOWN = (
    "from_module reads nn.Sequential of Linear, Conv1d, Conv2d, AvgPool1d, AvgPool2d, AdaptiveAvgPool1d and "
    "AdaptiveAvgPool2d, Flatten, Identity, ReLU, LeakyReLU, Tanh, Sigmoid, Softplus, GELU and SiLU"
)
#: What to do about modules whose class has one of these words in its name.
ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Dropout",), "its training is random in a way that no flow here is; take it out"),
    (
        ("BatchNorm", "InstanceNorm", "GroupNorm", "LayerNorm", "RMSNorm", "LocalResponseNorm"),
        "take it out, or fold a trained BatchNorm into the layer before it with torch.nn.utils.fuse_conv_bn_eval",
    ),
    (("Embedding",), "look its rows up beforehand and give them as inputs"),
    (("RNN", "LSTM", "GRU"), "unroll it, or write it as a neuron of your own with feature(theta, x)"),
    (("MaxPool",), "take AvgPool1d or AvgPool2d"),
)
REST = "write the network as one nn.Sequential of these, or as a neuron of your own with feature(theta, x)"


@dataclass(eq=False)
class Block:
    """A layer with weights, and what follows it up to the next one."""

    name: str
    layer: nn.Linear | nn.Conv1d | nn.Conv2d
    activation: Activation | None = None
    pools: list[AveragePool] = field(default_factory=list)

    @property
    def title(self) -> str:
        """How errors name it."""
        return titled(self.name, self.layer)

    @property
    def parameters(self) -> list[Tensor]:
        """Weights, and the bias where there is one."""
        bias = self.layer.bias
        return [self.layer.weight] if bias is None else [self.layer.weight, bias]


@dataclass(eq=False)
class Reading:
    """The layers in order; `pools` stand before the first of them, and `embedding` is a fixed map of the inputs."""

    blocks: list[Block] = field(default_factory=list)
    pools: list[AveragePool] = field(default_factory=list)
    embedding: Embedding | None = None


def titled(name: str, part: nn.Module) -> str:
    """The class of a module with its name in the whole."""
    return f"{type(part).__name__} ({name!r})" if name else type(part).__name__


def read(module: nn.Module) -> Reading:
    """The chain of layers that a module is; raises ValueError, with what to do, for one that is none."""
    reading = Reading()
    axes: int | None = None  # of positions; None before the first layer says, zero where all is flattened
    for name, part in leaves(module):
        title, last = titled(name, part), reading.blocks[-1] if reading.blocks else None
        if isinstance(part, WEIGHTED):
            axes = _axes(title, part, axes)
            reading.blocks.append(Block(name, part))
        elif isinstance(part, POOLS):
            axes = _pool_axes(title, part, axes)
            (reading.pools if last is None else last.pools).append(pool_of(title, part))
        elif isinstance(part, nn.Flatten):
            if (part.start_dim, part.end_dim) != (1, -1):
                raise ValueError(f"{title} flattens axes {part.start_dim} to {part.end_dim}; take nn.Flatten().")
            axes = 0
        elif isinstance(part, Embedded):
            if last is not None or reading.embedding is not None or reading.pools:
                raise ValueError(f"{title} is a fixed map of inputs; put it first.")
            reading.embedding, axes = part.embedding, 0
        elif type(part) in READ:
            if last is None:
                raise ValueError(f"{title} stands before the first layer with weights; apply it to the data instead.")
            if last.activation is not None or last.pools:
                raise ValueError(f"{title} must follow a layer with weights directly, before a pool; move it there.")
            last.activation = READ[type(part)](part)
    _check(reading)
    return reading


def leaves(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The modules of nested nn.Sequential in order, by their names; raises ValueError for any that are not known."""
    for name, part in module.named_modules(remove_duplicate=False):
        title = titled(name, part)
        if part._forward_hooks or part._forward_pre_hooks:
            raise ValueError(f"{title} has hooks, which from_module does not follow; remove them, or fold them in.")
        if isinstance(part, nn.Sequential) and type(part).forward is nn.Sequential.forward:
            continue
        if type(part) not in (*WEIGHTED, *POOLS, nn.Flatten, nn.Identity, Embedded, *READ):
            advice = next((said for words, said in ADVICE if any(word in type(part).__name__ for word in words)), REST)
            raise ValueError(f"{KNOWN}, but {'the module is' if not name else 'it holds'} {title}: {advice}.")
        yield name, part


def pool_of(title: str, pool: AveragePools) -> AveragePool:
    """The pool of a torch module; raises ValueError for one that is no mean over equal blocks."""
    if isinstance(pool, nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d):
        if _each(pool.output_size) != {1}:
            raise ValueError(f"{title} leaves {pool.output_size} positions, but 1 is known; take AvgPool for blocks.")
        return AveragePool()
    sizes = _each(pool.kernel_size)
    plain = _each(pool.padding) == {0} and not pool.ceil_mode and getattr(pool, "divisor_override", None) is None
    size = next(iter(sizes))
    if size is None or len(sizes) != 1 or _each(pool.stride) != sizes or not plain:
        raise ValueError(
            f"{title} is no mean over blocks: its kernel_size must be one number, stride the same, padding 0, "
            "ceil_mode False and divisor_override None."
        )
    return AveragePool(size)


def _each(sizes: int | Sequence[int | None] | None) -> set[int | None]:
    """The different sizes along the axes."""
    return set(sizes) if isinstance(sizes, Sequence) else {sizes}


def _axes(title: str, layer: nn.Module, axes: int | None) -> int:
    """The number of axes of positions above a layer with weights; raises ValueError where it does not fit below."""
    if isinstance(layer, nn.Linear):
        if axes:
            raise ValueError(f"{title} follows a layer with positions; put nn.Flatten() before it.")
        return 0
    own = 1 if isinstance(layer, nn.Conv1d) else 2
    if axes not in (None, own):
        raise ValueError(f"{title} needs positions on {own} axes below, but there are {axes}; put convolutions first.")
    return own


def _pool_axes(title: str, pool: nn.Module, axes: int | None) -> int:
    own = 1 if isinstance(pool, nn.AvgPool1d | nn.AdaptiveAvgPool1d) else 2
    if axes not in (None, own):
        raise ValueError(f"{title} needs positions on {own} axes below, but there are {axes}; pool before flattening.")
    return own


def _check(reading: Reading) -> None:
    """Raise ValueError for a chain that is no network of ours."""
    if not reading.blocks:
        raise ValueError("The module has no layer with weights; it needs a Linear, Conv1d or Conv2d.")
    last = reading.blocks[-1]
    if last.activation is not None:
        raise ValueError(
            f"{type(last.activation).__name__} follows {last.title}, the last layer with weights, but a readout has no "
            "activation; take it off, and put it into the loss."
        )
    parameters = [each for block in reading.blocks for each in block.parameters]
    if len({id(each) for each in parameters}) < len(parameters):
        raise ValueError("Layers of the module share parameters, but every layer of ours has its own; untie them.")
    kinds = {(each.dtype, each.device) for each in parameters}
    if len(kinds) > 1 or parameters[0].dtype not in (torch.float32, torch.float64):
        said = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
        raise ValueError(f"The module's parameters are {said}, but one device and float32 or float64 are needed.")
    if not any(each.requires_grad for each in parameters):
        raise ValueError("No parameter of the module requires a gradient; call module.requires_grad_(), or some of it.")
