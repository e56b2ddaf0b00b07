// SPDX-License-Identifier: Apache-2.0
// The frame of a network file: parameters, definitions, blocks, groups, names, producers.
#include <doctest/doctest.h>

#include "tests/workloads/networks.hpp"

using namespace sluice;

namespace {

Texts mistakes_in(std::string_view text, std::string_view workload) {
  return mistakes_of([&] { read_text(text, workload); });
}
using sluice::mistakes_in;

const std::string start = "name: net\nlayers:\n- {name: a, op: softmax, rows: 2, columns: 2}\n";

}  // namespace

TEST_CASE("a file that is no network says what is missing") {
  CHECK(mistakes_in("[1, 2]") ==
        Texts{"1:1: a network is a map with 'name', 'source' and 'layers'"});
  CHECK(mistakes_in("summary: x") ==
        Texts{"1:1: 'name' is missing: the network's name", "1:1: 'layers' is missing"});
  CHECK(mistakes_in("name: [a]\nsource: {b: c}\nsummary: [d]\nparameters: {batch: {default: 1, "
                    "doc: [e]}}\nlayers: [{name: a, op: softmax, rows: 1, columns: 1}]") ==
        Texts{"1:7: a text is expected here", "2:9: a text is expected here",
              "3:10: a text is expected here", "4:39: a text is expected here"});
  CHECK(mistakes_in("name: net\nlayers: 3") == Texts{"2:9: a list of layers is expected here"});
  CHECK(mistakes_in("name: net\nlayers: []") == Texts{"2:9: the network has no layers"});
  CHECK(mistakes_in("name: net\nlayer: []\nlayers: []") ==
        Texts{"2:1: unknown key 'layer' | did you mean 'layers'?"});
}

TEST_CASE("a network whose layers are all left out has no layers") {
  CHECK(mistakes_in("name: net\nlayers:\n- {name: a, when: false, op: softmax}") ==
        Texts{"3:1: the network has no layers"});
}

TEST_CASE("an item of layers must be a layer or a group") {
  CHECK(mistakes_in("name: net\nlayers:\n- 3\n- {name: a}\n- {op: softmax, rows: 1, columns: 1}") ==
        Texts{"3:3: a layer such as {name: fc, op: linear, ...} is expected here",
              "4:3: a layer has 'op', and a group has 'layers' or 'block'",
              "5:3: a layer needs a name"});
}

TEST_CASE("a layer's name is printable, not 'input', and used once") {
  CHECK(mistakes_in(start + "- {name: a, op: softmax}\n- {name: input, op: softmax}\n"
                            "- {name: 'x y', op: softmax}") ==
        Texts{"4:10: there are two layers 'a'", "5:10: 'input' cannot be a layer's name",
              "6:10: 'x y' cannot be a layer's name"});
}

TEST_CASE("two groups cannot have one name, unless one of them is left out") {
  const auto two = [](std::string_view when) {
    return mistakes_in(start + "- {name: g, layers: [{name: b, op: softmax}]}\n- {name: g, when: " +
                       std::string(when) + ", layers: [{name: c, op: softmax}]}");
  };
  CHECK(two("true") == Texts{"5:10: there are two layers 'g'"});
  CHECK(two("false").empty());
}

TEST_CASE("a layer cannot have the name of a group") {
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- {name: g, layers: [{name: a, op: softmax, rows: 2, columns: 2}]}\n"
                    "- {name: g, op: softmax}") == Texts{"4:10: there are two layers 'g'"});
}

TEST_CASE("a parameter has a default, a range and a proper name") {
  CHECK(
      mistakes_in("name: net\nparameters:\n"
                  "  batch: {max: 3}\n"
                  "  size: {default: 9, max: 8}\n"
                  "  if: 3\n"
                  "  model: 3\n"
                  "  phase: {default: prefil, choices: [prefill, decode]}\n"
                  "  kind: {default: 1, maximum: 4}\n"
                  "  list: [1]\n"
                  "layers:\n- {name: a, op: softmax, rows: batch, columns: size}") ==
      Texts{"3:3: parameter 'batch' has no default", "4:19: size is 9, but at most 8 is possible",
            "5:3: 'if' cannot be a name in formulas | use letters, digits and '_', and no word of "
            "the formula language",
            "6:3: a parameter cannot be called 'model'",
            "7:20: phase cannot be 'prefil' | did you mean 'prefill'?",
            "8:22: unknown key 'maximum' | known: default, min, max, choices, doc",
            "9:9: a parameter is a default or a map with `default`"});
}

