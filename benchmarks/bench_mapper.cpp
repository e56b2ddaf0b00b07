// SPDX-License-Identifier: Apache-2.0
// How many layers the simple mapper maps a second, as seconds and as a ratio to a loop of integer
// divisions timed beside it, so that runs on noisy machines can be compared.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "mapper/mapping.hpp"

namespace {

using namespace sluice;

/// An 8-bit machine the size of an edge accelerator; only the speed of mapping is of interest.
Architecture machine(std::uint32_t side, std::uint64_t kib) {
  Architecture result;
  result.array.rows = result.array.columns = side;
  Scratchpad operands;
  operands.name = "glb";
  operands.capacity = {kib << 10};
  operands.holds = {TensorRole::input, TensorRole::weight};
  Scratchpad sums = operands;
  sums.name = "acc";
  sums.holds = {TensorRole::output};
  result.scratchpads = {operands, sums};
  return result;
}

Conv2d conv(std::uint64_t channels, std::uint64_t size, std::uint64_t filters,
            std::uint64_t kernel) {
  Conv2d result;
  result.in_channels = channels;
  result.in_height = result.in_width = size;
  result.out_channels = filters;
  result.kernel_height = result.kernel_width = kernel;
  result.pad_top = result.pad_bottom = result.pad_left = result.pad_right = kernel / 2;
  return result;
}

Linear linear(std::uint64_t rows, std::uint64_t in, std::uint64_t out) {
  Linear result;
  result.rows = rows;
  result.in_features = in;
  result.out_features = out;
  return result;
}

/// Shapes of VGG16 (Simonyan & Zisserman 2015), ResNet-50 (He et al. 2016, table 1), BERT-large
/// (Devlin et al. 2019, sec. 3) and Llama 3 8B (Llama team 2024, table 3).
Network network() {
  Network result;
  const auto add = [&](const Operator& op) { result.layers.push_back({"layer", op, {}, {}}); };
  add(conv(3, 224, 64, 3));
  add(conv(128, 112, 128, 3));
  add(conv(512, 28, 512, 3));
  add(conv(512, 14, 512, 3));
  add(conv(256, 56, 64, 1));
  add(conv(512, 28, 128, 1));
  add(conv(1024, 14, 256, 1));
  add(linear(1, 25088, 4096));
  add(linear(512, 1024, 4096));
  add(linear(512, 4096, 1024));
  add(linear(2048, 4096, 14336));
  add(linear(2048, 4096, 128256));
  add(MatMul{16, 512, 64, 512});
  add(Softmax{16 * 512, 512});
  add(Norm{NormKind::layer, 512, 1024});
  add(Elementwise{ElementwiseKind::add, 512 * 1024});
  return result;
}

/// Best of several runs, in seconds of one call.
template <class Work>
double seconds(int calls, Work work) {
  double best = 1e9;
  for (int run = 0; run < 7; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (int call = 0; call < calls; ++call) work();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count() / calls);
  }
  return best;
}

std::uint64_t sink = 0;

/// A thousand divisions, each waiting for the last.
void reference() {
  std::uint64_t value = ~sink;
  for (std::uint64_t i = 0; i < 1000; ++i) value = ~value / (i + 3);
  sink = value;
}

}  // namespace

int main() {
  const Network net = network();
  const double unit = seconds(2000, reference);
  std::printf("reference: 1000 dependent divisions in %.2f us\n", unit * 1e6);
  for (const std::uint32_t side : {16u, 128u}) {
    for (const std::uint64_t kib : {256u, 4096u}) {
      const Architecture on = machine(side, kib);
      const double all = seconds(200, [&] { sink += map_for_least_traffic(net, on).index(); });
      const double layer = all / static_cast<double>(net.layers.size());
      std::printf("array %3ux%-3u, %4llu KiB: %.2f us a layer, %.0f layers/s, ratio %.3f\n", side,
                  side, static_cast<unsigned long long>(kib), layer * 1e6, 1 / layer, layer / unit);
    }
  }
  return sink == 42 ? 1 : 0;
}
