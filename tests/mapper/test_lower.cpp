// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "tests/mapper/convolutions.hpp"
#include "tests/mapper/machines.hpp"

namespace sluice {
namespace {

std::vector<Task> lower_one(const Operator& op, std::vector<ElementwiseKind> epilogue = {}) {
  Network network;
  network.layers = {{"layer", op, std::move(epilogue), {}}};
  return lower(network, machine(1024, 1024, 1024));
}

GemmTask gemm_of(const Operator& op, std::vector<ElementwiseKind> epilogue = {}) {
  const auto tasks = lower_one(op, std::move(epilogue));
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].name == "layer");
  return std::get<GemmTask>(tasks[0].work);
}

VectorTask vector_of(const Operator& op, std::vector<ElementwiseKind> epilogue = {}) {
  const auto tasks = lower_one(op, std::move(epilogue));
  REQUIRE(tasks.size() == 1);
  CHECK(tasks[0].name == "layer");
  return std::get<VectorTask>(tasks[0].work);
}

Conv2d square_conv(std::uint64_t channels, std::uint64_t size, std::uint64_t filters,
                   std::uint64_t kernel, std::uint64_t stride, std::uint64_t pad) {
  Conv2d conv;
  conv.in_channels = channels;
  conv.in_height = conv.in_width = size;
  conv.out_channels = filters;
  conv.kernel_height = conv.kernel_width = kernel;
  conv.stride_height = conv.stride_width = stride;
  conv.pad_top = conv.pad_bottom = conv.pad_left = conv.pad_right = pad;
  return conv;
}

TEST_CASE("a convolution is a product of its windows and its filters") {
  // ResNet-50's first layer (He et al. 2016, table 1): 112 x 112 windows of 3 x 7 x 7.
  const GemmTask task = gemm_of(square_conv(3, 224, 64, 7, 2, 3));
  CHECK(task.batch == 1);
  CHECK(task.m == 12544);
  CHECK(task.n == 64);
  CHECK(task.k == 147);
  CHECK(task.input_elements == 3 * 224 * 224);
  CHECK(task.epilogue_ops == 0);
}

TEST_CASE("a batch of images adds rows to the product and shares its weights") {
  Conv2d conv = square_conv(3, 224, 64, 7, 2, 3);
  conv.batch = 4;
  const GemmTask task = gemm_of(conv);
  CHECK(task.batch == 1);
  CHECK(task.m == 4 * 12544);
  CHECK(task.input_elements == 4 * 3 * 224 * 224);
}

TEST_CASE("a stride larger than the kernel leaves input unread") {
  // 1 x 1 windows every second row and column of 56 x 56: 28 x 28 elements of each channel.
  const GemmTask task = gemm_of(square_conv(256, 56, 512, 1, 2, 0));
  CHECK(task.input_elements == 256 * 28 * 28);
  CHECK(task.input_elements == task.m * task.k);
}

TEST_CASE("rows below the last whole window are not read") {
  // 3-wide windows every 3 of 224: 74 windows end at 222; the last two rows and columns stay.
  const GemmTask task = gemm_of(square_conv(1, 224, 1, 3, 3, 0));
  CHECK(task.m == 74 * 74);
  CHECK(task.input_elements == 222 * 222);
}

TEST_CASE("a depthwise convolution is one narrow product a channel") {
  Conv2d conv = square_conv(32, 112, 32, 3, 1, 1);
  conv.groups = 32;
  GemmTask task = gemm_of(conv);
  CHECK(task.batch == 32);
  CHECK(task.input_batch == 32);
  CHECK(task.weight_batch == 32);
  CHECK(task.m == 112 * 112);
  CHECK(task.n == 1);
  CHECK(task.k == 9);
  CHECK(task.input_elements == 112 * 112);
  conv.out_channels = 64;  // channel multiplier 2
  CHECK(gemm_of(conv).n == 2);
}

