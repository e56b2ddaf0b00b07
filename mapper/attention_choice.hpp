// SPDX-License-Identifier: Apache-2.0
// Which form of attention ends first on a machine: each is mapped alone and looked at on the
// timeline.
#pragma once

#include <string>
#include <vector>

#include "mapper/mapping.hpp"

namespace sluice {

/// A form for one layer.
struct AttentionOption {
  AttentionForm form = AttentionForm::unfused;
  double cycles = 0;             ///< of the layer alone, estimated
  std::uint64_t dram_bytes = 0;  ///< both ways
  std::string obstacle;          ///< why it cannot be; empty: it can
};

/// All forms, those that can be first, the fastest first; of two as fast the one that moves less.
/// `layer` is attention.
std::vector<AttentionOption> attention_options(const Layer& layer,
                                               const Architecture& architecture);

/// What each layer's attention becomes: what is wished, or the fastest; unfused for other layers.
std::vector<AttentionForm> attention_forms(const Network& network, const Architecture& architecture,
                                           AttentionForm wish);

/// One sentence: which form is the fastest and by how much, and what does not fit.
std::string to_text(const std::vector<AttentionOption>& options, AttentionForm chosen);

}  // namespace sluice
