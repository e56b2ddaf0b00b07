# SPDX-License-Identifier: Apache-2.0
"""`sluice cascade` and `sluice evaluate`."""

import json
import re
from xml.etree import ElementTree

import jsonschema
import pytest
from sluice_command import ROOT

CASCADES = ROOT / "configs" / "cascades"
ATTENTION = sorted(CASCADES.glob("attention_*.yaml"))


def test_the_page_says_operations_passes_and_traffic(project):
    done = project.sluice("cascade", CASCADES / "attention_1pass.yaml", "--set", "mask=causal")
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^  m \(m1,m0\) +1  1: BK BV BQK LM SLN SLD SLNV", done.out, re.MULTILINE)
    assert "recurrence along m1, distance 1: RM, RD, RNV" in done.out
    assert "least traffic at 16 bits an element: 6144 B read, 2048 B written" in done.out


def test_the_text_form_reads_back(project):
    text = project.sluice("cascade", CASCADES / "softmax_2pass.yaml", "--format", "yaml").out
    project.write("again.yaml", text)
    again = project.sluice("cascade", "again.yaml", "--format", "yaml")
    assert (again.code, again.out) == (0, text)


def test_the_graph_has_the_edges_that_are_carried(project):
    out = project.sluice("cascade", CASCADES / "attention_1pass.yaml", "--format", "dot").out
    assert out.startswith("digraph cascade {")
    assert 'label="RM +1 m1", style=dashed' in out


@pytest.mark.parametrize("mask", ["none", "causal", "window"])
def test_all_attention_cascades_agree(project, mask):
    first, *others = ATTENTION
    done = project.sluice(
        "evaluate", first, *others, "--set", f"mask={mask}", "--set", "keys=21", "--set", "group=2"
    )
    assert (done.code, done.err) == (0, "")
    found = re.findall(r"largest difference (\S+) absolute", done.out)
    assert len(found) == len(others)
    assert all(float(value) <= 1e-12 for value in found)


def test_a_setting_is_for_the_cascades_that_have_the_parameter(project):
    files = [CASCADES / "attention_3pass.yaml", CASCADES / "attention_1pass.yaml"]
    done = project.sluice("evaluate", *files, "--set", "tile=7")
    assert (done.code, done.err) == (0, "")


def test_rounding_makes_a_difference(project):
    files = [CASCADES / "attention_1pass.yaml", CASCADES / "attention_3pass.yaml"]
    out = project.sluice("evaluate", *files, "--format", "bf16").out
    worst = float(re.search(r"largest difference (\S+) absolute", out)[1])
    assert 1e-4 < worst < 1e-1


RESNET = ROOT / "workloads" / "library" / "resnet50.yaml"
LLAMA = ROOT / "workloads" / "library" / "llama3_8b.yaml"


def test_a_drawing_shows_every_einsum_and_input_and_dashes_what_is_carried(project):
    out = project.sluice("cascade", CASCADES / "attention_1pass.yaml", "--format", "svg").out
    root = ElementTree.fromstring(out)
    svg = "{http://www.w3.org/2000/svg}"
    kinds = [box.get("class") for box in root.iter(svg + "rect") if box.get("class")]
    assert (kinds.count("input"), kinds.count("einsum"), kinds.count("output")) == (3, 16, 1)
    assert any(path.get("class") == "carried" for path in root.iter(svg + "path"))
    # No text is wider than its box: letters of 13 px are at most 8 px wide.
    widths = [int(box.get("width")) for box in root.iter(svg + "rect") if box.get("class")]
    lines = [text.text for text in root.iter(svg + "text") if text.get("class") is None]
    assert all(len(line) * 8 <= min(widths) for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        (CASCADES / "attention_1pass.yaml", "--set", "mask=window"),
        (LLAMA, "--layer", "block0", "--set", "seq_len=64"),
    ],
    ids=["file", "network"],
)
def test_the_json_is_of_its_schema(project, words):
    schema = json.loads(project.sluice("schema", "facts").out)
    found = json.loads(project.sluice("cascade", *words, "--format", "json").out)
    jsonschema.Draft202012Validator(schema).validate(found)
    assert len(found["passes"][0]["stages"]) == len(found["einsums"])