TEST_CASE("what is applied to an output costs lane cycles of each element") {
  Conv2d conv = square_conv(3, 8, 4, 3, 1, 1);
  using enum ElementwiseKind;
  CHECK(gemm_of(conv, {batch_norm, relu}).epilogue_ops == 3);
  conv.bias = true;
  CHECK(gemm_of(conv, {relu}).epilogue_ops == 2);
  Linear linear;
  linear.bias = true;
  CHECK(gemm_of(linear).epilogue_ops == 1);
  CHECK(gemm_of(MatMul{}, {scale}).epilogue_ops == 1);
  CHECK(vector_of(Softmax{2, 64}, {scale}).lane_cycles ==
        vector_of(Softmax{2, 64}).lane_cycles + 1);
}

TEST_CASE("experts have weights and rows of their own") {
  Linear linear;
  linear.rows = 10;
  linear.in_features = 20;
  linear.out_features = 30;
  linear.experts = 8;
  const GemmTask task = gemm_of(linear);
  CHECK(task == plain_gemm(10, 30, 20, 8));
}

TEST_CASE("a product of activations has two operands for each of its batch") {
  CHECK(gemm_of(MatMul{5, 7, 11, 13}) == plain_gemm(7, 13, 11, 5));
}

TEST_CASE("attention is two products with a softmax between") {
  Attention attention;
  attention.batch = 2;
  attention.query_heads = attention.kv_heads = 12;
  attention.query_length = attention.context_length = 128;
  attention.head_width = 64;
  const auto tasks = lower_one(attention, {ElementwiseKind::scale});
  REQUIRE(tasks.size() == 3);
  CHECK(tasks[0].name == "layer.qk");
  CHECK(tasks[1].name == "layer.softmax");
  CHECK(tasks[2].name == "layer.pv");
  GemmTask scores = plain_gemm(128, 128, 64, 24);
  scores.epilogue_ops = 1;  // times 1 / sqrt(64)
  CHECK(std::get<GemmTask>(tasks[0].work) == scores);
  GemmTask context = plain_gemm(128, 64, 128, 24);
  context.epilogue_ops = 1;  // what the layer adds to its own output
  CHECK(std::get<GemmTask>(tasks[2].work) == context);
  const auto softmax = std::get<VectorTask>(tasks[1].work);
  CHECK(softmax.elements == 24 * 128 * 128);
  CHECK(softmax.input_elements == 24 * 128 * 128);
  CHECK(softmax.row_elements == 128);
  CHECK(softmax.passes == 3);
}

TEST_CASE("query heads that share keys and values are rows of one product") {
  // Llama 3 8B (Llama team 2024, table 3): 32 query heads, 8 key-value heads.
  Attention attention;
  attention.query_heads = 32;
  attention.kv_heads = 8;
  attention.query_length = 1;
  attention.context_length = 1000;
  attention.head_width = 128;
  const auto tasks = lower_one(attention);
  GemmTask scores = plain_gemm(4, 1000, 128, 8);
  scores.epilogue_ops = 1;
  CHECK(std::get<GemmTask>(tasks[0].work) == scores);
  CHECK(std::get<GemmTask>(tasks[2].work) == plain_gemm(4, 128, 1000, 8));
}

TEST_CASE("a causal mask costs one addition a score and skips nothing") {
  Attention attention;
  attention.query_length = attention.context_length = 16;
  attention.head_width = 8;
  attention.causal = true;
  const auto tasks = lower_one(attention);
  GemmTask scores = plain_gemm(16, 16, 8);
  scores.epilogue_ops = 2;
  CHECK(std::get<GemmTask>(tasks[0].work) == scores);
}

TEST_CASE("keys beyond the window of every query are left out") {
  Attention attention;
  attention.query_length = 3;
  attention.context_length = 100;
  attention.head_width = 8;
  attention.causal = true;
  attention.window = 10;
  // The three last queries see keys 88..97, 89..98 and 90..99: 12 keys.
  CHECK(std::get<GemmTask>(lower_one(attention)[0].work).n == 12);
  attention.window = 99;  // would be 101 keys of 100
  CHECK(std::get<GemmTask>(lower_one(attention)[0].work).n == 100);
}

