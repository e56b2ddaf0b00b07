// SPDX-License-Identifier: Apache-2.0
#include "sim/memory/address_map.hpp"

#include <bit>

#include "base/assert.hpp"

namespace sluice {
namespace {

std::uint32_t log2_of(std::uint64_t power) {
  return static_cast<std::uint32_t>(std::countr_zero(power));
}

}  // namespace

AddressMap::AddressMap(const Dram& dram) : channels_(dram.channels), hash_(dram.hash) {
  const DramTiming t = timing_of(dram);
  const auto fields = parse_mapping(dram.mapping);
  SLUICE_ASSERT(fields.has_value(), "a DRAM was simulated although its mapping was not checked");
  burst_shift_ = log2_of(t.burst_bytes);
  group_bits_ = log2_of(t.bank_groups);
  bank_bits_ = log2_of(t.banks_per_group);
  group_mask_ = t.bank_groups - 1;
  bank_mask_ = t.banks_per_group - 1;
  pow2_channels_ = std::has_single_bit(channels_);
  const std::uint32_t column_bits = log2_of(t.row_bytes / t.burst_bytes);
  const std::uint32_t low_bits = std::min(log2_of(dram.low_columns), column_bits);
  const bool row_on_top = (*fields)[0] == DramField::row;

  std::uint32_t shift = low_bits;  // of local indices: the channel takes no bits
  bool row_above_channel = false;
  for (std::size_t i = dram_field_count; i-- > 0;) {
    switch ((*fields)[i]) {
      case DramField::column:
        shift += column_bits - low_bits;
        break;
      case DramField::bank_group:
        group_shift_ = shift, shift += group_bits_;
        break;
      case DramField::bank:
        bank_shift_ = shift, shift += bank_bits_;
        break;
      case DramField::channel:
        segment_shift_ = shift, row_above_channel = true;
        break;
      case DramField::row: {
        row_shift_ = shift;
        hash_channel_ = hash_ && row_above_channel && channels_ > 1;
        if (row_on_top) break;
        const std::uint64_t rows = dram.capacity.value / (std::uint64_t{channels_} * t.bank_groups *
                                                          t.banks_per_group * t.row_bytes);
        row_mask_ = rows - 1;
        shift += log2_of(rows);
        break;
      }
    }
  }
  low_column_bits_ = row_shift_;
  if (group_bits_ != 0) low_column_bits_ = std::min(low_column_bits_, group_shift_);
  if (bank_bits_ != 0) low_column_bits_ = std::min(low_column_bits_, bank_shift_);
  block_bursts_ = std::uint64_t{channels_} << segment_shift_;
  block_shift_ = pow2_channels_ ? log2_of(block_bursts_) : 0;
  block_row_shift_ = hash_channel_ ? row_shift_ - segment_shift_ : 0;
  const std::uint32_t channel_bits = static_cast<std::uint32_t>(std::bit_width(channels_ - 1));
  channel_mask_ = (std::uint64_t{1} << channel_bits) - 1;
  hashed_row_bits_ = hash_ ? group_bits_ + bank_bits_ + (hash_channel_ ? channel_bits : 0) : 0;
  if (row_on_top) row_span_bytes_ = (std::uint64_t{channels_} << row_shift_) << burst_shift_;
}

}  // namespace sluice
