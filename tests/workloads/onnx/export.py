# SPDX-License-Identifier: Apache-2.0
"""Makes the exported models of this folder: random weights, of which only the shapes are kept.

Needs torch, torchvision, transformers, onnx and onnxscript; SOURCE.md says which versions were
used. Nothing is downloaded. Usage: python export.py FOLDER [NAME ...]
"""

import sys
from pathlib import Path

import onnx
import torch
import torchvision
import transformers

# Tensors of more numbers than this keep only their shape, as do all of floating-point numbers.
MOST_KEPT = 64


def strip_tensor(tensor: onnx.TensorProto) -> None:
    """Drops the numbers of a tensor but not its type and dimensions."""
    count = 1
    for extent in tensor.dims:
        count *= extent
    floating = tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    if count <= (1 if floating else MOST_KEPT):
        return
    for field in ("raw_data", "float_data", "double_data", "int32_data", "int64_data"):
        tensor.ClearField(field)


def shorten(graph: onnx.GraphProto) -> None:
    """Gives what nodes make short names; inputs, outputs and weights keep theirs."""
    results = {value.name for value in graph.output}
    made = [name for node in graph.node for name in node.output if name and name not in results]
    short = {name: f"v{index}" for index, name in enumerate(made)}
    for node in graph.node:
        node.input[:] = [short.get(name, name) for name in node.input]
        node.output[:] = [short.get(name, name) for name in node.output]


def strip(model: onnx.ModelProto) -> None:
    """Drops weights, texts about the source code, and shapes that can be inferred."""
    shorten(model.graph)
    for tensor in model.graph.initializer:
        strip_tensor(tensor)
    for node in model.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
        for attribute in node.attribute:
            if attribute.HasField("t"):
                strip_tensor(attribute.t)
    for value in [*model.graph.input, *model.graph.output]:
        value.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    model.graph.ClearField("metadata_props")
    model.ClearField("metadata_props")
    model.ClearField("functions")


class Only(torch.nn.Module):
    """A transformers model as a function of tensors that gives one tensor."""

    def __init__(self, model: torch.nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The first output that is not the hidden states of all tokens, or those."""
        made = self.model(
            **dict(zip(self.names, inputs, strict=True)), return_dict=True, **self.more()
        )
        for name in ("pooler_output", "logits", "last_hidden_state"):
            if made.get(name) is not None:
                return made[name]
        raise ValueError("nothing is given")

    def more(self) -> dict[str, bool]:
        """No cache is made where there could be one."""
        return {"use_cache": False} if self.model.config.model_type in ("gpt2", "llama") else {}


TOKENS = {0: "batch_size", 1: "seq_len"}
PIXELS = {0: "batch_size"}


def token_ids(count: int) -> tuple[torch.Tensor, ...]:
    """As many inputs of ones for 2 sequences of 16 tokens."""
    return (torch.ones(2, 16, dtype=torch.int64),) * count


def text_model(kind: str, names: tuple[str, ...], attention: str) -> tuple:
    """A model of transformers, its inputs and their open dimensions."""
    if kind == "bert":
        config = transformers.BertConfig(attn_implementation=attention)
        model = transformers.BertModel(config)
    elif kind == "gpt2":
        config = transformers.GPT2Config(attn_implementation=attention)
        model = transformers.GPT2LMHeadModel(config)
    else:  # tests/workloads/onnx/llama_small.yaml is the same as a network of ours
        config = transformers.LlamaConfig(
            hidden_size=256,
            intermediate_size=688,
            num_hidden_layers=2,
            num_attention_heads=8,
            num_key_value_heads=2,
            vocab_size=1000,
            attn_implementation=attention,
        )
        model = transformers.LlamaForCausalLM(config)
    return Only(model, names), token_ids(len(names)), {name: TOKENS for name in names}


def image_model(name: str) -> tuple:
    """A model of torchvision, its input and the open dimension."""
    model = getattr(torchvision.models, name)(weights=None)
    return model, (torch.zeros(2, 3, 224, 224),), {"image": PIXELS}


BERT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
MODELS = {
    "bert_base_torchscript": (False, lambda: text_model("bert", BERT_INPUTS, "eager")),
    "bert_base_dynamo": (True, lambda: text_model("bert", BERT_INPUTS, "sdpa")),
    "gpt2_torchscript": (False, lambda: text_model("gpt2", BERT_INPUTS[:2], "eager")),
    "gpt2_dynamo": (True, lambda: text_model("gpt2", BERT_INPUTS[:2], "sdpa")),
    "llama_small_torchscript": (False, lambda: text_model("llama", BERT_INPUTS[:2], "eager")),
    "llama_small_dynamo": (True, lambda: text_model("llama", BERT_INPUTS[:2], "sdpa")),
    "vit_b16_dynamo": (True, lambda: image_model("vit_b_16")),
    "mobilenet_v2_torchscript": (False, lambda: image_model("mobilenet_v2")),
    "mobilenet_v3_torchscript": (False, lambda: image_model("mobilenet_v3_large")),
    "resnet50_dynamo": (True, lambda: image_model("resnet50")),
}


def export(name: str, folder: Path) -> None:
    """Writes the stripped model `name`.onnx to the folder."""
    dynamo, make = MODELS[name]
    torch.manual_seed(0)
    model, inputs, axes = make()
    # Exporters leave biases of zero out and keep one of several tensors that are equal.
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    path = folder / f"{name}.onnx"
    shapes = tuple(axes.values())
    open_dimensions = (
        {"dynamic_shapes": (shapes,) if isinstance(model, Only) else shapes}
        if dynamo
        else {"dynamic_axes": axes, "do_constant_folding": False}
    )
    torch.onnx.export(
        model.eval(),
        inputs,
        path,
        dynamo=dynamo,
        input_names=list(axes),
        output_names=["result"],
        external_data=False,
        opset_version=18 if dynamo else 17,
        **open_dimensions,
    )
    exported = onnx.load(path)
    strip(exported)
    onnx.save(exported, path)


if __name__ == "__main__":
    for chosen in sys.argv[2:] or MODELS:
        export(chosen, Path(sys.argv[1]))