TEST_CASE("elementwise operations read each operand once and trained numbers once") {
  using enum ElementwiseKind;
  CHECK(vector_of(Elementwise{relu, 100}).input_elements == 100);
  CHECK(vector_of(Elementwise{add, 100}).input_elements == 200);
  CHECK(vector_of(Elementwise{multiply, 100}).input_elements == 200);
  CHECK(vector_of(Elementwise{batch_norm, 100, 10}).input_elements == 100 + 2 * 10);
  CHECK(vector_of(Elementwise{relu, 100}).elements == 100);
  CHECK(vector_of(Elementwise{relu, 100}).passes == 1);
}

TEST_CASE("norms see their rows two or three times and their gains once") {
  const VectorTask rms = vector_of(Norm{NormKind::rms, 10, 64});
  CHECK(rms.elements == 640);
  CHECK(rms.input_elements == 640 + 64);
  CHECK(rms.passes == 2);
  CHECK(rms.row_elements == 64);
  const VectorTask layer = vector_of(Norm{NormKind::layer, 10, 64});
  CHECK(layer.input_elements == 640 + 128);
  CHECK(layer.passes == 3);
}

TEST_CASE("a deformable convolution samples its windows, then multiplies") {
  DeformableConv2d op{square_conv(4, 6, 5, 3, 1, 1), 2, true};
  const auto tasks = lower_one(op, {ElementwiseKind::relu});
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].name == "layer.sample");
  const auto& sample = std::get<VectorTask>(tasks[0].work);
  CHECK(sample.elements == 36 * 36);                        // 36 windows of 4 x 3 x 3 samples
  CHECK(sample.input_elements == 4 * 36 + 2 * 9 * 3 * 36);  // image and offsets
  CHECK(tasks[1].name == "layer.product");
  const auto& product = std::get<GemmTask>(tasks[1].work);
  CHECK(product.m == 36);
  CHECK(product.k == 36);
  CHECK(product.n == 5);
  CHECK(product.input_elements == 36 * 36);
  CHECK(product.epilogue_ops == 1);
}

TEST_CASE("a scan keeps its states, unless they are carried") {
  Scan scan{.batch = 2, .length = 5, .channels = 6, .state = 4};
  const VectorTask task = vector_of(scan);
  CHECK(task.elements == 2 * 5 * 6);
  CHECK(task.input_elements == 2 * 5 * (2 * 6 + 2 * 4) + 6 * 4 + 6);
  scan.carried = true;
  const auto tasks = lower_one(scan);
  REQUIRE(tasks.size() == 2);
  CHECK(std::get<VectorTask>(tasks[0].work) == task);
  CHECK(tasks[1].name == "layer.state");
  const auto& state = std::get<VectorTask>(tasks[1].work);
  CHECK(state.elements == 2 * 6 * 4);
  CHECK(state.input_elements == 2 * 6 * 4);
}

TEST_CASE("an embedding reads the rows it looks up, not its table") {
  const VectorTask task = vector_of(Embedding{7, 50257, 768});
  CHECK(task.elements == 7 * 768);
  CHECK(task.input_elements == 7 * 768);
}

TEST_CASE("pooling reads each element under a window once") {
  Pool2d pool;
  pool.batch = 2;
  pool.channels = 64;
  pool.in_height = pool.in_width = 112;
  pool.kernel_height = pool.kernel_width = 3;
  pool.stride_height = pool.stride_width = 2;
  pool.pad_top = pool.pad_bottom = pool.pad_left = pool.pad_right = 1;
  const VectorTask task = vector_of(pool);
  CHECK(task.elements == 2 * 64 * 56 * 56);
  // The last window starts at row 55 * 2 - 1 = 109 and ends with row 111: every row is read.
  CHECK(task.input_elements == 2 * 64 * 112 * 112);
  CHECK(task.lane_cycles == 8);
}

