// SPDX-License-Identifier: Apache-2.0
// How the elements of a tensor between layers lie, and where in it an operand finds them. Not for
// users of the room; see lowering.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

/// Rows of features, or an image of batch x channels x height x width. Element (i, j, ...) is the
/// (i*strides[0] + j*strides[1] + ...)th of all when rows follow each other, or images channel by
/// channel; a tensor may have its dimensions in any order.
struct Form {
  bool image = false;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint64_t> strides;
  std::uint64_t features = 1;  ///< of a row; channels of an image

  std::uint64_t elements() const;
  bool operator==(const Form&) const = default;
};

/// The last dimension fastest; it holds the features.
Form matrix_form(std::vector<std::uint64_t> sizes);
Form image_form(std::uint64_t batch, std::uint64_t channels, std::uint64_t height,
                std::uint64_t width);

/// For every dimension of a stored tensor, the sum of coordinates of an operand that it is read at.
struct Projection {
  struct Term {
    std::size_t dimension = 0;  ///< of the operand
    std::uint64_t factor = 1;

    bool operator==(const Term&) const = default;
  };
  struct Sum {
    std::vector<Term> terms;
    std::uint64_t constant = 0;

    bool operator==(const Sum&) const = default;
  };
  std::vector<Sum> sums;
};

/// Where `stored` holds the elements of `wanted`, the first of them at `offset`; nothing when that
/// takes more than sums. An image is read pixel by pixel as rows of its channels, else channel by
/// channel.
std::optional<Projection> project(const Form& wanted, const Form& stored, std::uint64_t offset = 0);

}  // namespace sluice