def test_shipped_cascades_have_no_mistakes(project):
    files = sorted(CASCADES.glob("*.yaml"))
    done = project.sluice("check", *files)
    assert (done.code, done.err) == (0, "")
    assert done.out.count(": a cascade without mistakes\n") == len(files)


def test_a_file_includes_another(project):
    project.write(
        "causal.yaml",
        f"include: {CASCADES / 'attention_3pass.yaml'}\n"
        "parameters: {mask: {default: causal}}\n",
    )
    out = project.sluice("cascade", "causal.yaml", "--format", "yaml").out
    assert "where m <= p" in out
    project.write("wrong.yaml", "include: base.yaml\nparameters: {M: 3}\n")
    project.write("base.yaml", 'name: a\ninputs: ["A[m]"]\neinsums: |\n  Z = A[n]\n')
    done = project.sluice("check", "wrong.yaml")
    assert done.code == 2
    assert done.err.endswith(
        "base.yaml:4:9: error: the rank 'n' has no size\n    Z = A[n]\n"
        "          ^\n"
        "hint: give it one under `ranks:`; known: m\n"
    )


def test_describe_and_list_show_cascades(project):
    assert "PASSES" in project.sluice("describe", CASCADES / "rms_norm.yaml").out
    listed = project.sluice("list", "cascades").out
    assert re.search(r"^attention_1pass +Attention in one pass", listed, re.MULTILINE)
    one = project.sluice("list", "cascades", "attention_1pass").out
    assert re.search(r"^  mask +none +which keys a query sees; ", one, re.MULTILINE)


@pytest.mark.parametrize(
    "attention,passes",
    [("3pass", 3), ("3pass_deferred", 2), ("2pass_local", 2), ("2pass_online", 2), ("1pass", 1)],
)
def test_a_layer_of_a_network_is_lowered(project, attention, passes):
    done = project.sluice(
        "cascade",
        LLAMA,
        "--layer",
        "block0.attention",
        "--set",
        "seq_len=4096",
        "--attention",
        attention,
        "--format",
        "json",
    )
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    # 32 heads, 4096 * 4097 / 2 pairs, 128 MACs each for the scores and for the values.
    sums = 32 * 4096 * 16 if attention == "2pass_local" else 0  # 16 tiles of 256 keys
    assert found["operations"]["mac"] == 2 * 32 * 4096 * 4097 // 2 * 128 + sums
    assert {p["rank"]: p["passes"] for p in found["passes"]}["m"] == passes


def test_lowered_layers_are_evaluated_as_cascades(project):
    project.write(
        "net.yaml",
        "name: net\nlayers:\n"
        "  - {name: qkv, op: linear, rows: 6, in_features: 4, out_features: 12}\n"
        "  - {name: attention, op: attention, query_heads: 2, head_width: 2,"
        " query_length: 6, causal: true}\n"
        "  - {name: out, op: linear, rows: 6, in_features: 4, out_features: 4}\n",
    )
    for attention in ("3pass", "1pass"):
        words = ("net.yaml", "--attention", attention, "--format", "yaml")
        project.write(f"{attention}.yaml", project.sluice("cascade", *words).out)
    out = project.sluice("evaluate", "3pass.yaml", "1pass.yaml").out
    assert float(re.search(r"out: 24 elements, largest difference (\S+) absolute", out)[1]) < 1e-12


NET = """name: net
layers:
  - {name: conv, op: conv2d, batch: 1, in_channels: 2, in_height: 6, in_width: 5,
     out_channels: 4, kernel: 3, padding: 1}
  - {name: qkv, op: linear, rows: 30, in_features: 4, out_features: 12}
  - {name: attention, op: attention, query_heads: 2, head_width: 2, query_length: 30, causal: true}
"""


