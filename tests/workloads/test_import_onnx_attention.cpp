// SPDX-License-Identifier: Apache-2.0
// Attention that is written out in single ONNX operations is one operator again, with the mask that
// the model computes; with any other mask it stays single operations.
#include <doctest/doctest.h>

#include "tests/workloads/onnx_bytes.hpp"
#include "workloads/load.hpp"

namespace sluice {

using namespace onnx_bytes;

namespace {

/// 6 queries and 10 keys of 4 heads of 2 sequences; `masked` makes `m` of the scores `s`.
std::string attention(const std::string& masked, const std::string& more = {}) {
  return node("Relu", {"q"}, "qq") + node("Relu", {"k"}, "kk") + node("Relu", {"v"}, "vv") +
         node("MatMul", {"qq", "kk"}, "s0") + node("Mul", {"s0", "scale"}, "s") + masked +
         node("Softmax", {"m"}, "p") + node("MatMul", {"p", "vv"}, "y") + number("scale", 0.35F) +
         number("least", -3e38F) + number("zero", 0) + input("q", {"2", "4", "6", "8"}) +
         input("k", {"2", "4", "8", "10"}) + input("v", {"2", "4", "10", "8"}) + more;
}

std::string whole_number(const std::string& name, std::int64_t n) {
  return bytes(5, whole(2, 7) + bytes(8, name) + whole(7, static_cast<std::uint64_t>(n)));
}

/// `r` holds the position of the last key that each query sees, `c` those of the keys.
const std::string positions =
    node("Range", {"n0", "n6", "n1"}, "r0") + node("Unsqueeze", {"r0", "axis"}, "r1") +
    node("Add", {"r1", "n4"}, "r") + node("Range", {"n0", "n10", "n1"}, "c") +
    whole_number("n0", 0) + whole_number("n1", 1) + whole_number("n4", 4) + whole_number("n6", 6) +
    whole_number("n10", 10) + numbers("axis", {1});
const std::string behind = node("LessOrEqual", {"c", "r"}, "seen");
const std::string add_mask =
    node("Where", {"seen", "zero", "least"}, "w") + node("Add", {"s", "w"}, "m");

/// The one attention of a network of three more layers; nothing when there is none.
std::optional<Attention> found(const std::string& graph) {
  const Network network = import_network("onnx", model(graph), "m.onnx");
  for (const Layer& layer : network.layers)
    if (const auto* attention = std::get_if<Attention>(&layer.op)) {
      CHECK(network.layers.size() == 4);
      CHECK(layer.inputs.size() == 3);
      CHECK(layer.epilogue.empty());
      return *attention;
    }
  return std::nullopt;
}

const Attention unmasked{.batch = 2,
                         .query_heads = 4,
                         .kv_heads = 4,
                         .query_length = 6,
                         .context_length = 10,
                         .head_width = 8};

}  // namespace

TEST_CASE("attention without a mask, its scale before, behind or nowhere") {
  CHECK(found(attention(node("Identity", {"s"}, "m"))) == unmasked);
  CHECK(found(attention(node("Div", {"s", "scale"}, "m"))) == unmasked);
  CHECK(found(attention(node("Cast", {"s"}, "m", integer("to", 1)))) == unmasked);
}

TEST_CASE("a causal mask is found in whatever way it is computed") {
  Attention causal = unmasked;
  causal.causal = true;
  CHECK(found(attention(positions + behind + add_mask)) == causal);
  CHECK(found(attention(positions + behind + node("Where", {"seen", "s", "least"}, "m"))) ==
        causal);
  // A triangle of least numbers above the fourth diagonal.
  const std::string triangle = node("Expand", {"least", "shape"}, "all") +
                               node("Trilu", {"all", "n5"}, "w", integer("upper", 1)) +
                               node("Add", {"s", "w"}, "m") + numbers("shape", {6, 10}) +
                               whole_number("n5", 5);
  CHECK(found(attention(triangle)) == causal);
}

TEST_CASE("a window of keys is found") {
  Attention window = unmasked;
  window.causal = true;
  window.window = 3;
  const std::string near = node("Sub", {"r", "n3"}, "b") + node("Greater", {"c", "b"}, "near") +
                           node("And", {"near", "behind"}, "seen") + whole_number("n3", 3);
  CHECK(found(attention(positions + node("LessOrEqual", {"c", "r"}, "behind") + near + add_mask)) ==
        window);
}

TEST_CASE("a mask that no attention has leaves single operations") {
  // A query that does not see its own key; keys before the query hidden instead of those behind;
  // a bias that is no mask.
  CHECK_FALSE(found(attention(positions + node("Less", {"c", "r"}, "seen") + add_mask)));
  CHECK_FALSE(found(attention(positions + node("GreaterOrEqual", {"c", "r"}, "seen") + add_mask)));
  CHECK_FALSE(found(attention(node("Add", {"s", "w"}, "m") + weights("w", {6, 10}))));
  const std::string soft =
      node("Where", {"seen", "zero", "scale"}, "w") + node("Add", {"s", "w"}, "m");
  CHECK_FALSE(found(attention(positions + behind + soft)));
  // The scores are wanted by somebody else.
  CHECK_FALSE(
      found(attention(node("Identity", {"s"}, "m"), bytes(12, value("s", {"2", "4", "6", "10"})))));
}

TEST_CASE("a mask that the model is given hides nothing, alone or with a causal one") {
  const std::string given = bytes(
      11, bytes(1, "padding") +
              bytes(2, bytes(1, whole(1, 7) + bytes(2, dimension("2") + dimension("1") +
                                                           dimension("1") + dimension("10")))));
  const std::string not_padded = node("Cast", {"padding"}, "there", integer("to", 9));
  CHECK(found(attention(not_padded + node("Where", {"there", "zero", "least"}, "w") +
                        node("Add", {"s", "w"}, "m") + given)) == unmasked);
  Attention causal = unmasked;
  causal.causal = true;
  CHECK(found(attention(positions + node("LessOrEqual", {"c", "r"}, "behind") + not_padded +
                        node("And", {"behind", "there"}, "seen") + add_mask + given)) == causal);
}

TEST_CASE("keys and values that are repeated for a group of queries are few heads") {
  const auto repeated = [](const std::string& name, const std::string& of) {
    return node("Unsqueeze", {of, "axis"}, name + "1") +
           node("Expand", {name + "1", "five"}, name + "2") +
           node("Reshape", {name + "2", "four"}, name + "3");
  };
  const std::string graph = node("Relu", {"q"}, "qq") + node("Relu", {"k"}, "kk") +
                            node("Relu", {"v"}, "vv") + repeated("a", "kk") + repeated("b", "vv") +
                            node("Transpose", {"a3"}, "at", integers("perm", {0, 1, 3, 2})) +
                            node("MatMul", {"qq", "at"}, "s") + node("Softmax", {"s"}, "p") +
                            node("MatMul", {"p", "b3"}, "y") + input("q", {"2", "4", "6", "8"}) +
                            input("k", {"2", "2", "10", "8"}) + input("v", {"2", "2", "10", "8"}) +
                            numbers("axis", {2}) + numbers("five", {2, 2, 2, 10, 8}) +
                            numbers("four", {2, 4, 10, 8});
  Attention grouped = unmasked;
  grouped.kv_heads = 2;
  CHECK(found(graph) == grouped);
}

}  // namespace sluice
