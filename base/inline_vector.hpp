// SPDX-License-Identifier: Apache-2.0
// A short list of plain values that lies inside of its owner, and on the heap only when it grows
// beyond that. For what is made by the dozen for each of many designs: what a vector allocates, and
// frees again, then takes longer than what is put into it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {

/// Like a std::vector, as far as it goes; the first `inline_size` values need no allocation.
/// Values are copied byte by byte.
template <class T, std::uint32_t inline_size>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  InlineVector() = default;
  InlineVector(std::initializer_list<T> values) { append(values.begin(), values.size()); }
  InlineVector(const InlineVector& other) { copy(other); }
  InlineVector(InlineVector&& other) noexcept { take(other); }
  InlineVector& operator=(const InlineVector& other) {
    if (this != &other) copy(other);
    return *this;
  }
  InlineVector& operator=(InlineVector&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  ~InlineVector() = default;

  void push_back(const T& value) {
    const T copy = value;  // may be one of ours, which move when there is no room
    if (size_ == room_) grow(2 * std::size_t{room_});
    std::memcpy(static_cast<void*>(data() + size_++), &copy, sizeof(T));
  }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }
  /// `count` times `value`.
  void assign(std::size_t count, const T& value) {
    const T copy = value;  // may be one of ours
    size_ = 0;
    if (count > room_) grow(count);
    std::fill_n(data(), count, copy);
    size_ = static_cast<std::uint32_t>(count);
  }

  T* data() { return heap_ ? heap_.get() : reinterpret_cast<T*>(bytes_); }
  const T* data() const { return heap_ ? heap_.get() : reinterpret_cast<const T*>(bytes_); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T& front() { return data()[0]; }
  const T& front() const { return data()[0]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  friend bool operator==(const InlineVector& a, const InlineVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  void append(const T* values, std::size_t count) {
    if (count == 0) return;
    if (size_ + count > room_) grow(std::max(size_ + count, 2 * std::size_t{room_}));
    std::memcpy(static_cast<void*>(data() + size_), values, count * sizeof(T));
    size_ += static_cast<std::uint32_t>(count);
  }
  void grow(std::size_t room) {
    std::unique_ptr<T[]> larger(new T[room]);
    std::memcpy(static_cast<void*>(larger.get()), data(), size_ * sizeof(T));
    heap_ = std::move(larger);
    room_ = static_cast<std::uint32_t>(room);
  }
  /// All bytes inside, used or not: a number of them that the compiler knows takes a few moves.
  void copy_inside(const InlineVector& other) {
    heap_.reset();
    room_ = inline_size;
    size_ = other.size_;
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
  }
  void copy(const InlineVector& other) {
    if (!other.heap_) return copy_inside(other);
    size_ = 0;
    append(other.data(), other.size_);
  }
  /// `other` is empty then.
  void take(InlineVector& other) noexcept {
    if (other.heap_) {
      heap_ = std::move(other.heap_);
      room_ = std::exchange(other.room_, inline_size);
      size_ = other.size_;
    } else {
      copy_inside(other);
    }
    other.size_ = 0;
  }

  std::unique_ptr<T[]> heap_;
  std::uint32_t size_ = 0, room_ = inline_size;
  alignas(T) std::byte bytes_[inline_size * sizeof(T)];
};

}  // namespace sluice
