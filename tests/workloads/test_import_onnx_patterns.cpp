// SPDX-License-Identifier: Apache-2.0
// Norms, activations and attention that are written out in single ONNX operations are one operator
// again; whatever differs in anything stays single operations. Models are put together by hand.
#include <doctest/doctest.h>

#include "tests/workloads/onnx_bytes.hpp"
#include "workloads/load.hpp"

namespace sluice {

using namespace onnx_bytes;

namespace {

using Kind = ElementwiseKind;

Network import(const std::string& graph, std::uint64_t set = 17) {
  const Network network = import_network("onnx", model(graph, set), "m.onnx");
  CHECK(read_network(parse_yaml(network_to_yaml(network), "n.yaml"), nullptr) == network);
  return network;
}

/// The words of the layers, in order: `norm multiply`.
std::string words(const Network& network) {
  std::string text;
  for (const Layer& layer : network.layers) {
    const auto* one = std::get_if<Elementwise>(&layer.op);
    text +=
        (text.empty() ? "" : " ") + std::string(one ? name_of(one->kind) : operator_name(layer.op));
    for (const Kind kind : layer.epilogue) text += "+" + std::string(name_of(kind));
  }
  return text;
}

/// (x - mean x) / sqrt(mean of its square + eps) * g + b over 4 rows of 8.
std::string layer_norm(const std::string& axis = "-1", const std::string& shift = "b") {
  const auto last = integers("axes", {std::stoll(axis)});
  return node("ReduceMean", {"x"}, "m", last) + node("Sub", {"x", "m"}, "d") +
         node("Pow", {"d", "two"}, "s") + node("ReduceMean", {"s"}, "v", last) +
         node("Add", {"v", "eps"}, "e") + node("Sqrt", {"e"}, "r") + node("Div", {"d", "r"}, "n") +
         node("Mul", {"n", "g"}, "k") + node("Add", {"k", shift}, "y") + weights("g", {8}) +
         weights("b", {8}) + number("two", 2) + number("eps", 1e-5F) + input("x", {"4", "8"}) +
         bytes(12, value("y", {"4", "8"}));
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a layer norm that is written out is a layer norm") {
  const Network network = import(layer_norm());
  REQUIRE(words(network) == "norm");
  CHECK(network.layers[0].op == Operator(Norm{NormKind::layer, 4, 8}));
  CHECK(parameters(network) == 16);
}

TEST_CASE("a layer norm that differs in anything stays single operations") {
  // Of one dimension the last axis is another; a shift that is one number; a tensor inside that
  // somebody else wants; another power. x - m counts as add, its square is multiply, the mean of it
  // pool2d; a root and a reciprocal count as exp, scale, exp.
  CHECK(words(import(layer_norm("0"))).starts_with("pool2d add multiply pool2d"));
  const std::string begin = "pool2d add multiply pool2d+scale+exp+scale+exp exp+scale+exp multiply";
  CHECK(words(import(layer_norm("-1", "eps"))) == begin + " embedding multiply+scale");
  CHECK(words(import(layer_norm() + bytes(12, value("d", {"4", "8"})))) ==
        begin + " embedding multiply embedding add");
  const std::string cubed = replaced(layer_norm(), number("two", 2), number("two", 3));
  CHECK(words(import(cubed)) ==
        "pool2d add exp+scale+exp pool2d+scale+exp+scale+exp exp+scale+exp multiply embedding "
        "multiply embedding add");
}

TEST_CASE("an RMS norm is one with a square root and a division, or with a reciprocal") {
  const std::string begin = node("Mul", {"x", "x"}, "s") +
                            node("ReduceMean", {"s"}, "v", integers("axes", {-1})) +
                            node("Add", {"eps", "v"}, "e");
  const std::string end = node("Mul", {"g", "n"}, "y") + weights("g", {8}) + number("eps", 1e-6F) +
                          number("one", 1) + number("half", -0.5F) + input("x", {"4", "8"});
  const std::string ways[] = {
      node("Sqrt", {"e"}, "r") + node("Div", {"x", "r"}, "n"),
      node("Sqrt", {"e"}, "r") + node("Reciprocal", {"r"}, "i") + node("Mul", {"x", "i"}, "n"),
      node("Sqrt", {"e"}, "r") + node("Div", {"one", "r"}, "i") + node("Mul", {"i", "x"}, "n"),
      node("Pow", {"e", "half"}, "r") + node("Mul", {"x", "r"}, "n")};
  for (const std::string& way : ways) {
    const Network network = import(begin + way + end);
    REQUIRE(words(network) == "norm");
    CHECK(network.layers[0].op == Operator(Norm{NormKind::rms, 4, 8}));
    CHECK(parameters(network) == 8);
  }
}

TEST_CASE("GELU is one in either form and any order of its factors") {
  const std::string inputs = number("root", 1.41421356F) + number("one", 1) + number("half", 0.5F) +
                             number("c", 0.044715F) + number("p", 0.79788456F) +
                             number("three", 3) + input("x", {"4", "8"});
  const std::string erf = node("Div", {"x", "root"}, "u") + node("Erf", {"u"}, "f");
  const std::string tanh = node("Pow", {"x", "three"}, "q") + node("Mul", {"c", "q"}, "cq") +
                           node("Add", {"x", "cq"}, "s") + node("Mul", {"s", "p"}, "u") +
                           node("Tanh", {"u"}, "f");
  const std::string cube = node("Mul", {"x", "x"}, "xx") + node("Mul", {"xx", "x"}, "q");
  const std::string ends[] = {node("Mul", {"x", "g"}, "t") + node("Mul", {"t", "half"}, "y"),
                              node("Mul", {"g", "half"}, "t") + node("Mul", {"t", "x"}, "y"),
                              node("Mul", {"half", "x"}, "t") + node("Mul", {"t", "g"}, "y")};
  for (const std::string& end : ends) {
    CHECK(words(import(erf + node("Add", {"f", "one"}, "g") + end + inputs)) == "gelu");
    CHECK(words(import(tanh + node("Add", {"one", "f"}, "g") + end + inputs)) == "gelu");
    CHECK(words(import(replaced(tanh, node("Pow", {"x", "three"}, "q"), cube) +
                       node("Add", {"one", "f"}, "g") + end + inputs)) == "gelu");
  }
  // Another constant is another function, which has no counterpart.
  const std::string wrong = replaced(inputs, number("root", 1.41421356F), number("root", 1.5F));
  CHECK(mistakes(model(erf + node("Add", {"f", "one"}, "g") + ends[0] + wrong)) ==
        "m.onnx: error: node 1 'my' (Erf): networks of sluice have no such operator\n"
        "hint: docs/onnx.md lists what becomes what");
}

TEST_CASE("x times a sigmoid is SiLU, times a hard one hard swish") {
  const std::string x = input("x", {"4", "8"});
  CHECK(words(import(node("Sigmoid", {"x"}, "s") + node("Mul", {"s", "x"}, "y") + x)) == "silu");
  CHECK(words(import(node("HardSwish", {"x"}, "y") + x)) == "hard_swish");
  const std::string sixth = real("alpha", 1.0F / 6);
  CHECK(words(import(node("HardSigmoid", {"x"}, "y", sixth) + x)) == "hard_sigmoid");
  const std::string times = node("Mul", {"x", "s"}, "y") + x;
  CHECK(words(import(node("HardSigmoid", {"x"}, "s", sixth) + times)) == "hard_swish");
  // Without attributes the slope is 0.2: min(max(a x + b, 0), 1), and x times that.
  CHECK(words(import(node("HardSigmoid", {"x"}, "s") + times)) == "scale+scale+relu6 multiply");
}

TEST_CASE("hard sigmoid and hard swish are found where they are written out") {
  const std::string clip =
      node("Add", {"x", "three"}, "a") + node("Clip", {"a", "zero", "six"}, "c");
  const std::string numbers = number("three", 3) + number("zero", 0) + number("six", 6) +
                              number("sixth", 1.0F / 6) + input("x", {"4", "8"});
  CHECK(words(import(clip + node("Div", {"c", "six"}, "y") + numbers)) == "hard_sigmoid");
  for (const std::string& end : {node("Div", {"c", "six"}, "g") + node("Mul", {"x", "g"}, "y"),
                                 node("Mul", {"c", "sixth"}, "g") + node("Mul", {"g", "x"}, "y"),
                                 node("Mul", {"x", "c"}, "t") + node("Div", {"t", "six"}, "y")})
    CHECK(words(import(clip + end + numbers)) == "hard_swish");
  // Another sum is another function.
  const std::string two = node("Add", {"x", "six"}, "a") + node("Clip", {"a", "zero", "six"}, "c");
  CHECK(words(import(two + node("Div", {"c", "six"}, "y") + numbers)) == "scale+relu6+scale");
}

TEST_CASE("choosing by a one-hot product is a product with weights") {
  // As BERT-Squad of the model zoo looks its two token types up.
  const std::string shape = dimension("4") + dimension("6");
  const std::string ids =
      bytes(11, bytes(1, "t") + bytes(2, bytes(1, whole(1, 7) + bytes(2, shape))));
  const Network network =
      import(node("OneHot", {"t", "depth", "values"}, "h") + node("MatMul", {"h", "w"}, "y") +
             numbers("depth", {2}) + weights("values", {2}) + weights("w", {2, 8}) + ids);
  REQUIRE(words(network) == "linear");
  CHECK(network.layers[0].op == Operator(Linear{.rows = 24, .in_features = 2, .out_features = 8}));
}

TEST_CASE("positions that are counted by NonZero are constants") {
  // As exporters before Range wrote 0, 1, 2, ...: the coordinates of a vector of ones.
  const std::string one = whole(1, 1) + whole(2, 7) + whole(7, 1);
  const std::string ones = bytes(5, bytes(1, "value") + bytes(5, one));
  const std::string graph =
      node("ConstantOfShape", {"n"}, "ones", ones) + node("NonZero", {"ones"}, "rows") +
      node("Transpose", {"rows"}, "columns") + node("Squeeze", {"columns", "one"}, "p") +
      node("Gather", {"w", "p"}, "e") + node("Add", {"x", "e"}, "y") + numbers("n", {4}) +
      numbers("one", {1}) + weights("w", {16, 8}) + input("x", {"4", "8"});
  const Network network = import(graph);
  REQUIRE(words(network) == "embedding add");
  CHECK(network.layers[0].op == Operator(Embedding{.tokens = 4, .vocabulary = 16, .width = 8}));
  CHECK(mistakes(model(node("NonZero", {"x"}, "y") + input("x", {"4", "8"}))) ==
        "m.onnx: error: node 0 'my' (NonZero): how many elements are not zero is not known before "
        "the model runs");
}

TEST_CASE("a softmax before operator set 13 joins all axes behind its first") {
  const std::string graph = node("Softmax", {"x"}, "y") + input("x", {"2", "3", "4"});
  CHECK(import(graph, 12).layers.at(0).op == Operator(Softmax{2, 12}));
  CHECK(import(graph, 13).layers.at(0).op == Operator(Softmax{6, 4}));
  const std::string axis =
      node("Softmax", {"x"}, "y", integer("axis", 2)) + input("x", {"2", "3", "4"});
  CHECK(import(axis, 12).layers.at(0).op == Operator(Softmax{6, 4}));
  CHECK(mistakes(
            model(node("Softmax", {"x"}, "y", integer("axis", 1)) + input("x", {"2", "3", "4"}))) ==
        "m.onnx: error: node 0 'my' (Softmax): only a softmax over the last axis is supported");
}

TEST_CASE("operands before operator set 7 lie along the axis that the node says") {
  const std::string graph = node("Mul", {"x", "c"}, "y", integer("axis", 1)) + weights("c", {3}) +
                            input("x", {"2", "3", "4", "4"}) +
                            bytes(12, value("y", {"2", "3", "4", "4"}));
  CHECK(import(graph, 6).layers.size() == 2);
  CHECK(mistakes(model(node("Mul", {"x", "c"}, "y") + weights("c", {3}) +
                       input("x", {"2", "3", "4", "4"}))) ==
        "m.onnx: error: node 0 'my' (Mul): [2, 3, 4, 4] and [3] do not fit each other");
}

TEST_CASE("an Einsum of two operands is a product") {
  // bmk,bnk->bmn: 2 x (3 x 5) (5 x 4).
  const Network product =
      import(node("Relu", {"x"}, "a") + node("Relu", {"z"}, "b") +
             node("Einsum", {"a", "b"}, "y", text("equation", "bmk, bnk -> bmn")) +
             input("x", {"2", "3", "5"}) + input("z", {"2", "4", "5"}));
  CHECK(product.layers.at(2).op == Operator(MatMul{2, 3, 5, 4}));
  const Network linear = import(node("Einsum", {"x", "w"}, "y", text("equation", "bmk,kn->bmn")) +
                                weights("w", {5, 7}) + input("x", {"2", "3", "5"}));
  CHECK(linear.layers.at(0).op == Operator(Linear{.rows = 6, .in_features = 5, .out_features = 7}));
  CHECK(mistakes(model(node("Einsum", {"x", "x"}, "y", text("equation", "...k,...k->...")) +
                       input("x", {"2", "5"}))) ==
        "m.onnx: error: node 0 'my' (Einsum): the equation '...k,...k->...' is not supported\n"
        "hint: two operands of different letters each, and a result: bij,bjk->bik");
  CHECK(mistakes(model(node("Einsum", {"x", "w"}, "y", text("equation", "mk,kn->mn")) +
                       weights("w", {4, 7}) + input("x", {"2", "5"}))) ==
        "m.onnx: error: node 0 'my' (Einsum): rank k is 5 and 4");
}

TEST_CASE("weights that a second layer uses are tied and count once") {
  const std::string graph =
      node("Gather", {"w", "x"}, "e") + node("Transpose", {"w"}, "t", integers("perm", {1, 0})) +
      node("MatMul", {"e", "t"}, "y") + weights("w", {10, 4}) +
      bytes(11, bytes(1, "x") + bytes(2, bytes(1, whole(1, 7) + bytes(2, dimension("3")))));
  const Network network = import(graph);
  REQUIRE(words(network) == "embedding linear");
  CHECK(std::get<Linear>(network.layers[1].op).tied);
  CHECK(parameters(network) == 40);
}

}  // namespace sluice