TEST_CASE("a run sets known parameters within their range") {
  constexpr std::string_view text =
      "name: net\nparameters:\n"
      "  batch: {default: 1, max: 8}\n"
      "  phase: {default: prefill, choices: [prefill, decode]}\n"
      "  biased: false\n"
      "layers:\n- {name: a, op: softmax, rows: batch, columns: 2}";
  CHECK(mistakes_in(text, "{batch: 0, phase: decod, biased: 3, sequence: 4}") ==
        Texts{"1:9: batch is 0, but at least 1 is needed",
              "1:19: phase cannot be 'decod' | did you mean 'decode'?",
              "1:34: biased is true or false, not '3'",
              "1:37: network 'net' has no parameter 'sequence' | known: batch, phase, biased"});
  CHECK(mistakes_in(text, "{batch: 9}") == Texts{"1:9: batch is 9, but at most 8 is possible"});
  CHECK(mistakes_in(text, "{batch: 1.5}") == Texts{"1:9: batch is a whole number, not '1.5'"});
  CHECK(mistakes_in(text, "{batch: [1]}") ==
        Texts{"1:9: batch is a whole number, not 'a list or map'"});
  CHECK(mistakes_in(text, "{batch: 8}").empty());
}

TEST_CASE("a network without parameters says so") {
  CHECK(mistakes_in(start, "{batch: 2}") ==
        Texts{"1:2: network 'net' has no parameter 'batch' | it has no parameters"});
}

TEST_CASE("a mistake in a definition is told once, not wherever it is used") {
  CHECK(mistakes_in("name: net\nparameters: {batch: 2}\nlet:\n  tokens: batch * sequence\n"
                    "  pairs: tokens * tokens\nlayers:\n"
                    "- {name: a, op: softmax, rows: tokens, columns: pairs}\n"
                    "- {name: b, op: linear, out_features: 4}\n"
                    "- {name: c, op: softmax, columns: 5}") ==
        Texts{"4:19: 'sequence' is not known here | known: batch"});
}

TEST_CASE("definitions are a map of formulas with proper names") {
  CHECK(mistakes_in("name: net\nlet: [1]\nlayers: [{name: a, op: softmax, rows: 1, columns: 1}]") ==
        Texts{"2:6: a map from names to formulas is expected here"});
  CHECK(mistakes_in("name: net\nlet: {a b: 1, c: [2]}\n"
                    "layers: [{name: a, op: softmax, rows: 1, columns: 1}]") ==
        Texts{"2:7: 'a b' cannot be a name in formulas | use letters, digits and '_', and no word "
              "of the formula language",
              "2:18: a number or a formula is expected here"});
}

TEST_CASE("an unknown producer is named with the nearest one") {
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- {name: conv1, op: softmax, rows: 2, columns: 2}\n"
                    "- {name: b, op: softmax, inputs: [conv2]}\n"
                    "- {name: c, op: softmax, inputs: [later]}\n"
                    "- {name: d, op: softmax, inputs: conv1}\n"
                    "- {name: later, op: softmax}") ==
        Texts{"4:35: there is no layer 'conv2' before this one | did you mean 'conv1'?",
              "5:35: there is no layer 'later' before this one",
              "6:34: a list of layers such as [conv1, conv2] is expected here"});
}

TEST_CASE("a layer after one with mistakes is not blamed for them") {
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- {name: a, op: linear, rows: 2, in_features: x, out_features: 3}\n"
                    "- {name: b, op: linear, out_features: 4}\n"
                    "- {name: c, op: elementwise, kind: add, inputs: [a, b]}") ==
        Texts{"3:47: 'x' is not known here"});
}

TEST_CASE("a condition must be one") {
  CHECK(mistakes_in(start + "- {name: b, when: 3, op: softmax}\n"
                            "- {name: c, when: size > 3, op: softmax}") ==
        Texts{"4:19: '3' is a number, a condition is expected here",
              "5:19: 'size' is not known here"});
}

TEST_CASE("layers that are left out are checked for words and keys") {
  CHECK(mistakes_in(start + "- {name: b, when: false, op: softmin}\n"
                            "- {name: c, when: false, op: softmax, row: 3}") ==
        Texts{"4:30: operator 'softmin' is not supported | did you mean 'softmax'? known: conv2d, "
              "depthwise_conv2d, linear, matmul, attention, pool2d, elementwise, softmax, norm, "
              "embedding, deformable_conv2d, scan",
              "5:39: unknown key 'row' | did you mean 'rows'?"});
}

TEST_CASE("a block is found, has layers, and gets its arguments") {
  constexpr std::string_view blocks =
      "name: net\nblocks:\n"
      "  mlp:\n"
      "    arguments: [width, inner: 4 * width]\n"
      "    layers:\n"
      "    - {name: up, op: linear, rows: 1, in_features: width, out_features: inner}\n"
      "layers:\n";
  const auto with = [&](std::string_view layers) {
    return mistakes_in(std::string(blocks) + std::string(layers));
  };
  CHECK(with("- {name: a, block: mpl, with: {width: 3}}") ==
        Texts{"8:20: there is no block 'mpl' | did you mean 'mlp'?"});
  CHECK(with("- {name: a, block: mlp, with: {width: 3, iner: 3}}") ==
        Texts{"8:42: unknown key 'iner' | did you mean 'inner'?"});
  CHECK(with("- {name: a, block: mlp, with: {inner: 3}}") ==
        Texts{"8:31: argument 'width' of block 'mlp' is missing"});
  CHECK(with("- {name: a, block: mlp}") ==
        Texts{"8:3: argument 'width' of block 'mlp' is missing"});
  CHECK(with("- {name: a, block: mlp, with: 3}") ==
        Texts{"8:3: argument 'width' of block 'mlp' is missing",
              "8:31: a map of arguments is expected here"});
  CHECK(with("- {block: mlp, with: {width: 3}}") ==
        Texts{"8:3: a block or repetition needs a name"});
  CHECK(with("- {name: a.b, block: mlp, with: {width: 3}}") ==
        Texts{"8:10: a group's name has no '.'"});
}

