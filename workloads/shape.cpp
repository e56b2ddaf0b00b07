// SPDX-License-Identifier: Apache-2.0
#include "workloads/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {
namespace {

using Found = std::vector<Mismatch>;

const Shape* shape_of(const std::vector<Operand>& operands, std::size_t index) {
  return index < operands.size() && operands[index].shape ? &*operands[index].shape : nullptr;
}

/// Numbers in the last dimension of a tensor: features, or channels of an image.
std::uint64_t last_dimension(const Shape& shape) {
  if (const auto* image = std::get_if<ImageShape>(&shape)) return image->channels;
  if (const auto* matrix = std::get_if<MatrixShape>(&shape)) return matrix->features;
  return 0;
}

struct Derive {
  const std::vector<Operand>& operands;
  std::vector<std::string> keys = {};

  void set(std::string_view key, std::uint64_t& field, std::uint64_t value) {
    field = value;
    keys.emplace_back(key);
  }
  void image(std::string_view channels_key, std::uint64_t& batch, std::uint64_t& channels,
             std::uint64_t& height, std::uint64_t& width) {
    const Shape* shape = shape_of(operands, 0);
    const auto* image = shape ? std::get_if<ImageShape>(shape) : nullptr;
    if (!image) return;
    set("batch", batch, image->batch);
    set(channels_key, channels, image->channels);
    set("in_height", height, image->height);
    set("in_width", width, image->width);
  }
  /// Rows of channels for every pixel: what normalisation over channels sees of an image.
  void rows(std::uint64_t& rows, std::uint64_t& columns) {
    const Shape* shape = shape_of(operands, 0);
    if (!shape) return;
    if (const auto* image = std::get_if<ImageShape>(shape)) {
      set("rows", rows, product(image->batch, image->height, image->width));
      set("columns", columns, image->channels);
    } else if (const auto* matrix = std::get_if<MatrixShape>(shape)) {
      set("rows", rows, matrix->rows);
      set("columns", columns, matrix->features);
    }
  }

  void operator()(Conv2d& c) {
    image("in_channels", c.batch, c.in_channels, c.in_height, c.in_width);
    if (!keys.empty()) keys.emplace_back("channels");  // as depthwise_conv2d calls them
  }
  void operator()(DeformableConv2d& d) { (*this)(d.conv); }
  void operator()(Pool2d& p) { image("channels", p.batch, p.channels, p.in_height, p.in_width); }
  void operator()(Linear& l) {
    const Shape* shape = shape_of(operands, 0);
    if (!shape) return;
    if (const auto* image = std::get_if<ImageShape>(shape)) {  // flattened, as a classifier does
      set("rows", l.rows, image->batch);
      set("in_features", l.in_features, product(image->channels, image->height, image->width));
    } else if (const auto* matrix = std::get_if<MatrixShape>(shape)) {
      set("rows", l.rows, matrix->rows);
      set("in_features", l.in_features, matrix->features);
    }
  }
  void operator()(Elementwise& e) {
    std::uint64_t largest = 0, channels = 0;
    for (const Operand& operand : operands) {
      if (!operand.shape) return;  // a larger operand may be among the unknown ones
      if (elements(*operand.shape) > largest) {
        largest = elements(*operand.shape);
        channels = last_dimension(*operand.shape);
      }
    }
    if (largest == 0) return;
    set("elements", e.elements, largest);
    if (channels != 0) set("channels", e.channels, channels);
  }
  void operator()(Softmax& s) { rows(s.rows, s.columns); }
  void operator()(Norm& n) { rows(n.rows, n.columns); }
  void operator()(auto&) {}
};

struct Match {
  const std::vector<Operand>& operands;
  Found found = {};

