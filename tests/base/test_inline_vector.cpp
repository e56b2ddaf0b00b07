// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <vector>

#include "base/inline_vector.hpp"

namespace sluice {
namespace {

using List = InlineVector<int, 3>;

List counting(int count) {
  List list;
  for (int i = 0; i < count; ++i) list.push_back(i);
  return list;
}

TEST_CASE("an inline vector holds what was put in, within its room and beyond") {
  for (int count = 0; count < 20; ++count) {
    CAPTURE(count);
    const List list = counting(count);
    CHECK(list.size() == static_cast<std::size_t>(count));
    CHECK(list.empty() == (count == 0));
    for (int i = 0; i < count; ++i) CHECK(list[static_cast<std::size_t>(i)] == i);
    if (count > 0) CHECK((list.front() == 0 && list.back() == count - 1));
  }
}

TEST_CASE("copies and moves of an inline vector are equal to it, whatever there was before") {
  for (int count : {0, 2, 3, 4, 9})
    for (int before : {0, 2, 5, 12}) {
      CAPTURE(count);
      CAPTURE(before);
      const List list = counting(count);
      List copy = counting(before);
      copy = list;
      CHECK(copy == list);
      List moved = counting(before);
      moved = std::move(copy);
      CHECK(moved == list);
      CHECK(List(moved) == list);
      CHECK(List(std::move(moved)) == list);
      const List& self = copy = list;
      copy = self;
      CHECK(copy == list);
    }
}

TEST_CASE("a moved inline vector can be filled again") {
  List list = counting(9);
  const List taken = std::move(list);
  list = List{};
  for (int i = 0; i < 5; ++i) list.push_back(10 + i);
  CHECK(list == List{10, 11, 12, 13, 14});
  CHECK(taken == counting(9));
}

TEST_CASE("an inline vector takes a value of its own, also when it grows") {
  List list = {7, 8, 9};
  list.push_back(list.front());
  CHECK(list == List{7, 8, 9, 7});
}

TEST_CASE("inline vectors of other values or sizes differ") {
  CHECK(List{1, 2} != List{1, 2, 3});
  CHECK(List{1, 2} != List{1, 3});
}

}  // namespace
}  // namespace sluice