TEST_CASE("a bad declaration of a block is told") {
  CHECK(mistakes_in("name: net\nblocks:\n"
                    "  a: 3\n"
                    "  b: {arguments: [x]}\n"
                    "  c: {arguments: x, layers: []}\n"
                    "  d: {arguments: [x, x, [1], or], layers: [], size: 3}\n" +
                    start.substr(10)) ==
        Texts{"3:6: a block is a map with 'arguments' and 'layers'", "4:3: block 'b' has no layers",
              "5:18: a list such as [width, stride: 1] is expected here",
              "6:22: there are two arguments 'x'",
              "6:25: an argument is a name, or a name and its default",
              "6:30: 'or' cannot be a name in formulas | use letters, digits and '_', and no word "
              "of the formula language",
              "6:47: unknown key 'size' | known: arguments, let, layers, doc"});
}

TEST_CASE("a block that uses itself is refused") {
  CHECK(mistakes_in("name: net\nblocks:\n"
                    "  a: {layers: [{name: x, block: b}]}\n"
                    "  b: {layers: [{name: y, block: a}]}\n"
                    "layers:\n- {name: z, block: a}") == Texts{"4:33: block 'a' uses itself"});
}

TEST_CASE("a mistake in a repeated block is told once") {
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- name: block\n  repeat: 12\n  layers:\n"
                    "  - {name: a, op: softmax, rows: 0, columns: 4}\n"
                    "  - {name: b, op: softmix}") ==
        Texts{"6:34: rows is 0, but at least 1 is needed",
              "7:19: operator 'softmix' is not supported | did you mean 'softmax'? known: conv2d, "
              "depthwise_conv2d, linear, matmul, attention, pool2d, elementwise, softmax, norm, "
              "embedding, deformable_conv2d, scan"});
}

TEST_CASE("a mistake in 60000 repetitions is told once, without 60000 searches for its hint") {
  // Every repetition names a layer that is not there, among all that are.
  CHECK(mistakes_in("name: net\nlayers:\n- name: g\n  repeat: 60000\n  layers:\n"
                    "  - {name: a, op: softmax, inputs: [elsewhere], rows: 1, columns: 1}\n"
                    "  - {name: b, op: softmax, rows: 1, columns: 1}") ==
        Texts{"6:37: there is no layer 'elsewhere' before this one"});
}

TEST_CASE("repetitions are counted by a whole number that is not too large") {
  CHECK(mistakes_in("name: net\nlayers:\n- {name: g, repeat: -1, layers: []}") ==
        Texts{"3:21: repeat is -1, which is negative"});
  CHECK(mistakes_in("name: net\nlayers:\n- {name: g, repeat: true, layers: []}") ==
        Texts{"3:21: 'true' is a condition, a number is expected here"});
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- {name: g, repeat: 1000000000, layers: "
                    "[{name: h, repeat: 1000000000, layers: []}]}")[0] ==
        "3:42: the network has more than 200000 layers");
  CHECK(mistakes_in("name: net\nlayers:\n"
                    "- {name: g, repeat: 1000000000, layers: "
                    "[{name: h, op: softmax, rows: 1, columns: 1}]}")[0] ==
        "3:42: the network has more than 200000 layers");
}

TEST_CASE("a group takes one input and known keys") {
  CHECK(mistakes_in(start + "- {name: g, inputs: [a, a], layers: []}\n"
                            "- {name: h, inputs: [b], layers: []}\n"
                            "- {name: i, times: 3, layers: []}") ==
        Texts{"4:21: a group takes 1 input, not 2", "5:22: there is no layer 'b' before this one",
              "6:13: unknown key 'times' | known: name, repeat, when, layers, block, with, inputs, "
              "let"});
}

TEST_CASE("a model that is not there is told with the nearest name") {
  CHECK(mistakes_of([] { load_text("{model: resnet5}"); }) ==
        Texts{"1:9: there is no network 'resnet5' | did you mean 'resnet50'?"});
  CHECK(mistakes_of([] { load_text("{model: ./resnet50.yml}"); }) ==
        Texts{"1:9: there is no file './resnet50.yml'"});
  CHECK(mistakes_of([] { load_text("{batch: 3}"); }) ==
        Texts{"1:1: 'model' is missing: the network to run"});
  CHECK(mistakes_of([] { load_text("{model: [a]}"); }) ==
        Texts{"1:9: the name or path of a network is expected here"});
  CHECK(mistakes_of([] { load_text("resnet50"); }) ==
        Texts{"1:1: a map with 'model' is expected here | such as {model: resnet50}"});
}
