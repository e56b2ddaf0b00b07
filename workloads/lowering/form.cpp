// SPDX-License-Identifier: Apache-2.0
#include "workloads/lowering/form.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace sluice {
namespace {

using Strides = std::vector<std::uint64_t>;

std::vector<std::uint64_t> row_major(const std::vector<std::uint64_t>& sizes) {
  Strides strides(sizes.size(), 1);
  for (std::size_t d = sizes.size(); d-- > 1;) strides[d - 1] = product(strides[d], sizes[d]);
  return strides;
}

/// The strides of an image that is read pixel by pixel, each with all its channels.
Strides pixel_major(const Form& image) {
  const std::uint64_t channels = image.sizes[1], height = image.sizes[2], width = image.sizes[3];
  return {product(height, width, channels), 1, product(width, channels), channels};
}

/// The dimension of `strides` that steps of `stride` move along.
std::optional<std::size_t> dimension_of(std::uint64_t stride, const Form& stored,
                                        const Strides& strides) {
  std::optional<std::size_t> best;
  for (std::size_t d = 0; d < strides.size(); ++d)
    if (stored.sizes[d] > 1 && strides[d] <= stride && (!best || strides[d] > strides[*best]))
      best = d;
  return best;
}

void place_offset(std::uint64_t offset, const Form& stored, const Strides& strides,
                  Projection& projection) {
  while (offset > 0) {
    const auto d = dimension_of(offset, stored, strides);
    if (!d) return;
    projection.sums[*d].constant += offset / strides[*d];
    offset %= strides[*d];
  }
}

/// Batches of one and the like, which no stride tells apart.
void join_single(const Form& wanted, const Form& stored, Projection& projection) {
  for (std::size_t d = 0; d < std::min(wanted.sizes.size(), stored.sizes.size()); ++d)
    if (wanted.sizes[d] == 1 && stored.sizes[d] == 1) projection.sums[d].terms.push_back({d, 1});
}

}  // namespace

std::uint64_t Form::elements() const {
  std::uint64_t result = 1;
  for (const std::uint64_t size : sizes) result = product(result, size);
  return result;
}

Form matrix_form(std::vector<std::uint64_t> sizes) {
  Strides strides = row_major(sizes);
  const std::uint64_t features = sizes.back();
  return {false, std::move(sizes), std::move(strides), features};
}

Form image_form(std::uint64_t batch, std::uint64_t channels, std::uint64_t height,
                std::uint64_t width) {
  Form form = matrix_form({batch, channels, height, width});
  form.image = true;
  form.features = channels;
  return form;
}

std::optional<Projection> project(const Form& wanted, const Form& stored, std::uint64_t offset) {
  const bool by_pixel = wanted.image != stored.image && wanted.features == stored.features;
  const Strides from = by_pixel && wanted.image ? pixel_major(wanted) : wanted.strides;
  const Strides to = by_pixel && stored.image ? pixel_major(stored) : stored.strides;
  Projection result;
  result.sums.resize(stored.sizes.size());
  place_offset(offset, stored, to, result);
  std::vector<std::uint64_t> reach;
  for (const Projection::Sum& sum : result.sums) reach.push_back(sum.constant);
  for (std::size_t i = 0; i < wanted.sizes.size(); ++i) {
    if (wanted.sizes[i] == 1) continue;
    const auto d = dimension_of(from[i], stored, to);
    if (!d || from[i] % to[*d] != 0) return std::nullopt;
    const std::uint64_t factor = from[i] / to[*d];
    result.sums[*d].terms.push_back({i, factor});
    reach[*d] += product(factor, wanted.sizes[i] - 1);
    if (reach[*d] >= stored.sizes[*d]) return std::nullopt;
  }
  join_single(wanted, stored, result);
  return result;
}

}  // namespace sluice
