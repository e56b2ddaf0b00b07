// SPDX-License-Identifier: Apache-2.0
// ONNX models put together by hand, as bytes of protobuf messages, and what is said of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/diagnostics.hpp"
#include "workloads/importers/importers.hpp"

namespace sluice::onnx_bytes {

// Wire format (protobuf.dev/programming-guides/encoding): number * 8 + type, then a varint (type
// 0), or a length and bytes (type 2). Lengths here stay below 128 unless written by `length`.
inline std::string varint(std::uint64_t number) {
  std::string text;
  for (; number > 127; number >>= 7) text += static_cast<char>((number & 127) | 128);
  return text + static_cast<char>(number);
}
inline std::string bytes(unsigned field, const std::string& content) {
  return varint(field * 8 + 2) + varint(content.size()) + content;
}
inline std::string whole(unsigned field, std::uint64_t number) {
  return varint(field * 8) + varint(number);
}

inline std::string dimension(const std::string& text) {
  if (text.empty()) return bytes(1, "");
  if (text.find_first_not_of("-0123456789") != text.npos) return bytes(1, bytes(2, text));
  return bytes(1, whole(1, static_cast<std::uint64_t>(std::stoll(text))));
}
inline std::string value(const std::string& name, const std::vector<std::string>& dims) {
  std::string shape;
  for (const std::string& dim : dims) shape += dimension(dim);
  return bytes(1, name) + bytes(2, bytes(1, whole(1, 1) + bytes(2, shape)));
}
inline std::string weights(const std::string& name, const std::vector<std::uint64_t>& dims) {
  std::string tensor;
  for (const std::uint64_t extent : dims) tensor += whole(1, extent);
  return bytes(5, tensor + whole(2, 1) + bytes(8, name));
}
inline std::string node(const std::string& type, const std::vector<std::string>& inputs,
                        const std::string& output, const std::string& attributes = {}) {
  std::string text;
  for (const std::string& input : inputs) text += bytes(1, input);
  return bytes(1, text + bytes(2, output) + bytes(3, "my") + bytes(4, type) + attributes);
}
/// A tensor of one floating-point number.
inline std::string number(const std::string& name, float value) {
  std::string raw(sizeof(float), '\0');
  std::memcpy(raw.data(), &value, sizeof(float));
  return bytes(5, whole(2, 1) + bytes(8, name) + bytes(9, raw));
}
/// A tensor of one dimension of whole numbers.
inline std::string numbers(const std::string& name, const std::vector<std::int64_t>& list) {
  std::string tensor = whole(1, list.size()) + whole(2, 7) + bytes(8, name);
  for (const std::int64_t n : list) tensor += whole(7, static_cast<std::uint64_t>(n));
  return bytes(5, tensor);
}
inline std::string integer(const std::string& name, std::int64_t n) {
  return bytes(5, bytes(1, name) + whole(3, static_cast<std::uint64_t>(n)));
}
inline std::string real(const std::string& name, float value) {
  std::string raw(sizeof(float), '\0');
  std::memcpy(raw.data(), &value, sizeof(float));
  return bytes(5, bytes(1, name) + varint(2 * 8 + 5) + raw);  // type 5: four bytes
}
inline std::string text(const std::string& name, const std::string& value) {
  return bytes(5, bytes(1, name) + bytes(4, value));
}
inline std::string integers(const std::string& name, const std::vector<std::int64_t>& numbers) {
  std::string text = bytes(1, name);
  for (const std::int64_t n : numbers) text += whole(8, static_cast<std::uint64_t>(n));
  return bytes(5, text);
}
inline std::string input(const std::string& name, const std::vector<std::string>& dims) {
  return bytes(11, value(name, dims));
}
/// A model of operator set `set`, 17 unless stated.
inline std::string model(const std::string& graph, std::uint64_t set = 17) {
  return whole(1, 8) + bytes(7, graph) + bytes(8, whole(2, set));
}
inline std::string mistakes(const std::string& text, const ImportSettings& settings = {}) {
  try {
    import_network("onnx", text, "m.onnx", settings);
  } catch (const SpecError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace sluice::onnx_bytes
