// SPDX-License-Identifier: Apache-2.0
// The wire format of protocol buffers, as far as a writer needs it: varints, 64-bit values and
// length-delimited fields (protobuf.dev, "Encoding"). It knows no message types.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// One message under construction. Fields are written in the order of the calls.
class ProtobufMessage {
 public:
  void varint(std::uint32_t field, std::uint64_t value) {
    append_varint(key(field, 0));
    append_varint(value);
  }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    append_varint(key(field, 1));
    for (int shift = 0; shift < 64; shift += 8) bytes_ += static_cast<char>(value >> shift & 0xFF);
  }
  void real(std::uint32_t field, double value) {
    fixed64(field, std::bit_cast<std::uint64_t>(value));
  }
  void text(std::uint32_t field, std::string_view value) {
    append_varint(key(field, 2));
    append_varint(value.size());
    bytes_ += value;
  }
  void message(std::uint32_t field, const ProtobufMessage& value) { text(field, value.bytes_); }

  const std::string& bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  static std::uint64_t key(std::uint32_t field, std::uint32_t wire_type) {
    return std::uint64_t{field} << 3 | wire_type;
  }
  void append_varint(std::uint64_t value) {
    while (value >= 0x80) bytes_ += static_cast<char>((value & 0x7F) | 0x80), value >>= 7;
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

}  // namespace sluice
