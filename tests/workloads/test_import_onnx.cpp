// SPDX-License-Identifier: Apache-2.0
// ONNX models that other tools exported become the networks of the library, and every model that
// cannot be one says why. Bad models are bytes of protobuf messages put together by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "base/files.hpp"
#include "tests/source_path.hpp"
#include "tests/workloads/onnx_bytes.hpp"
#include "workloads/importers/importers.hpp"
#include "workloads/load.hpp"

namespace sluice {

using namespace onnx_bytes;

namespace {

const std::string folder = source_path("tests/workloads/onnx/");

Network fixture(const std::string& name) {
  return import_network("onnx", read_file(folder + name, std::size_t{1} << 20), name);
}

Network library_network(const std::string& name) {
  return read_network(load_yaml(source_path("workloads/library/" + name)), nullptr);
}

}  // namespace

TEST_CASE("ResNet-50 as Caffe2 exported it is the library's, product by product") {
  const Network imported = fixture("light_resnet50.onnx");
  const Network own = library_network("resnet50.yaml");
  std::vector<Layer> a, b;
  for (const Layer& layer : imported.layers)
    if (macs(layer.op) != 0) a.push_back(layer);
  for (const Layer& layer : own.layers)
    if (macs(layer.op) != 0) b.push_back(layer);
  // A shortcut stands before or behind the branch it goes round: compare them in an order of their
  // own.
  const auto order = [](const Layer& x, const Layer& y) {
    return std::tuple(macs(x.op), weight_elements(x.op), input_elements(x.op),
                      output_elements(x.op)) < std::tuple(macs(y.op), weight_elements(y.op),
                                                          input_elements(y.op),
                                                          output_elements(y.op));
  };
  std::ranges::sort(a, order);
  std::ranges::sort(b, order);
  REQUIRE(a.size() == 54);
  REQUIRE(b.size() == 54);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(a[i].name);
    CHECK(macs(a[i].op) == macs(b[i].op));
    CHECK(weight_elements(a[i].op) == weight_elements(b[i].op));
    CHECK(input_elements(a[i].op) == input_elements(b[i].op));
    CHECK(output_elements(a[i].op) == output_elements(b[i].op));
    CHECK(parameters(a[i]) == parameters(b[i]));
  }
  CHECK(macs(imported) == 4089184256);
  CHECK(parameters(imported) == 25557032);
}

TEST_CASE("VGG-19 has the MACs and parameters that are published") {
  // torchvision documents 143,667,240 parameters and 19.63 G operations for vgg19.
  const Network vgg = fixture("light_vgg19.onnx");
  CHECK(macs(vgg) == 19632062464);
  CHECK(parameters(vgg) == 143667240);
}

TEST_CASE("SqueezeNet 1.1 has the MACs and parameters that are published") {
  // torchvision documents 1,235,496 parameters and 0.35 G operations for squeezenet1_1; its
  // branches are joined, which costs nothing, and read by the next layer.
  const Network squeezenet = fixture("light_squeezenet.onnx");
  CHECK(macs(squeezenet) == 349151936);
  CHECK(parameters(squeezenet) == 1235496);
}

TEST_CASE("an imported network reads back unchanged") {
  for (const char* name : {"light_resnet50.onnx", "light_vgg19.onnx", "light_squeezenet.onnx",
                           "light_bvlc_alexnet.onnx", "light_inception_v1.onnx"}) {
    const Network network = fixture(name);
    CHECK(read_network(parse_yaml(network_to_yaml(network), "n.yaml"), nullptr) == network);
  }
}

TEST_CASE("a product with weights is a linear layer, its bias and activation are part of it") {
  const std::string graph = node("MatMul", {"x", "w"}, "y") + node("Add", {"y", "b"}, "z") +
                            node("Relu", {"z"}, "r") + weights("w", {3, 5}) + weights("b", {5}) +
                            input("x", {"batch", "4", "3"});
  const Network network = import_network("onnx", model(graph), "m.onnx", {{"batch", "2"}});
  REQUIRE(network.layers.size() == 1);
  CHECK(network.layers[0].op ==
        Operator(Linear{.rows = 8, .in_features = 3, .out_features = 5, .bias = true}));
  CHECK(network.layers[0].epilogue == std::vector{ElementwiseKind::relu});
}

