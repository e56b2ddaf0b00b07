// SPDX-License-Identifier: Apache-2.0
#include "dse/result_bytes.hpp"

#include <cstring>

#include "base/assert.hpp"

namespace sluice {
namespace {

class Writer {
 public:
  void number(std::uint64_t value) { raw(&value, sizeof value); }
  void real(double value) { raw(&value, sizeof value); }
  void text(std::string_view value) {
    number(value.size());
    raw(value.data(), value.size());
  }
  std::string bytes;

 private:
  void raw(const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  }
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number() { return raw<std::uint64_t>(); }
  double real() { return raw<double>(); }
  std::string text() { return std::string(take(number())); }

 private:
  template <class T>
  T raw() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t size) {
    SLUICE_ASSERT(size <= bytes_.size(), "a message of a worker is cut short");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  std::string_view bytes_;
};

}  // namespace

std::string to_bytes(const Point& point) {
  Writer writer;
  for (const std::uint64_t digit : point.digits) writer.number(digit);
  return std::move(writer.bytes);
}

Point point_of_bytes(std::string_view bytes) {
  Reader reader(bytes);
  Point point;
  for (std::size_t i = 0; i < bytes.size() / sizeof(std::uint64_t); ++i)
    point.digits.push_back(reader.number());
  return point;
}

std::string to_bytes(const Result& result) {
  Writer writer;
  writer.number(static_cast<std::uint64_t>(result.status));
  writer.text(result.reason);
  writer.number(result.metrics.size());
  for (const double metric : result.metrics) writer.real(metric);
  writer.text(result.bottleneck);
  writer.number(result.stalls.size());
  for (const Stall& stall : result.stalls) {
    writer.text(stall.cause);
    writer.number(stall.cycles);
  }
  return std::move(writer.bytes);
}

Result result_of_bytes(std::string_view bytes) {
  Reader reader(bytes);
  Result result;
  result.status = static_cast<TrialStatus>(reader.number());
  result.reason = reader.text();
  result.metrics.resize(reader.number());
  for (double& metric : result.metrics) metric = reader.real();
  result.bottleneck = reader.text();
  result.stalls.resize(reader.number());
  for (Stall& stall : result.stalls) {
    stall.cause = reader.text();
    stall.cycles = reader.number();
  }
  return result;
}

}  // namespace sluice
