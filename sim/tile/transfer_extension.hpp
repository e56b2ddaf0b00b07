// SPDX-License-Identifier: Apache-2.0
// How a tile's transfer travels in a TLM-2.0 generic payload. The payload's command, address and
// length describe the span; this extension adds the runs in it and who asks.
//
// Protocol (approximately timed): BEGIN_REQ forward; the target answers with END_REQ when the last
// request was accepted (the initiator is then free) and BEGIN_RESP when the last byte has arrived.
#pragma once

#include <tlm>

#include "sim/graph/graph.hpp"

namespace sluice::tile {

struct TransferExtension : tlm::tlm_extension<TransferExtension> {
  std::uint64_t row_bytes = 0, rows = 1, row_stride = 0;
  std::uint32_t stream = 0;       ///< index in Graph::streams
  std::uint32_t outstanding = 0;  ///< bursts in flight allowed
  std::uint64_t ticket = 0;       ///< the initiator's own number for the request

  tlm::tlm_extension_base* clone() const override { return new TransferExtension(*this); }
  void copy_from(const tlm::tlm_extension_base& other) override {
    *this = static_cast<const TransferExtension&>(other);
  }
};

}  // namespace sluice::tile
