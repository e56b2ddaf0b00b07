// SPDX-License-Identifier: Apache-2.0
// Convolutions drawn at random: groups, strides, dilations and paddings of all kinds.
#pragma once

#include "tests/mapper/machines.hpp"
#include "workloads/network.hpp"

namespace sluice {

inline Conv2d random_conv(Random& random) {
  Conv2d c;
  c.batch = pick(random, 1, 3);
  c.groups = pick(random, 1, 3);
  c.in_channels = c.groups * pick(random, 1, 3);
  c.out_channels = c.groups * pick(random, 1, 3);
  c.kernel_height = pick(random, 1, 5);
  c.kernel_width = pick(random, 1, 5);
  c.stride_height = pick(random, 1, 6);
  c.stride_width = pick(random, 1, 6);
  c.dilation_height = pick(random, 1, 6);
  c.dilation_width = pick(random, 1, 6);
  c.pad_top = pick(random, 0, 4);
  c.pad_bottom = pick(random, 0, 4);
  c.pad_left = pick(random, 0, 4);
  c.pad_right = pick(random, 0, 4);
  c.in_height = (c.kernel_height - 1) * c.dilation_height + pick(random, 1, 30);
  c.in_width = (c.kernel_width - 1) * c.dilation_width + pick(random, 1, 30);
  c.ceil_output = random() % 2 == 0;
  return c;
}

}  // namespace sluice
