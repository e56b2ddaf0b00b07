// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <cstdint>

namespace sluice {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bits of a letter, 0 to 63, or 64 for any other character.
std::uint32_t bits_of(char letter) {
  const std::size_t place = letters.find(letter);
  return static_cast<std::uint32_t>(place == letters.npos ? letters.size() : place);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view part = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 3; ++b)
      bits = bits << 8 | (b < part.size() ? static_cast<unsigned char>(part[b]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= part.size() ? letters[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::string_view four = text.substr(i, 4);
    const std::size_t padding = i + 4 < text.size() ? 0 : four.ends_with("==") ? 2 : four[3] == '=';
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint32_t six = k < 4 - padding ? bits_of(four[k]) : 0;
      if (six > 63) return std::nullopt;
      bits = bits << 6 | six;
    }
    for (std::size_t b = 0; b < 3 - padding; ++b)
      bytes += static_cast<char>(bits >> (16 - 8 * b) & 255);
  }
  if (to_base64(bytes) != text) return std::nullopt;  // bits that no byte has
  return bytes;
}

}  // namespace sluice
