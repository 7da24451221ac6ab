"""Drawings of nets.

Graphviz draws where it is installed; else this package itself does, as SVG or PNG.
`get_pydot_graph` needs pydot.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Optional

from google.protobuf import text_format

from . import _caffe
from .proto import caffe_pb2

LAYER_STYLE_DEFAULT = {"shape": "record", "fillcolor": "#6495ED", "style": "filled"}
NEURON_LAYER_STYLE = {"shape": "record", "fillcolor": "#90EE90", "style": "filled"}
BLOB_STYLE = {"shape": "octagon", "fillcolor": "#E0E0E0", "style": "filled"}


def get_pooling_types_dict() -> dict[int, str]:
    """Names of pooling methods by number."""
    return {
        value.number: value.name
        for value in caffe_pb2.PoolingParameter.PoolMethod.DESCRIPTOR.values
    }


def get_edge_label(layer) -> str:
    """What stands beside the line from a layer to its tops: batch size or number of outputs."""
    if layer.type == "Data":
        return f"Batch {layer.data_param.batch_size}"
    if layer.type in ("Convolution", "Deconvolution"):
        return str(layer.convolution_param.num_output)
    if layer.type == "InnerProduct":
        return str(layer.inner_product_param.num_output)
    return '""'


def get_layer_lr_mult(layer) -> tuple[float, float]:
    """The learning rate multipliers of a convolution's or inner product's weights and biases."""
    if layer.type not in ("Convolution", "Deconvolution", "InnerProduct"):
        raise ValueError(f"{layer.type} layers do not have a learning rate multiplier")
    if len(layer.param) > 2:
        raise ValueError(f"{layer.name} has {len(layer.param)} param, for weights and biases")
    of_weights, of_biases = ([param.lr_mult for param in layer.param] + [1.0, 1.0])[:2]
    return of_weights, of_biases


def get_layer_label(layer, rankdir: str, display_lrm: bool = False) -> str:
    """The text in a layer's box, in quotation marks: name, type, kernel and learning rates."""
    # Boxes are read across or down, and there is more room in the other direction.
    separator = " " if rankdir in ("TB", "BT") else r"\n"
    kind = layer.type
    if kind == "Pooling":
        kind += " " + get_pooling_types_dict()[layer.pooling_param.pool]
    lines = [_escaped(layer.name), f"({_escaped(kind)})"]
    if layer.type == "Pooling":
        pooling = layer.pooling_param
        lines += _window(pooling.kernel_size, pooling.stride, pooling.pad)
    elif layer.type in ("Convolution", "Deconvolution"):
        convolution = layer.convolution_param
        lines += _window(
            (list(convolution.kernel_size) or [1])[0],
            (list(convolution.stride) or [1])[0],
            (list(convolution.pad) or [0])[0],
        )
    if display_lrm and layer.type in ("Convolution", "Deconvolution", "InnerProduct"):
        rates = get_layer_lr_mult(layer)
        if any(rates):
            lines.append("lr mult: {:.1f}, {:.1f}".format(*rates))
    return '"' + separator.join(lines) + '"'


def _window(kernel: int, stride: int, pad: int) -> list[str]:
    return [f"kernel size: {kernel}", f"stride: {stride}", f"pad: {pad}"]


def _escaped(text: str) -> str:
    """The text without a meaning of its own to Graphviz."""
    return re.sub(r'([\\"{}|<>])', r"\\\1", text)


def choose_color_by_layertype(layertype: str) -> str:
    """The colour of a layer's box."""
    colors = {
        "Convolution": "#FF5050",
        "Deconvolution": "#FF5050",
        "Pooling": "#FF9900",
        "InnerProduct": "#CC33FF",
    }
    return colors.get(layertype, LAYER_STYLE_DEFAULT["fillcolor"])


def _is_included(layer, phase: Optional[int]) -> bool:
    """Whether a layer's rules let it take part in a phase, or in any if that is None."""
    if phase is None:
        return True
    if layer.include and layer.exclude:
        raise ValueError(f"layer {layer.name} has both include and exclude specified.")
    if layer.include:
        return any(not rule.HasField("phase") or rule.phase == phase for rule in layer.include)
    return not any(rule.HasField("phase") and rule.phase == phase for rule in layer.exclude)


_Graph = tuple[dict[str, dict[str, Any]], list[tuple[str, str, dict[str, Any]]]]