def test_convolutions_are_lowered_as_the_user_says(project):
    project.write("net.yaml", NET)
    macs = {}
    for form in ("direct", "im2col", "winograd"):
        done = project.sluice(
            "cascade", "net.yaml", "--layer", "conv", "--conv", form, "--format", "json"
        )
        assert (done.code, done.err) == (0, "")
        macs[form] = json.loads(done.out)["operations"]["mac"]
    pairs = 2 * 4  # of channels
    assert macs == {
        "direct": pairs * 6 * 5 * 9,
        "im2col": pairs * 6 * 5 * 9,
        "winograd": pairs * 3 * 3 * 16,
    }


def test_the_forms_of_a_layer_are_compared(project):
    project.write("net.yaml", NET)
    done = project.sluice("evaluate", "net.yaml", "--layer", "conv..attention")
    assert (done.code, done.err) == (0, "")
    pairs = re.findall(r"^the usual form and (.*)$", done.out, re.MULTILINE)
    assert pairs == [
        "attention 1pass",
        "attention 1pass_early",
        "attention 2pass_online",
        "attention 2pass_local",
        "attention 3pass_deferred",
        "convolution im2col",
        "convolution winograd",
    ]
    worst = re.findall(r"largest difference (\S+) absolute", done.out)
    assert len(worst) == len(pairs) and all(float(value) <= 1e-12 for value in worst)


def test_the_forms_of_a_layer_are_compared_in_a_number_format(project):
    project.write("net.yaml", NET)
    out = project.sluice("evaluate", "net.yaml", "--layer", "conv", "--format", "bf16").out
    found = dict(
        re.findall(
            r"^(.*), rounded, and the usual form in double\n  .*difference (\S+) absolute",
            out,
            re.MULTILINE,
        )
    )
    assert list(found) == ["the usual form", "convolution im2col", "convolution winograd"]
    # A result of 18 products of numbers of about 1, at 8 significant bits; Winograd rounds sums
    # between.
    assert all(1e-3 < float(value) < 1 for value in found.values())
    assert found["the usual form"] == found["convolution im2col"] != found["convolution winograd"]


def test_partial_sums_can_be_rounded(project):
    project.write(
        "sum.yaml", 'name: s\nranks: {k: 5000}\ninputs: ["A[k]"]\neinsums: |\n  Z = A[k] * A[k]\n'
    )
    project.write(
        "same.yaml",
        'name: t\nranks: {k: 5000}\ninputs: ["A[k]"]\n'
        "einsums: |\n  B[k] = A[k] * A[k]\n  Z = B[k]\n",
    )
    words = ("evaluate", "sum.yaml", "same.yaml", "--format", "fp32", "--accumulator")
    worst = [
        float(re.search(r"difference (\S+) absolute", project.sluice(*words, w).out)[1])
        for w in ("fp32", "bf16")
    ]
    assert worst[0] < 1 and worst[1] == 0  # in bf16 both stop growing at the same number