TEST_CASE("padding of SAME_UPPER is behind, of SAME_LOWER before, where it is odd") {
  // 4 pixels, a window of 4, stride 1: 3 zeros, so that 4 results come out.
  for (const char* mode : {"SAME_UPPER", "SAME_LOWER"}) {
    const std::string graph =
        node("Conv", {"x", "w"}, "y", bytes(5, bytes(1, "auto_pad") + bytes(4, mode))) +
        weights("w", {1, 1, 4, 4}) + input("x", {"1", "1", "4", "4"});
    const Network network = import_network("onnx", model(graph), "m.onnx");
    const auto& conv = std::get<Conv2d>(network.layers.at(0).op);
    CHECK(out_height(conv) == 4);
    CHECK(conv.pad_top == (std::string(mode) == "SAME_UPPER" ? 1 : 2));
  }
}

TEST_CASE("bytes that are no model say so") {
  const std::string no_model =
      "m.onnx: error: this is no ONNX model: its bytes are no protobuf message, or end early";
  const std::string good = model(node("Relu", {"x"}, "y") + input("x", {"1"}));
  CHECK(mistakes(good) == "none");
  CHECK(mistakes("hello, world") == no_model);
  CHECK(mistakes(good.substr(0, good.size() - 1)) == no_model);
  // A graph that claims 2^63 bytes.
  CHECK(mistakes(varint(7 * 8 + 2) + varint(std::uint64_t{1} << 63)) == no_model);
  CHECK(mistakes("") ==
        "m.onnx: error: the model has no graph with nodes\n"
        "hint: is it an ONNX model? weights alone, as in a .pb or .data file, are none");
}

TEST_CASE("sub-graphs in sub-graphs are passed over, however deep") {
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep = bytes(5, bytes(1, "a") + bytes(6, bytes(1, deep)));
  CHECK(mistakes(model(bytes(1, bytes(1, "x") + bytes(2, "y") + bytes(4, "If") + deep) +
                       input("x", {"1"}))) ==
        "m.onnx: error: node 0 '' (If): sluice does not know this operator\n"
        "hint: docs/onnx.md lists those it knows");
}

TEST_CASE("a graph that hangs together wrongly names the node") {
  CHECK(mistakes(model(node("Relu", {"b"}, "a") + node("Relu", {"a"}, "b"))) ==
        "m.onnx: error: node 0 'my' (Relu): the node waits for itself: the graph has a cycle");
  CHECK(mistakes(model(node("Relu", {"b"}, "a"))) ==
        "m.onnx: error: node 0 'my' (Relu): nothing makes its input 'b'");
  CHECK(mistakes(model(node("Relu", {"x"}, "x") + input("x", {"1"}))) ==
        "m.onnx: error: node 0 'my' (Relu): 'x' is made twice");
}

TEST_CASE("an open dimension is named with the way to set it") {
  const std::string open = model(node("Relu", {"x"}, "y") + input("x", {"batch", "8"}));
  CHECK(mistakes(open, {{"batch", "4"}}) == "none");
  CHECK(mistakes(open) ==
        "m.onnx: error: dimension 0 of input 'x' is 'batch', which is not set\n"
        "hint: set it: --set batch=1");
  CHECK(mistakes(model(node("Relu", {"x"}, "y") + input("x", {""}))) ==
        "m.onnx: error: dimension 0 of input 'x' is 'x.0', which is not set\n"
        "hint: set it: --set x.0=1");
  CHECK(mistakes(open, {{"batch", "0"}}) ==
        "m.onnx: error: 'batch' is '0', a whole number from 1 to 999999999 is expected");
  CHECK(mistakes(open, {{"batch", "1"}, {"bach", "1"}}) ==
        "m.onnx: error: the model has no open dimension 'bach'\nhint: did you mean 'batch'?");
  CHECK(mistakes(model(node("Relu", {"x"}, "y") + input("x", {"-3"}))) ==
        "m.onnx: error: dimension 0 of input 'x' is -3");
}