def _graph(net, rankdir: str, label_edges: bool, phase: Optional[int], display_lrm: bool) -> _Graph:
    """Attributes of nodes by name, and edges; names and attributes are as Graphviz reads them."""
    nodes: dict[str, dict[str, Any]] = {}
    edges: list[tuple[str, str, dict[str, Any]]] = []

    def blob(name: str) -> str:
        node = f'"{_escaped(name)}_blob"'
        nodes[node] = {"label": f'"{_escaped(name)}"', **_quoted(BLOB_STYLE)}
        return node

    for layer in net.layer:
        if not _is_included(layer, phase):
            continue
        node = f'"{_escaped(layer.name)}_{_escaped(layer.type)}"'
        style = {**LAYER_STYLE_DEFAULT, "fillcolor": choose_color_by_layertype(layer.type)}
        if len(layer.bottom) == 1 and list(layer.bottom) == list(layer.top):
            style = NEURON_LAYER_STYLE
        nodes[node] = {"label": get_layer_label(layer, rankdir, display_lrm), **_quoted(style)}
        edges += [(blob(name), node, {"label": '""'}) for name in layer.bottom]
        label = get_edge_label(layer) if label_edges else '""'
        label = '"' + label.strip('"') + '"'
        edges += [(node, blob(name), {"label": label}) for name in layer.top]
    return nodes, edges


def _quoted(style: dict[str, str]) -> dict[str, str]:
    return {name: f'"{value}"' for name, value in style.items()}


def get_pydot_graph(
    caffe_net,
    rankdir: str,
    label_edges: bool = True,
    phase: Optional[int] = None,
    display_lrm: bool = False,
) -> Any:
    """The graph of a NetParameter as a `pydot.Dot`: a box for each layer, an octagon for each blob.

    `rankdir` is LR (left to right), RL, TB (top to bottom) or BT; `phase` leaves out layers of the
    other phase.
    """
    try:
        import pydot
    except ImportError as error:
        raise ImportError(
            "get_pydot_graph needs pydot (pip install pydot); draw_net does without."
        ) from error
    nodes, edges = _graph(caffe_net, rankdir, label_edges, phase, display_lrm)
    graph = pydot.Dot(
        f'"{_escaped(caffe_net.name or "Net")}"', graph_type="digraph", rankdir=rankdir
    )
    for name, attributes in nodes.items():
        graph.add_node(pydot.Node(name, **attributes))
    for source, target, attributes in edges:
        graph.add_edge(pydot.Edge(source, target, **attributes))
    return graph


def _dot_lines(net, rankdir: str, phase: Optional[int], display_lrm: bool) -> Iterator[str]:
    nodes, edges = _graph(net, rankdir, True, phase, display_lrm)
    yield f'digraph "{_escaped(net.name or "Net")}" {{'
    yield f"rankdir={rankdir};"
    for name, attributes in nodes.items():
        yield f"{name} [{_listed(attributes)}];"
    for source, target, attributes in edges:
        yield f"{source} -> {target} [{_listed(attributes)}];"
    yield "}"


def _listed(attributes: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in attributes.items())


def draw_net(
    caffe_net,
    rankdir: str,
    ext: str = "png",
    phase: Optional[int] = None,
    display_lrm: bool = False,
) -> bytes:
    """A drawing of a NetParameter, as the bytes of a file.

    `ext` is `svg`, `png`, any other format that an installed Graphviz knows, or `raw` for Graphviz'
    own language.
    """
    if rankdir not in ("LR", "RL", "TB", "BT"):
        raise ValueError(f"rankdir must be LR, RL, TB or BT, and is {rankdir!r}.")
    dot = "\n".join(_dot_lines(caffe_net, rankdir, phase, display_lrm)).encode()
    if ext in ("raw", "dot", "gv"):
        return dot
    graphviz = shutil.which("dot")
    if graphviz:
        drawn = subprocess.run([graphviz, f"-T{ext}"], input=dot, capture_output=True)
        if drawn.returncode:
            raise ValueError(f"Graphviz failed: {drawn.stderr.decode(errors='replace').strip()}")
        return drawn.stdout
    if ext not in ("svg", "png"):
        raise ValueError(
            f"Drawing as .{ext} needs Graphviz (graphviz.org); without it, choose .svg or .png."
        )
    rates = {"display_lrm": True} if display_lrm else {}
    return _caffe.draw_net(text_format.MessageToString(caffe_net), rankdir, ext, phase, **rates)


def draw_net_to_file(
    caffe_net,
    filename: str,
    rankdir: str = "LR",
    phase: Optional[int] = None,
    display_lrm: bool = False,
) -> None:
    """Draws a NetParameter to a file, in the format that its name ends with; see `draw_net`."""
    ext = os.fspath(filename).rpartition(".")[2]
    drawing = draw_net(caffe_net, rankdir, ext, phase, display_lrm)
    with open(filename, "wb") as file:
        file.write(drawing)