  void differ(std::string_view key, std::uint64_t stated, std::size_t operand,
              const std::string& made) {
    found.push_back({std::string(key), fmt::format("{} is {}, but '{}' makes {}", key, stated,
                                                   operands[operand].name, made)});
  }
  void size(std::string_view what, std::uint64_t needed, std::size_t operand) {
    const Shape* shape = shape_of(operands, operand);
    if (!shape || elements(*shape) == needed) return;
    found.push_back({"inputs", fmt::format("{} has {} elements, but '{}' makes {}", what, needed,
                                           operands[operand].name, elements(*shape))});
  }
  void image(std::string_view channels_key, const ImageShape& in) {
    const Shape* shape = shape_of(operands, 0);
    if (!shape) return;
    const auto* made = std::get_if<ImageShape>(shape);
    if (!made)
      return size("the input image", product(in.batch, in.channels, in.height, in.width), 0);
    const auto compare = [&](std::string_view key, std::uint64_t a, std::uint64_t b,
                             std::string_view unit) {
      if (a != b) differ(key, a, 0, fmt::format("{} {}", b, unit));
    };
    compare("batch", in.batch, made->batch, "images");
    compare(channels_key, in.channels, made->channels, "channels");
    compare("in_height", in.height, made->height, "rows");
    compare("in_width", in.width, made->width, "columns");
  }
  /// Rows of features may regroup the producer's features (heads taken apart, an image flattened
  /// or seen pixel by pixel), as long as no number is lost and rows do not straddle.
  void matrix(std::string_view key, std::uint64_t rows, std::uint64_t features) {
    const Shape* shape = shape_of(operands, 0);
    if (!shape) return;
    const std::uint64_t last = last_dimension(*shape);
    if (last != 0 && features % last != 0 && last % features != 0)
      return differ(key, features, 0, fmt::format("{} features a row", last));
    if (product(rows, features) == elements(*shape)) return;
    if (last == features)
      return differ("rows", rows, 0, fmt::format("{} rows", elements(*shape) / last));
    size("the input matrix", product(rows, features), 0);
  }

  void operator()(const Conv2d& c) {
    image(is_depthwise(c) ? "channels" : "in_channels",
          {c.batch, c.in_channels, c.in_height, c.in_width});
  }
  void operator()(const DeformableConv2d& d) {
    const Conv2d& c = d.conv;
    image("in_channels", {c.batch, c.in_channels, c.in_height, c.in_width});
    size("the second operand", product(c.batch, offset_channels(d), out_height(c), out_width(c)),
         1);
  }
  void operator()(const Scan& s) {
    const std::uint64_t steps = product(s.batch, s.length);
    size("the first operand", product(steps, s.channels), 0);
    size("the second operand", product(steps, s.channels), 1);
    size("the third operand", product(2, steps, s.state), 2);
  }
  void operator()(const Pool2d& p) {
    image("channels", {p.batch, p.channels, p.in_height, p.in_width});
  }
  void operator()(const Linear& l) {
    matrix("in_features", product(l.experts, l.rows), l.in_features);
  }
  void operator()(const Softmax& s) { matrix("columns", s.rows, s.columns); }
  void operator()(const Norm& n) { matrix("columns", n.rows, n.columns); }
  void operator()(const MatMul& m) {
    size("the first operand", product(m.batch, m.m, m.k), 0);
    size("the second operand", product(m.batch, m.k, m.n), 1);
  }
  /// A small operand is repeated (a bias, a table of positions, a routing weight).
  void operator()(const Elementwise& e) {
    bool whole = false;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const Shape* shape = shape_of(operands, i);
      whole |= !shape || elements(*shape) == e.elements;
      if (shape && e.elements % elements(*shape) != 0)
        return differ("elements", e.elements, i, fmt::format("{} elements", elements(*shape)));
    }
    if (!whole && !operands.empty())
      differ("elements", e.elements, 0, fmt::format("{} elements", elements(*operands[0].shape)));
  }
  void operator()(const Attention& a) { attention(a); }
  void operator()(const Embedding&) {}  // looked up by numbers that no layer makes