MISTAKES = [
    (
        ("cascade", "a.yaml", "--format", "yml"),
        "sluice cascade: error: --format: 'yml' is not known here\nhint: did you mean 'yaml'?\n",
    ),
    (("cascade", "a.yaml", "--layer", "0"), "--layer: error: only a network has layers\n"),
    (
        ("cascade", "a.yaml", "--attention", "1pass"),
        "--attention: error: it chooses how layers of a network are lowered\n"
        "hint: the cascades of attention are files: configs/cascades/attention_*.yaml\n",
    ),
    (
        ("cascade", "a.yaml", "--conv", "im2col"),
        "--conv: error: it chooses how layers of a network are lowered\n"
        "hint: the cascades of convolutions are files: configs/cascades/conv2d*.yaml\n",
    ),
    (
        ("cascade", RESNET, "--layer", "conv1", "--conv", "winograd"),
        "--conv: error: none of these layers can be computed by winograd\n"
        "hint: winograd is for filters of 3 x 3 with stride 1, without dilation and groups\n",
    ),
    (
        ("cascade", LLAMA, "--layer", "block0", "--conv", "im2col"),
        "--conv: error: none of these layers can be computed by im2col\n"
        "hint: it is for conv2d and depthwise_conv2d\n",
    ),
    (
        ("cascade", RESNET, "--conv", "imcol"),
        "--conv: error: 'imcol' is not known here\nhint: did you mean 'im2col'?\n",
    ),
    (
        ("evaluate", "a.yaml", "a.yaml", "--layer", "0"),
        "--layer: error: only a network has layers\n",
    ),
    (
        ("evaluate", "a.yaml", RESNET),
        f"{RESNET}: error: a network stands alone: forms of its layers are compared\n"
        "hint: sluice cascade NETWORK --layer N --format yaml writes one as a cascade\n",
    ),
    (
        ("evaluate", LLAMA, "--layer", "block0.query", "--set", "seq_len=2"),
        f"{LLAMA}: error: these layers have one form only, which nothing can be compared with\n"
        "hint: attention and convolutions have several; --format compares with double\n",
    ),
    (
        ("cascade", LLAMA, "--attention", "2pass"),
        "--attention: error: '2pass' is not known here\nhint: did you mean '1pass'?\n",
    ),
    (
        ("cascade", LLAMA, "--layer", "1000"),
        "--layer: error: there is no layer 1000\nhint: 'llama3_8b' has the layers 0 to 482\n",
    ),
    (
        ("cascade", LLAMA, "--set", "seq_length=3"),
        "--set: error: network 'llama3_8b' has no parameter 'seq_length'\n"
        "hint: did you mean 'seq_len'?\n",
    ),
    (
        ("evaluate", "a.yaml", "a.yaml", "--accumulator", "fp31"),
        "--accumulator: error: 'fp31' is not known here\nhint: did you mean 'fp32'?\n",
    ),
    (
        ("evaluate", "a.yaml"),
        "sluice evaluate: error: a second FILE is missing: cascades are compared with each other\n",
    ),
    (
        ("evaluate", "a.yaml", "b.yaml"),
        "b: error: it has no input 'A', which a has\nhint: both need the same inputs and outputs\n",
    ),
    (
        ("evaluate", "a.yaml", "c.yaml"),
        "c: error: its input 'A' is [3], that of a is [2]\n"
        "hint: set the parameters so that both have the same shapes\n",
    ),
    (
        ("evaluate", "a.yaml", "a.yaml", "--set", "M=9000000000"),
        "a: error: 9e+09 points and 9e+09 elements are too many to compute\n"
        "hint: make the parameters smaller\n",
    ),
    (
        ("evaluate", "a.yaml", "a.yaml", "--set", "N=3"),
        "--set: error: the cascade has no parameter 'N'\nhint: known: M\n",
    ),
    (
        ("cascade", "a.yaml", "--set", "N=3"),
        "--set: error: the cascade has no parameter 'N'\nhint: known: M\n",
    ),
]


@pytest.mark.parametrize(
    "words,message", MISTAKES, ids=[" ".join(map(str, m[0])) for m in MISTAKES]
)
def test_a_mistake_is_told(project, words, message):
    for name, tensor, size in (("a", "A", 2), ("b", "B", 2), ("c", "A", 3)):
        project.write(
            f"{name}.yaml",
            f"name: {name}\nparameters: {{M: {size}}}\n"
            f'inputs: ["{tensor}[m]"]\neinsums: |\n  Z = {tensor}[m]\n',
        )
    done = project.sluice(*words)
    assert (done.err, done.out, done.code) == (message, "", 2)
