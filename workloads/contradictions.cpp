// SPDX-License-Identifier: Apache-2.0
// Whether the fields of an operator go together. Whatever passes can be counted without overflow.
#include <fmt/format.h>

#include "base/checked.hpp"
#include "workloads/shape.hpp"

namespace sluice {
namespace {

struct Window {
  std::string_view side;  ///< height or width
  std::uint64_t in, before, after, kernel, dilation;
};

struct Check {
  std::vector<Mismatch> found = {};

  void wrong(std::string_view key, std::string message) {
    found.push_back({std::string(key), std::move(message)});
  }
  void window(const Window& w) {
    const auto reach = multiply(w.kernel - 1, w.dilation);
    const auto extent = reach ? add(*reach, 1) : std::nullopt;
    const auto border = add(w.before, w.after);
    const auto padded = border ? add(w.in, *border) : std::nullopt;
    if (!extent || !padded) return wrong("kernel", fmt::format("the {} exceeds 64 bits", w.side));
    if (*extent > *padded)
      wrong("kernel", fmt::format("the window's {} is {}, but the padded input's is {}", w.side,
                                  *extent, *padded));
  }

  void operator()(const Conv2d& c) {
    if (c.in_channels % c.groups != 0)
      wrong("groups", fmt::format("groups is {}, which does not divide the {} input channels",
                                  c.groups, c.in_channels));
    if (c.out_channels % c.groups != 0)
      wrong("groups", fmt::format("groups is {}, which does not divide the {} output channels",
                                  c.groups, c.out_channels));
    window({"height", c.in_height, c.pad_top, c.pad_bottom, c.kernel_height, c.dilation_height});
    window({"width", c.in_width, c.pad_left, c.pad_right, c.kernel_width, c.dilation_width});
  }
  void operator()(const DeformableConv2d& d) {
    if (d.conv.in_channels % d.offset_groups != 0)
      wrong("offset_groups",
            fmt::format("offset_groups is {}, which does not divide the {} input channels",
                        d.offset_groups, d.conv.in_channels));
    (*this)(d.conv);
  }
  void operator()(const Scan& s) {
    if (s.kind == ScanKind::gated && s.state != 1)
      wrong("state",
            fmt::format("state is {}, but a gated scan carries one number a channel", s.state));
  }
  void operator()(const Pool2d& p) {
    window({"height", p.in_height, p.pad_top, p.pad_bottom, p.kernel_height, 1});
    window({"width", p.in_width, p.pad_left, p.pad_right, p.kernel_width, 1});
  }
  void operator()(const Attention& a) {
    if (a.query_heads % a.kv_heads != 0)
      wrong("kv_heads", fmt::format("kv_heads is {}, which does not divide the {} query heads",
                                    a.kv_heads, a.query_heads));
    if (a.causal && a.query_length > a.context_length)
      wrong("query_length",
            fmt::format("query_length is {}, but causal attention has a context_length of {}",
                        a.query_length, a.context_length));
    if (a.window != 0 && !a.causal) wrong("window", "a window needs `causal: true`");
  }
  void operator()(const Elementwise& e) {
    if (e.kind == ElementwiseKind::rope && e.elements % 2 != 0)
      wrong("elements", fmt::format("rope turns pairs, but elements is {}", e.elements));
  }
  void operator()(const auto&) {}
};

}  // namespace

std::vector<Mismatch> contradictions(const Operator& op) {
  Check check;
  std::visit([&](const auto& concrete) { check(concrete); }, op);
  if (!check.found.empty()) return std::move(check.found);
  if (const auto what = overflow(Layer{.name = {}, .op = op, .epilogue = {}, .inputs = {}}))
    check.wrong("", fmt::format("the number of {} is too large to count", *what));
  return std::move(check.found);
}

}  // namespace sluice