TEST_CASE("shapes that contradict each other are told with both sides") {
  CHECK(mistakes(model(node("MatMul", {"x", "w"}, "y") + weights("w", {4, 5}) +
                       input("x", {"2", "3"}))) ==
        "m.onnx: error: node 0 'my' (MatMul): 3 columns are multiplied with 4 rows");
  CHECK(mistakes(
            model(node("Relu", {"x"}, "y") + input("x", {"2"}) + bytes(13, value("y", {"3"})))) ==
        "m.onnx: error: node 0 'my' (Relu): its output 'y' is [2], but the file says [3]");
  CHECK(mistakes(model(node("Conv", {"x", "w"}, "y") + weights("w", {2, 3, 5, 5}) +
                       input("x", {"1", "3", "4", "9"}))) ==
        "m.onnx: error: node 0 'my' (Conv): a window of 5 is larger than its input of 4");
  CHECK(mistakes(model(node("Add", {"x", "z"}, "y") + input("x", {"2"}) + input("z", {"3"}))) ==
        "m.onnx: error: node 0 'my' (Add): [2] and [3] do not fit each other");
  CHECK(mistakes(model(node("Conv", {"x", "w"}, "y", integers("strides", {1, -2})) +
                       weights("w", {2, 3, 1, 1}) + input("x", {"1", "3", "4", "9"}))) ==
        "m.onnx: error: node 0 'my' (Conv): strides has a number -2, 1 to 2147483648 are allowed");
}

TEST_CASE("numbers that cannot be counted are an error, not another number") {
  const std::string huge = "4611686018427387904";  // 2^62
  CHECK(mistakes(model(node("Relu", {"x"}, "y") + input("x", {huge, huge}))) ==
        "m.onnx: error: node 0 'my' (Relu): [4611686018427387904, 4611686018427387904] has more "
        "elements than can be counted");
}

TEST_CASE("an operator without a counterpart names its node and is never left out") {
  CHECK(mistakes(model(node("Cos", {"x"}, "y") + node("Foo", {"y"}, "z") + input("x", {"1"}))) ==
        "m.onnx: error: node 1 'my' (Foo): sluice does not know this operator\n"
        "hint: docs/onnx.md lists those it knows\n"
        "m.onnx: error: node 0 'my' (Cos): networks of sluice have no such operator\n"
        "hint: docs/onnx.md lists what becomes what");
}

TEST_CASE("local response norms, grouped and branching nets of the model zoo are read whole") {
  // BVLC AlexNet at 224 pixels. Convolutions: 54^2 * 96 * 363 + 26^2 * 256 * 1200 +
  // 12^2 * (384 * 2304 + 384 * 1728 + 256 * 1728) = 595,938,432; behind them 9216 * 4096 +
  // 4096 * 4096 + 4096 * 1000 = 58,621,952. 60,965,224 parameters are those of the Caffe model.
  const Network alexnet = fixture("light_bvlc_alexnet.onnx");
  CHECK(macs(alexnet) == 595938432 + 58621952);
  CHECK(parameters(alexnet) == 60965224);
  // Each of the two norms: squares, their sums over 5 channels to a power, and a product.
  std::size_t windows = 0, products = 0;
  for (const Layer& layer : alexnet.layers) {
    if (const auto* pool = std::get_if<Pool2d>(&layer.op); pool && pool->channels == 1) {
      ++windows;
      CHECK(pool->kernel_height == 5);
      CHECK(pool->kernel_width == 1);
      CHECK(out_height(*pool) == pool->in_height);
      CHECK(layer.epilogue == std::vector{ElementwiseKind::scale, ElementwiseKind::exp,
                                          ElementwiseKind::scale, ElementwiseKind::exp});
    }
    if (const auto* op = std::get_if<Elementwise>(&layer.op))
      products += op->kind == ElementwiseKind::multiply ? 1 : 0;
  }
  CHECK(windows == 2);
  CHECK(products == 4);
  // BVLC GoogLeNet: 6,998,552 parameters.
  CHECK(parameters(fixture("light_inception_v1.onnx")) == 6998552);
}

}  // namespace sluice