  void attention(const Attention& a) {
    const std::uint64_t queries = product(a.query_heads, a.head_width);
    const std::uint64_t keys = product(a.kv_heads, a.head_width);
    const std::uint64_t query_rows = product(a.batch, a.query_length);
    if (operands.size() == 1)  // one projection makes queries, keys and values
      return part("queries, keys and values", queries + 2 * keys, query_rows, query_rows, 0);
    part("queries", queries, query_rows, query_rows, 0);
    // Keys and values beyond those of this call lie in the cache.
    part("keys", keys, 1, product(a.batch, a.context_length), 1);
    part("values", keys, 1, product(a.batch, a.context_length), 2);
  }
  void part(std::string_view what, std::uint64_t features, std::uint64_t least_rows,
            std::uint64_t most_rows, std::size_t operand) {
    const Shape* shape = shape_of(operands, operand);
    if (!shape) return;
    const std::uint64_t made = elements(*shape);
    const auto* matrix = std::get_if<MatrixShape>(shape);
    if ((matrix && matrix->features != features) || made % features != 0) {
      found.push_back(
          {"inputs", fmt::format("the {} have {} features, but '{}' makes {}", what, features,
                                 operands[operand].name, last_dimension(*shape))});
    } else if (made / features < least_rows || made / features > most_rows) {
      found.push_back({"inputs", fmt::format("the {} have {} rows, but '{}' makes {}", what,
                                             most_rows, operands[operand].name, made / features)});
    }
  }
};

struct MakeShape {
  const std::vector<Operand>& operands;

  /// The shape of the first operand that has this many elements and more than a size.
  Shape kept(std::uint64_t count, Shape otherwise) const {
    for (const Operand& operand : operands)
      if (operand.shape && elements(*operand.shape) == count && last_dimension(*operand.shape) != 0)
        return *operand.shape;
    return otherwise;
  }
  Shape operator()(const Conv2d& c) const {
    return ImageShape{c.batch, c.out_channels, out_height(c), out_width(c)};
  }
  Shape operator()(const DeformableConv2d& d) const { return (*this)(d.conv); }
  Shape operator()(const Scan& s) const {
    return MatrixShape{product(s.batch, s.length), s.channels};
  }
  Shape operator()(const Pool2d& p) const {
    return ImageShape{p.batch, p.channels, out_height(p), out_width(p)};
  }
  Shape operator()(const Linear& l) const {
    return MatrixShape{product(l.experts, l.rows), l.out_features};
  }
  Shape operator()(const MatMul& m) const { return MatrixShape{product(m.batch, m.m), m.n}; }
  Shape operator()(const Attention& a) const {
    return MatrixShape{product(a.batch, a.query_length), product(a.query_heads, a.head_width)};
  }
  Shape operator()(const Elementwise& e) const { return kept(e.elements, FlatShape{e.elements}); }
  Shape operator()(const Embedding& e) const { return MatrixShape{e.tokens, e.width}; }
  /// Softmax and norm: an image stays one.
  Shape operator()(const auto& rows) const {
    const MatrixShape matrix{rows.rows, rows.columns};
    const Shape shape = kept(product(rows.rows, rows.columns), matrix);
    return std::holds_alternative<ImageShape>(shape) ? shape : matrix;
  }
};

}  // namespace

std::uint64_t elements(const Shape& shape) {
  if (const auto* image = std::get_if<ImageShape>(&shape))
    return product(image->batch, image->channels, image->height, image->width);
  if (const auto* matrix = std::get_if<MatrixShape>(&shape))
    return product(matrix->rows, matrix->features);
  return std::get<FlatShape>(shape).elements;
}

Shape output_shape(const Operator& op, const std::vector<Operand>& operands) {
  return std::visit(MakeShape{operands}, op);
}

std::vector<std::string> derive(Operator& op, const std::vector<Operand>& operands) {
  Derive derive{operands};
  std::visit([&](auto& concrete) { derive(concrete); }, op);
  return std::move(derive.keys);
}

std::vector<Mismatch> mismatches(const Operator& op, const std::vector<Operand>& operands) {
  Match match{operands};
  std::visit([&](const auto& concrete) { match(concrete); }, op);
  return std::move(match.found);
}

OperandCount operand_count(const Operator& op) {
  if (std::holds_alternative<MatMul>(op) || std::holds_alternative<DeformableConv2d>(op))
    return {2, 2};
  if (const auto* scan = std::get_if<Scan>(&op))
    return scan->kind == ScanKind::selective ? OperandCount{3, 3} : OperandCount{2, 2};
  if (std::holds_alternative<Attention>(op)) return {1, 3};
  if (const auto* e = std::get_if<Elementwise>(&op); e && is_binary(e->kind)) return {2, 2};
  return {1, 1};
}

}  // namespace sluice