/// Distinct (row, column) pairs that the windows of one channel read, one by one.
std::uint64_t touched_one_by_one(const Conv2d& c) {
  const auto axis = [](std::uint64_t in, std::uint64_t out, std::uint64_t kernel,
                       std::uint64_t stride, std::uint64_t dilation, std::uint64_t pad) {
    std::set<std::uint64_t> read;
    for (std::uint64_t o = 0; o < out; ++o)
      for (std::uint64_t r = 0; r < kernel; ++r) {
        const std::uint64_t padded = o * stride + r * dilation;
        if (padded >= pad && padded - pad < in) read.insert(padded - pad);
      }
    return read.size();
  };
  return axis(c.in_height, out_height(c), c.kernel_height, c.stride_height, c.dilation_height,
              c.pad_top) *
         axis(c.in_width, out_width(c), c.kernel_width, c.stride_width, c.dilation_width,
              c.pad_left);
}

TEST_CASE("distinct input elements equal a walk over all windows") {
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Conv2d conv = random_conv(random);
    const GemmTask task = gemm_of(conv);
    const std::uint64_t channels = conv.in_channels / conv.groups;
    REQUIRE(task.input_elements == conv.batch * channels * touched_one_by_one(conv));
    REQUIRE(task.input_elements <= task.m * task.k);
    REQUIRE(task.batch * task.m * task.n * task.k == macs(Operator(conv)));
  }
}

std::uint64_t gemm_macs(const std::vector<Task>& tasks) {
  std::uint64_t sum = 0;
  for (const Task& task : tasks)
    if (const auto* gemm = std::get_if<GemmTask>(&task.work))
      sum += gemm->batch * gemm->m * gemm->n * gemm->k;
  return sum;
}

Attention random_attention(Random& random) {
  Attention a;
  a.batch = pick(random, 1, 4);
  a.kv_heads = pick(random, 1, 4);
  a.query_heads = a.kv_heads * pick(random, 1, 4);
  a.context_length = pick(random, 1, 50);
  a.query_length = pick(random, 1, a.context_length);
  a.head_width = pick(random, 1, 16);
  return a;
}

TEST_CASE("lowering conserves the MACs of a network without masks") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Network network;
    const auto add = [&](const Operator& op) { network.layers.push_back({"l", op, {}, {}}); };
    add(random_conv(random));
    add(Linear{.rows = pick(random, 1, 50),
               .in_features = pick(random, 1, 50),
               .out_features = pick(random, 1, 50),
               .experts = pick(random, 1, 4)});
    add(MatMul{pick(random, 1, 4), pick(random, 1, 50), pick(random, 1, 50), pick(random, 1, 50)});
    add(random_attention(random));
    add(Norm{NormKind::rms, 3, 5});
    REQUIRE(gemm_macs(lower(network, machine(1, 1, 1))) == macs(network));
  }
}

TEST_CASE("masked attention computes its whole rectangle") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Attention a = random_attention(random);
    a.causal = true;
    a.window = random() % 2 == 0 ? 0 : pick(random, 1, 60);
    const std::uint64_t reach = a.window + a.query_length - 1;
    const std::uint64_t keys = a.window > 0 && reach < a.context_length ? reach : a.context_length;
    const std::uint64_t done = gemm_macs(lower_one(a));
    REQUIRE(done == 2 * a.batch * a.query_heads * a.query_length * keys * a.head_width);
    REQUIRE(done >= macs(Operator(a)));
  }
}

TEST_CASE("tasks come in the order of the layers and name them") {
  Network network;
  network.layers = {{"a", Linear{}, {}, {}}, {"b", Attention{}, {}, {}}, {"c", Softmax{}, {}, {}}};
  const auto tasks = lower(network, machine(1, 1, 1));
  REQUIRE(tasks.size() == 5);
  CHECK(tasks[0].layer == 0);
  CHECK(tasks[1].layer == 1);
  CHECK(tasks[3].layer == 1);
  CHECK(tasks[3].name == "b.pv");
  CHECK(tasks[4].layer == 2);
}

}  // namespace
}  // namespace sluice
